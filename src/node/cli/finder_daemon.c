#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/finder_internal.h"
#include "work/base/clock.h"
#include "work/base/hex.h"
#include "work/base/number.h"

/* How often the daemon is asked how far it is, while somebody looks. */
static const struct timeval look_interval = {.tv_usec = 250000};

struct finder_daemon {
    struct finder finder;
    struct client_call *search;
    struct client_call *look;
    struct event *look_again;
    double rate; /* of the devices that search for our root, when last looked at */
    double hashes;
    uint64_t looked; /* clock_now of then */
};

static struct finder_daemon *
daemon_of (struct finder *finder)
{
    return (struct finder_daemon *)finder; /* its first member */
}

static void
end_looking (struct finder_daemon *daemon)
{
    (void)event_del (daemon->look_again);
    if (daemon->look != NULL) {
        client_drop (daemon->look);
    }
    daemon->look = NULL;
}

static void
on_work (void *data, const struct client_answer *answer)
{
    struct finder *const finder = data;
    struct finder_answer *const found = &finder->answer;
    char scratch[64];

    daemon_of (finder)->search = NULL;
    end_looking (daemon_of (finder));
    memcpy (found->text, answer->text, sizeof found->text);
    if (answer->outcome != CLIENT_ANSWERED) {
        found->status =
            answer->outcome == CLIENT_UNREACHABLE ? COMMAND_UNREACHABLE : COMMAND_FAILED;
    } else if (hex_parse_u64 (client_field (answer->body, "work", scratch, sizeof scratch),
                              &found->work) != 0) {
        (void)snprintf (found->text, sizeof found->text, "the daemon answered without a work");
    } else {
        found->status = COMMAND_DONE;
        (void)snprintf (found->source, sizeof found->source, "%s",
                        client_field (answer->body, "source", scratch, sizeof scratch));
    }
    finder_end (finder);
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
count_hashes (struct finder_daemon *daemon)
{
    const uint64_t now = clock_now ();

    daemon->hashes += daemon->rate * clock_seconds (now - daemon->looked);
    daemon->looked = now;
}

static void
on_look (void *data, const struct client_answer *answer)
{
    struct finder_daemon *const daemon = data;

    daemon->look = NULL;
    count_hashes (daemon);
    daemon->rate = answer->outcome == CLIENT_ANSWERED
                       ? rate_for (answer->body, daemon->finder.target.root)
                       : 0;
}

/* A daemon that does not answer this is one that does not tell how far it is. */
static void
on_look_again (evutil_socket_t fd, short what, void *data)
{
    struct finder_daemon *const daemon = data;
    const struct command *const command = daemon->finder.command;

    (void)fd;
    (void)what;
    if (daemon->look == NULL) {
        daemon->look = client_ask (command->client, json_pack ("{s:s}", "action", "status"),
                                   command->timeout, on_look, daemon);
    }
}

static int
start (struct finder *finder, const struct scan_target *target, char *text, size_t size)
{
    struct finder_daemon *const daemon = daemon_of (finder);
    const struct command *const command = finder->command;
    char root[HEX_ROOT_SIZE];
    char threshold[HEX_U64_SIZE];

    hex_print_root (target->root, root);
    hex_print_u64 (target->threshold, threshold);
    daemon->rate = 0;
    daemon->hashes = 0;
    daemon->looked = clock_now ();
    daemon->search = client_ask (command->client,
                                 json_pack ("{s:s, s:s, s:s}", "action", "work_generate", "hash",
                                            root, "difficulty", threshold),
                                 command->arguments.given[COMMAND_TIMEOUT] ? command->timeout : 0,
                                 on_work, finder);
    if (event_add (daemon->look_again, &look_interval) != 0) {
        (void)snprintf (text, size, "out of memory");
        return -1;
    }
    return 0;
}

static void
stop (struct finder *finder)
{
    struct finder_daemon *const daemon = daemon_of (finder);

    if (daemon->search != NULL) {
        client_drop (daemon->search);
    }
    daemon->search = NULL;
    end_looking (daemon);
}

static void
progress (struct finder *finder, struct finder_progress *progress)
{
    struct finder_daemon *const daemon = daemon_of (finder);

    count_hashes (daemon);
    *progress =
        (struct finder_progress){.hashes = daemon->hashes, .rate = daemon->rate, .about = true};
}

static void
free_finder (struct finder *finder)
{
    event_free (daemon_of (finder)->look_again);
    free (finder);
}

static const struct finder_ops ops = {start, stop, progress, free_finder};

struct finder *
finder_daemon_new (struct command *command)
{
    struct finder_daemon *const daemon = calloc (1, sizeof *daemon);

    if (daemon != NULL) {
        daemon->finder = (struct finder){.ops = &ops, .command = command};
        daemon->look_again = event_new (command->base, -1, EV_PERSIST, on_look_again, daemon);
    }
    if (daemon == NULL || daemon->look_again == NULL) {
        free (daemon);
        (void)command_complain (COMMAND_FAILED, "out of memory");
        return NULL;
    }
    return &daemon->finder;
}
