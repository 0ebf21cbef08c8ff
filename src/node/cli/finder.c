#include "node/cli/finder.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/cli/finder_internal.h"
#include "node/cli/screen.h"
#include "work/base/clock.h"
#include "work/scan/value.h"

static const struct timeval show_interval = {.tv_usec = 100000};

struct finder *
finder_new (struct command *command)
{
    return command->client != NULL ? finder_daemon_new (command) : finder_local_new (command);
}

void
finder_free (struct finder *finder)
{
    if (finder != NULL) {
        finder->ops->stop (finder);
        finder->ops->free (finder);
    }
}

void
finder_end (struct finder *finder)
{
    finder->ended = true;
    (void)event_base_loopbreak (finder->command->base);
}

/* One finder_run. */
struct finder_run {
    struct finder *finder;
    const char *before;
    uint64_t start;
};

static void
on_show (evutil_socket_t fd, short what, void *data)
{
    const struct finder_run *const run = data;
    struct finder_progress progress = {.hashes = 0};
    char line[SCREEN_LINE_SIZE];

    (void)fd;
    (void)what;
    run->finder->ops->progress (run->finder, &progress);

    const struct screen_progress shown = {
        .hashes = progress.hashes,
        .rate = progress.rate,
        .seconds = clock_seconds (clock_now () - run->start),
        .expected = difficulty_expected_hashes (DIFFICULTY_AT_LEAST, run->finder->target.threshold),
        .about = progress.about,
    };

    screen_print_progress (&shown, run->before, screen_width (stderr), line);
    screen_show (stderr, line);
}

static void
wait_for_end (struct finder_run *run)
{
    struct event_base *const base = run->finder->command->base;
    struct event *show = NULL;

    if (screen_width (stderr) > 0) {
        show = event_new (base, -1, EV_PERSIST, on_show, run);
    }
    if (show != NULL) {
        (void)event_add (show, &show_interval);
    }
    while (!run->finder->ended && !run->finder->command->interrupted) {
        (void)event_base_dispatch (base);
    }
    if (show != NULL) {
        event_free (show);
        screen_clear (stderr);
    }
}

/* Nobody's word is taken for it. */
static void
check (struct finder *finder)
{
    struct finder_answer *const answer = &finder->answer;

    if (answer->status == COMMAND_DONE &&
        !value_reaches (&finder->target, answer->work, &answer->value)) {
        answer->status = COMMAND_FAILED;
        (void)snprintf (answer->text, sizeof answer->text,
                        "the daemon's work %016" PRIx64 " reaches %016" PRIx64
                        " only, expected at least %016" PRIx64,
                        answer->work, answer->value, finder->target.threshold);
    }
}

int
finder_run (struct finder *finder, const struct scan_target *target, const char *before,
            struct finder_answer *answer)
{
    struct finder_run run = {.finder = finder, .before = before, .start = clock_now ()};

    finder->target = *target;
    finder->ended = false;
    finder->answer = (struct finder_answer){.status = COMMAND_FAILED};
    if (finder->ops->start (finder, target, finder->answer.text, sizeof finder->answer.text) == 0) {
        wait_for_end (&run);
        if (!finder->ended) {
            finder->ops->stop (finder);
            finder->answer.status = COMMAND_INTERRUPTED;
        }
    }
    finder->answer.seconds = clock_seconds (clock_now () - run.start);
    check (finder);
    *answer = finder->answer;
    if (answer->status != COMMAND_DONE && answer->status != COMMAND_INTERRUPTED) {
        return command_complain (answer->status, "%s", answer->text);
    }
    return answer->status;
}
