/*
 * Written scenarios of searches (test_search.scenarios), replayed: who asks, leaves and is
 * answered, what the devices and the peers have under way meanwhile.
 *
 * "1/8" is root 1 at 2^8. Clients are letters.
 *
 *   A asks 1/8 [words]         is accepted; or "A asks 1/8 [words] = full" and the like. Words:
 *                              peers, second, local, ahead, looped, through x,y
 *   A then B leaves            has a step taken in A's callback
 *   A leaves | A waits | A found by p:1 | A cancelled | A expired | A failed
 *   jobs 1/8 2/4* | jobs -     what the pool has, where * is ahead of need
 *   asked 0=p:1 1/8 | asked -  what is with peers: the number of the ask, the peer, the target
 *   device finds 1/8 | device fails 1 | devices down | devices up | room 3
 *   peer 0 finds 8 | peer 0 fails | peer p:1 rests 60 | peer p:1 takes 0.5 | peers clear
 *   ask 0 for 150 s | ask 0 through x,y    what the peer was told
 *   job 1 aged 5               the pool is told that it was first asked for so many seconds ago
 *   set timeout=9 | timeouts 300    settings change, to that many time-outs in turn
 *   cancel 1 = 3 | wait 2.5 | move 1 (device) | stop | waiters 3
 *
 * After each step the loop turns, unless the line ends with "...".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "support_search.h"

enum { MAX_LINE = 200, LETTERS = 26, MAX_SCENARIOS = 200 };

struct scenario {
    char name[MAX_LINE];
    char settings[MAX_LINE];
    char steps[20 * MAX_LINE];
};

struct replay {
    const struct scenario *scenario;
    struct bench *bench;
    struct client *clients[LETTERS];
    int line;
};

static struct replay replay;

#define WRONG(...)                                                         \
    do {                                                                   \
        print_error ("%s, step %d: ", replay.scenario->name, replay.line); \
        fail_msg (__VA_ARGS__);                                            \
    } while (0)

static void take_step (const char *text);

/* Settings. */

static void
set (struct bench_settings *settings, const char *word)
{
    struct broker_settings *broker = &settings->broker;
    unsigned number = 0;

    if (sscanf (word, "devices=%u", &number) == 1) {
        settings->devices = number;
    } else if (sscanf (word, "room=%u", &number) == 1) {
        settings->room = number;
    } else if (sscanf (word, "peers=%u", &settings->primary) == 1 ||
               sscanf (word, "second=%u", &settings->secondary) == 1 ||
               sscanf (word, "timeout=%lf", &broker->request_timeout) == 1) {
        return;
    } else if (sscanf (word, "max=%u", &number) == 1) {
        broker->max_searches = number;
    } else if (strcmp (word, "stand_in") == 0) {
        broker->stand_in = true;
    } else if (strcmp (word, "beside") == 0) {
        broker->local = CONFIG_PEERS_LOCAL_BESIDE;
    } else if (strcmp (word, "never") == 0) {
        broker->local = CONFIG_PEERS_LOCAL_NEVER;
    } else if (strcmp (word, "race") == 0) {
        broker->mode = CONFIG_PEERS_RACE;
    } else if (strcmp (word, "hedge") == 0) {
        broker->mode = CONFIG_PEERS_HEDGE;
    } else {
        WRONG ("no such setting: %s", word);
    }
}

static struct bench_settings
read_settings (const char *text)
{
    struct bench_settings settings = {.room = 64,
                                      .broker = {.max_searches = 16, .request_timeout = 300}};
    char copy[MAX_LINE];
    char *rest = copy;
    const char *word;

    (void)snprintf (copy, sizeof copy, "%s", text);
    while ((word = strsep (&rest, " ")) != NULL) {
        if (word[0] != '\0') {
            set (&settings, word);
        }
    }
    return settings;
}

/* Clients. */

static struct client **
client_of (char letter)
{
    if (letter < 'A' || letter > 'Z') {
        WRONG ("no client: %c", letter);
    }
    return &replay.clients[letter - 'A'];
}

static const char *
result_name (enum broker_result result)
{
    static const char *const names[] = {
        [BROKER_ACCEPTED] = "accepted", [BROKER_FULL] = "full",   [BROKER_LOCAL_DISABLED] = "local",
        [BROKER_DISABLED] = "disabled", [BROKER_LOOPED] = "loop", [BROKER_DOWN] = "down",
    };

    return names[result];
}

static bool
has (const char *words, const char *word)
{
    return strstr (words, word) != NULL;
}

static void
ask (char letter, const char *text)
{
    struct broker_question question = {0};
    struct client *client = NULL;
    const char *expected = strstr (text, "= ");
    char words[MAX_LINE] = "";
    char header[MAX_LINE];
    enum broker_result result;
    unsigned root;
    unsigned bits;

    if (sscanf (text, "%u/%u%199[^=]", &root, &bits, words) < 2) {
        WRONG ("what does it ask for? %s", text);
    }
    question.secondary = has (words, "second");
    question.use_peers = question.secondary || has (words, "peers");
    question.local_only = has (words, "local");
    question.ahead = has (words, "ahead");
    question.looped = has (words, "looped");
    if (has (words, "through") &&
        sscanf (strstr (words, "through"), "through %199s", header) == 1) {
        hops_parse (header, &question.hops);
    }
    result = bench_ask (replay.bench, root, bits, &question, &client);
    if (strcmp (result_name (result), expected != NULL ? expected + 2 : "accepted") != 0) {
        WRONG ("it is %s", result_name (result));
    }
    *client_of (letter) = client;
}

static void
run_hook (struct client *client)
{
    take_step (client->for_hook);
}

static void
check_ended (const struct client *client, enum broker_outcome outcome)
{
    if (client->answers != 1 || client->answer.outcome != outcome) {
        WRONG ("%u answers, outcome %d", client->answers, (int)client->answer.outcome);
    }
}

static void
step_of_client (char letter, const char *verb)
{
    struct client *client;

    if (strncmp (verb, "asks ", 5) == 0) {
        ask (letter, verb + 5);
        return;
    }
    client = *client_of (letter);
    if (strcmp (verb, "leaves") == 0) {
        bench_leave (client);
    } else if (strncmp (verb, "then ", 5) == 0) {
        client->hook = run_hook;
        client->for_hook = verb + 5; /* of the scenario's own text */
    } else if (strcmp (verb, "waits") == 0) {
        if (client->waiter == NULL) {
            WRONG ("it waits no more");
        }
    } else if (strncmp (verb, "found by ", 9) == 0) {
        check_ended (client, BROKER_FOUND);
        if (strcmp (client->source, verb + 9) != 0) {
            WRONG ("it was %s", client->source);
        }
    } else if (strcmp (verb, "cancelled") == 0) {
        check_ended (client, BROKER_CANCELLED);
    } else if (strcmp (verb, "expired") == 0) {
        check_ended (client, BROKER_EXPIRED);
        if (client->answer.seconds < replay.bench->settings.broker.request_timeout - 1e-3) {
            WRONG ("after %f s", client->answer.seconds);
        }
    } else if (strcmp (verb, "failed") == 0) {
        check_ended (client, BROKER_FAILED);
    } else {
        WRONG ("what does it do? %s", verb);
    }
}

/* Checks. */

static void
check_text (const char *is, const char *expected)
{
    if (strcmp (is[0] == '\0' ? "-" : is, expected) != 0) {
        WRONG ("it is %s", is);
    }
}

static void
check_jobs (const char *expected)
{
    char text[1000] = "";
    size_t length = 0;
    size_t count = 0;

    for (unsigned root = 0; root < MAX_ROOTS; root++) {
        const struct pool_request *job = bench_job (replay.bench, root);

        if (job != NULL) {
            length += (size_t)snprintf (
                text + length, sizeof text - length, "%s%u/%u%s", count++ > 0 ? " " : "", root,
                bench_bits (job->target.threshold), job->class == POOL_AHEAD ? "*" : "");
        }
    }
    assert_int_equal (count, fake_pool_jobs (replay.bench->pool));
    check_text (text, expected);
}

static void
check_asked (const char *expected)
{
    char text[1000] = "";
    size_t length = 0;

    for (size_t i = 0; i < fake_peers_asks (); i++) {
        const struct fake_ask *asked = fake_peers_ask (i);

        if (asked->open) {
            length += (size_t)snprintf (
                text + length, sizeof text - length, "%s%zu=%s %u/%u", length > 0 ? ", " : "", i,
                asked->peer, asked->target.root[31], bench_bits (asked->target.threshold));
        }
    }
    check_text (text, expected);
}

/* Since when its job is said to have been asked for. */
static bool
check_age (const char *text)
{
    const struct pool_request *job;
    double expected;
    double age;
    unsigned root;

    if (sscanf (text, "job %u aged %lf", &root, &expected) != 2) {
        return false;
    }
    job = bench_job (replay.bench, root);
    assert_non_null (job);
    age = clock_seconds (clock_now () - job->since);
    if (age < expected || age > expected + 0.1) {
        WRONG ("it is %f s", age);
    }
    return true;
}

/* What the peer was told: time, or hops. */
static bool
check_ask (const char *text)
{
    char hops[HOPS_TEXT_SIZE];
    double seconds;
    unsigned index;
    int at = 0;

    if (sscanf (text, "ask %u for %lf s", &index, &seconds) == 2) {
        if (fake_peers_ask (index)->timeout < seconds * 0.999 ||
            fake_peers_ask (index)->timeout > seconds) {
            WRONG ("it is %f s", fake_peers_ask (index)->timeout);
        }
        return true;
    }
    if (sscanf (text, "ask %u through %n", &index, &at) == 1 && at > 0) {
        hops_print (&fake_peers_ask (index)->hops, hops);
        check_text (hops, text + at);
        return true;
    }
    return false;
}

/* What happens. */

static bool
step_of_devices (const char *text)
{
    struct bench *bench = replay.bench;
    unsigned root;
    unsigned bits;

    if (sscanf (text, "device finds %u/%u", &root, &bits) == 2) {
        bench_device_finds (bench, root, bits);
    } else if (sscanf (text, "device fails %u", &root) == 1) {
        bench_device_fails (bench, root);
    } else if (strcmp (text, "devices down") == 0) {
        fake_pool_set_down (bench->pool, true);
    } else if (strcmp (text, "devices up") == 0) {
        fake_pool_set_down (bench->pool, false);
    } else if (sscanf (text, "room %u", &bits) == 1) {
        fake_pool_set_room (bench->pool, bits);
    } else if (sscanf (text, "move %u", &bits) == 1) {
        bench_move (bench, bits);
    } else {
        return false;
    }
    return true;
}

static bool
step_of_peers (const char *text)
{
    char name[MAX_LINE];
    double seconds;
    unsigned index;
    unsigned bits;
    int end = 0;

    if (sscanf (text, "peer %u finds %u", &index, &bits) == 2) {
        fake_peers_find (index, bench_threshold (bits));
    } else if (sscanf (text, "peer %u fails%n", &index, &end) == 1 && end > 0) {
        fake_peers_fail (index);
    } else if (sscanf (text, "peer %199s rests %lf", name, &seconds) == 2) {
        fake_peers_rest (name, clock_now () + clock_from_seconds (seconds));
    } else if (sscanf (text, "peer %199s takes %lf", name, &seconds) == 2) {
        fake_peers_usual (name, seconds);
    } else if (strcmp (text, "peers clear") == 0) {
        peers_clear (replay.bench->peers);
    } else {
        return false;
    }
    return true;
}

/* As a reload does. */
static bool
step_of_settings (const char *text)
{
    struct broker_settings *settings = &replay.bench->settings.broker;
    const double timeout = settings->request_timeout;
    unsigned count;

    if (sscanf (text, "timeouts %u", &count) == 1) {
        for (unsigned i = 1; i <= count; i++) {
            settings->request_timeout = i;
            broker_set (replay.bench->broker, settings);
        }
        settings->request_timeout = timeout;
    } else if (strncmp (text, "set ", 4) == 0) {
        set (&replay.bench->settings, text + 4);
    } else {
        return false;
    }
    broker_set (replay.bench->broker, settings);
    return true;
}

static void
take_step (const char *text)
{
    struct bench *bench = replay.bench;
    unsigned root;
    unsigned count;
    double seconds;

    if (text[0] >= 'A' && text[0] <= 'Z' && text[1] == ' ') {
        step_of_client (text[0], text + 2);
    } else if (strncmp (text, "jobs ", 5) == 0) {
        check_jobs (text + 5);
    } else if (strncmp (text, "asked ", 6) == 0) {
        check_asked (text + 6);
    } else if (sscanf (text, "cancel %u = %u", &root, &count) == 2) {
        assert_int_equal (bench_cancel (bench, root), count);
    } else if (sscanf (text, "waiters %u", &count) == 1) {
        assert_int_equal (broker_waiters (bench->broker), count);
    } else if (sscanf (text, "wait %lf", &seconds) == 1) {
        bench_wait (bench, seconds);
    } else if (strcmp (text, "stop") == 0) {
        broker_stop (bench->broker);
    } else if (!check_age (text) && !check_ask (text) && !step_of_settings (text) &&
               !step_of_devices (text) && !step_of_peers (text)) {
        WRONG ("no such step: %s", text);
    }
}

/* Returns whether the loop is to turn after it. */
static bool
cut_ellipsis (char *line)
{
    char *end = strstr (line, " ...");

    if (end != NULL) {
        *end = '\0';
    }
    return end == NULL;
}

static void
test_scenario (void **state)
{
    const struct bench_settings settings = read_settings (((struct scenario *)*state)->settings);
    char *steps = strdup (((struct scenario *)*state)->steps);
    char *rest = steps;
    char *line;

    replay = (struct replay){.scenario = *state, .bench = bench_new (&settings)};
    while ((line = strsep (&rest, "\n")) != NULL) {
        const bool turns = cut_ellipsis (line);

        replay.line++;
        take_step (line);
        if (turns) {
            bench_turn (replay.bench);
        }
    }
    bench_free (replay.bench);
    free (steps);
}

/* Reading test_search.scenarios. */

static struct scenario scenarios[MAX_SCENARIOS];

static FILE *
open_scenarios (void)
{
    const char *const srcdir = getenv ("srcdir");
    char path[1000];
    FILE *file;

    (void)snprintf (path, sizeof path, "%s/tests/unit/test_search.scenarios",
                    srcdir != NULL ? srcdir : ".");
    file = fopen (path, "r");
    if (file == NULL) {
        perror (path);
        exit (1);
    }
    return file;
}

/* Adds a line, without its end. */
static void
add_line (struct scenario *scenario, const char *line)
{
    const size_t length = strlen (scenario->steps);

    if (scenario->name[0] == '\0') {
        (void)snprintf (scenario->name, sizeof scenario->name, "%s", line);
    } else if (line[0] == ':') {
        (void)snprintf (scenario->settings, sizeof scenario->settings, "%s", line + 1);
    } else {
        (void)snprintf (scenario->steps + length, sizeof scenario->steps - length, "%s%s",
                        length > 0 ? "\n" : "", line);
    }
}

static size_t
read_scenarios (void)
{
    FILE *file = open_scenarios ();
    char line[MAX_LINE];
    size_t count = 0;

    while (fgets (line, sizeof line, file) != NULL && count < MAX_SCENARIOS) {
        line[strcspn (line, "\n")] = '\0';
        if (line[0] == '\0') {
            count += scenarios[count].name[0] != '\0';
        } else if (line[0] != '#') {
            add_line (&scenarios[count], line);
        }
    }
    (void)fclose (file);
    return count + 1;
}

int
main (void)
{
    static struct CMUnitTest tests[MAX_SCENARIOS];
    const size_t count = read_scenarios ();
    int failed;

    log_set_level (LOG_LEVEL_ERROR);
    for (size_t i = 0; i < count; i++) {
        tests[i] = (struct CMUnitTest){
            .name = scenarios[i].name,
            .test_func = test_scenario,
            .initial_state = &scenarios[i],
        };
    }
    failed = cmocka_run_group_tests (tests, NULL, NULL);
    libevent_global_shutdown ();
    return failed;
}
