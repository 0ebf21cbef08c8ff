#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "node/cli/finder_internal.h"
#include "node/engine/engine.h"
#include "node/engine/scanner_choice.h"
#include "work/pool/pool.h"

struct finder_local {
    struct finder finder;
    struct engine engine;
    struct event *drain;
    uint64_t ticket; /* of the search that runs; 0 when none does */
    uint64_t hashes_before;
};

static struct finder_local *
local_of (struct finder *finder)
{
    return (struct finder_local *)finder; /* its first member */
}

static void
on_drain (evutil_socket_t fd, short what, void *data)
{
    struct finder_local *const local = data;

    (void)fd;
    (void)what;
    pool_drain (local->engine.pool);
}

static void
on_done (void *data, const struct pool_answer *answer)
{
    struct finder_local *const local = data;
    struct finder *const finder = &local->finder;

    if (answer->ticket != local->ticket) {
        return; /* of a search that was stopped */
    }
    local->ticket = 0;
    if (answer->outcome == POOL_FOUND) {
        finder->answer.status = COMMAND_DONE;
        finder->answer.work = answer->nonce;
        (void)snprintf (finder->answer.source, sizeof finder->answer.source, "local");
    } else {
        (void)snprintf (finder->answer.text, sizeof finder->answer.text,
                        "no device is left that works");
    }
    finder_end (finder);
}

static int
start (struct finder *finder, const struct scan_target *target, char *text, size_t size)
{
    struct finder_local *const local = local_of (finder);
    const struct pool_request request = {
        .target = *target, .class = POOL_ASKED, .done = on_done, .data = local};
    struct pool_statistics statistics;

    pool_statistics (local->engine.pool, &statistics);
    local->hashes_before = statistics.hashes;
    if (pool_submit (local->engine.pool, &request, &local->ticket) != POOL_ACCEPTED) {
        local->ticket = 0;
        (void)snprintf (text, size, "no device is left that works");
        return -1;
    }
    return 0;
}

static void
stop (struct finder *finder)
{
    struct finder_local *const local = local_of (finder);

    if (local->ticket != 0) {
        pool_cancel (local->engine.pool, local->ticket);
        local->ticket = 0;
    }
}

static void
progress (struct finder *finder, struct finder_progress *progress)
{
    struct finder_local *const local = local_of (finder);
    struct pool_statistics statistics;

    pool_statistics (local->engine.pool, &statistics);
    *progress = (struct finder_progress){
        .hashes = (double)(statistics.hashes - local->hashes_before), .rate = statistics.rate};
}

static void
free_finder (struct finder *finder)
{
    struct finder_local *const local = local_of (finder);

    if (local->drain != NULL) {
        event_free (local->drain);
    }
    engine_stop (&local->engine);
    engine_clear (&local->engine);
    free (local);
}

static const struct finder_ops ops = {start, stop, progress, free_finder};

/* Returns 0, or -1 after having complained, or logged. */
static int
init_engine (struct finder_local *local, const struct command *command)
{
    const char *const text = command->arguments.value[COMMAND_THREADS];
    struct config config = *command->config; /* keeps what it owns */
    unsigned threads;

    if (scanner_choice_threads (text, &config, &threads) != 0) {
        return -1;
    }
    config.work_threads = threads;
    config.work_threads_set = config.work_threads_set || text != NULL;
    log_set_level (LOG_LEVEL_WARN); /* what is searched with is not what was asked for */
    if (engine_start (&local->engine, &config, command->data_path) != 0) {
        return -1;
    }
    local->drain = event_new (command->base, pool_fd (local->engine.pool), EV_READ | EV_PERSIST,
                              on_drain, local);
    if (local->drain == NULL || event_add (local->drain, NULL) != 0) {
        return command_complain (-1, "out of memory");
    }
    return 0;
}

struct finder *
finder_local_new (struct command *command)
{
    struct finder_local *const local = calloc (1, sizeof *local);

    if (local == NULL) {
        (void)command_complain (COMMAND_FAILED, "out of memory");
        return NULL;
    }
    local->finder = (struct finder){.ops = &ops, .command = command};
    if (init_engine (local, command) != 0) {
        free_finder (&local->finder);
        return NULL;
    }
    return &local->finder;
}
