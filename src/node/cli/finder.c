#include "node/cli/finder.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "node/cli/screen.h"
#include "node/engine/engine.h"
#include "node/engine/scanner_choice.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/base/hex.h"
#include "work/base/number.h"
#include "work/pool/pool.h"
#include "work/scan/value.h"

/* How often the progress is drawn, and how often the daemon is asked for it. */
static const struct timeval tick_interval = {.tv_usec = 100000};
#define LOOK_INTERVAL (CLOCK_SECOND / 4)

struct finder {
    struct command *command;
    struct event *tick;

    /* The search that runs, or ran last. */
    struct scan_target target;
    const char *before; /* the progress */
    uint64_t start;     /* clock_now of then */
    bool ended;
    int status; /* COMMAND_DONE: there is an answer */
    struct finder_answer answer;
    char text[CLIENT_TEXT_SIZE]; /* why there is none */

    /* By a daemon: */
    struct client_call *search; /* NULL when none runs */
    struct client_call *look;   /* asks how far it is, while somebody looks; or NULL */
    uint64_t looked;            /* when that was last asked */
    double rate;                /* of the devices that then searched for our root */
    double hashes;              /* that makes, until `counted` */
    uint64_t counted;

    /* In this process: */
    struct engine engine;
    struct event *drain;
    uint64_t ticket; /* 0 when none runs */
    uint64_t hashes_before;
};

static void
end (struct finder *finder, int status)
{
    finder->status = status;
    finder->ended = true;
    (void)event_base_loopbreak (finder->command->base);
}

/* By a daemon. */

static void
on_work (void *data, const struct client_answer *answer)
{
    struct finder *const finder = data;
    char scratch[64];

    finder->search = NULL;
    if (answer->outcome != CLIENT_ANSWERED) {
        memcpy (finder->text, answer->text, sizeof finder->text);
        end (finder, answer->outcome == CLIENT_UNREACHABLE ? COMMAND_UNREACHABLE : COMMAND_FAILED);
        return;
    }
    if (hex_parse_u64 (client_field (answer->body, "work", scratch, sizeof scratch),
                       &finder->answer.work) != 0) {
        (void)snprintf (finder->text, sizeof finder->text, "the daemon answered without a work");
        end (finder, COMMAND_FAILED);
        return;
    }
    (void)snprintf (finder->answer.source, sizeof finder->answer.source, "%s",
                    client_field (answer->body, "source", scratch, sizeof scratch));
    end (finder, COMMAND_DONE);
}

static void
ask_daemon (struct finder *finder)
{
    const struct command *const command = finder->command;
    char root[HEX_ROOT_SIZE];
    char threshold[HEX_U64_SIZE];

    hex_print_root (finder->target.root, root);
    hex_print_u64 (finder->target.threshold, threshold);
    finder->rate = 0;
    finder->hashes = 0;
    finder->looked = finder->counted = finder->start;
    finder->search =
        client_ask (command->client,
                    json_pack ("{s:s, s:s, s:s}", "action", "work_generate", "hash", root,
                               "difficulty", threshold),
                    options_number (command->options, OPTION_TIMEOUT, 0), on_work, finder);
}

/* What the devices do a second that are busy with our root. */
static double
rate_for (const json_t *status, const uint8_t root[32])
{
    const json_t *const devices = json_object_get (status, "devices");
    double sum = 0;

    for (size_t i = 0; i < json_array_size (devices); i++) {
        const json_t *const device = json_array_get (devices, i);
        char scratch[64];
        uint8_t job[32];
        double rate = 0;

        if (hex_parse_root (client_field (device, "job", scratch, sizeof scratch), job) == 0 &&
            memcmp (job, root, sizeof job) == 0 &&
            number_parse_double (client_field (device, "hash_rate", scratch, sizeof scratch),
                                 &rate) == 0 &&
            rate > 0) {
            sum += rate;
        }
    }
    return sum;
}

static void
count_hashes (struct finder *finder)
{
    const uint64_t now = clock_now ();

    finder->hashes += finder->rate * clock_seconds (now - finder->counted);
    finder->counted = now;
}

/* A daemon that does not answer this is one that does not tell how far it is. */
static void
on_look (void *data, const struct client_answer *answer)
{
    struct finder *const finder = data;

    finder->look = NULL;
    count_hashes (finder);
    finder->rate =
        answer->outcome == CLIENT_ANSWERED ? rate_for (answer->body, finder->target.root) : 0;
}

static void
look (struct finder *finder)
{
    const struct command *const command = finder->command;

    count_hashes (finder);
    if (finder->look == NULL && finder->counted - finder->looked >= LOOK_INTERVAL) {
        finder->looked = finder->counted;
        finder->look = client_ask (command->client, json_pack ("{s:s}", "action", "status"),
                                   command->timeout, on_look, finder);
    }
}

/* In this process. */

static void
on_drain (evutil_socket_t fd, short what, void *data)
{
    struct finder *const finder = data;

    (void)fd;
    (void)what;
    pool_drain (finder->engine.pool);
}

static void
on_done (void *data, const struct pool_answer *answer)
{
    struct finder *const finder = data;

    if (answer->ticket != finder->ticket) {
        return; /* of a search that was stopped */
    }
    finder->ticket = 0;
    if (answer->outcome == POOL_FOUND) {
        finder->answer.work = answer->nonce;
        (void)snprintf (finder->answer.source, sizeof finder->answer.source, "local");
        end (finder, COMMAND_DONE);
    } else {
        (void)snprintf (finder->text, sizeof finder->text, "no device is left that works");
        end (finder, COMMAND_FAILED);
    }
}

static void
ask_pool (struct finder *finder)
{
    const struct pool_request request = {
        .target = finder->target, .class = POOL_ASKED, .done = on_done, .data = finder};
    struct pool_statistics statistics;

    pool_statistics (finder->engine.pool, &statistics);
    finder->hashes_before = statistics.hashes;
    if (pool_submit (finder->engine.pool, &request, &finder->ticket) != POOL_ACCEPTED) {
        finder->ticket = 0;
        (void)snprintf (finder->text, sizeof finder->text, "no device is left that works");
        end (finder, COMMAND_FAILED);
    }
}

/* Returns 0, or -1 after having complained, or logged. */
static int
init_engine (struct finder *finder)
{
    const struct options *const options = finder->command->options;
    struct config config = *finder->command->config; /* keeps what it owns */
    const char *const text = options_text (options, OPTION_THREADS);
    unsigned threads;

    if (scanner_choice_threads (text, &config, &threads) != 0) {
        return -1;
    }
    config.work_threads = threads;
    config.work_threads_set = config.work_threads_set || text != NULL;
    log_set_level (LOG_LEVEL_WARN); /* what is searched with is not what was asked for */
    if (engine_start (&finder->engine, &config, options->data_path) != 0) {
        return -1;
    }
    finder->drain = memory_need (event_new (finder->command->base, pool_fd (finder->engine.pool),
                                            EV_READ | EV_PERSIST, on_drain, finder));
    memory_require (event_add (finder->drain, NULL) == 0);
    return 0;
}

/* Either. */

/* Stops whatever runs. */
static void
stop (struct finder *finder)
{
    if (finder->search != NULL) {
        client_drop (finder->search);
    }
    if (finder->look != NULL) {
        client_drop (finder->look);
    }
    if (finder->ticket != 0) {
        pool_cancel (finder->engine.pool, finder->ticket);
    }
    finder->search = NULL;
    finder->look = NULL;
    finder->ticket = 0;
}

static void
draw (struct finder *finder, double seconds)
{
    struct screen_progress progress = {
        .seconds = seconds,
        .expected = difficulty_expected_hashes (DIFFICULTY_AT_LEAST, finder->target.threshold),
        .about = finder->command->client != NULL,
    };
    char line[SCREEN_LINE_SIZE];

    if (progress.about) {
        look (finder);
        progress.hashes = finder->hashes;
        progress.rate = finder->rate;
    } else {
        struct pool_statistics statistics;

        pool_statistics (finder->engine.pool, &statistics);
        progress.hashes = (double)(statistics.hashes - finder->hashes_before);
        progress.rate = statistics.rate;
    }
    screen_print_progress (&progress, finder->before, screen_width (stderr), line);
    screen_show (stderr, line);
}

static void
on_tick (evutil_socket_t fd, short what, void *data)
{
    struct finder *const finder = data;
    const double seconds = clock_seconds (clock_now () - finder->start);
    const double most = options_number (finder->command->options, OPTION_TIMEOUT, 0);

    (void)fd;
    (void)what;
    if (finder->command->client == NULL && most > 0 && seconds >= most) {
        (void)snprintf (finder->text, sizeof finder->text,
                        "no work was found in time (--timeout gives it longer)");
        end (finder, COMMAND_UNREACHABLE);
    } else if (screen_width (stderr) > 0) {
        draw (finder, seconds);
    }
}

struct finder *
finder_new (struct command *command)
{
    struct finder *const finder = memory_new (1, sizeof *finder);

    finder->command = command;
    finder->tick = memory_need (event_new (command->base, -1, EV_PERSIST, on_tick, finder));
    if (command->client == NULL && init_engine (finder) != 0) {
        finder_free (finder);
        return NULL;
    }
    return finder;
}

void
finder_free (struct finder *finder)
{
    if (finder == NULL) {
        return;
    }
    stop (finder);
    event_free (finder->tick);
    if (finder->drain != NULL) {
        event_free (finder->drain);
    }
    engine_clear (&finder->engine);
    free (finder);
}

/* Nobody's word is taken for it. */
static void
check (struct finder *finder)
{
    struct finder_answer *const answer = &finder->answer;

    if (!value_reaches (&finder->target, answer->work, &answer->value)) {
        finder->status = COMMAND_FAILED;
        (void)snprintf (finder->text, sizeof finder->text,
                        "the daemon's work %016" PRIx64 " reaches %016" PRIx64
                        " only, expected at least %016" PRIx64,
                        answer->work, answer->value, finder->target.threshold);
    }
}

static void
search (struct finder *finder)
{
    finder->start = clock_now ();
    finder->ended = false;
    finder->status = COMMAND_INTERRUPTED;
    if (finder->command->client != NULL) {
        ask_daemon (finder);
    } else {
        ask_pool (finder);
    }
    memory_require (event_add (finder->tick, &tick_interval) == 0);
    while (!finder->ended && !finder->command->interrupted) {
        (void)event_base_dispatch (finder->command->base);
    }
    (void)event_del (finder->tick);
    screen_show (stderr, "");
    stop (finder);
    finder->answer.seconds = clock_seconds (clock_now () - finder->start);
}

int
finder_run (struct finder *finder, const struct scan_target *target, const char *before,
            struct finder_answer *answer)
{
    finder->target = *target;
    finder->before = before;
    search (finder);
    if (finder->status == COMMAND_DONE) {
        check (finder);
    }
    *answer = finder->answer;
    return finder->status == COMMAND_DONE || finder->status == COMMAND_INTERRUPTED
               ? finder->status
               : command_complain (finder->status, "%s", finder->text);
}
