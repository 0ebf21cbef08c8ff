#include "support_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "work/base/clock.h"
#include "work/base/hex.h"

#define PATIENCE (30 * CLOCK_SECOND) /* nothing waits this long and passes */

size_t
count_descriptors (void)
{
    DIR *directory = opendir ("/proc/self/fd");
    size_t count = 0;

    assert_non_null (directory);
    while (readdir (directory) != NULL) {
        count++;
    }
    assert_int_equal (closedir (directory), 0);
    return count;
}

void
await_descriptors (size_t count)
{
    const uint64_t end = clock_now () + 30 * CLOCK_SECOND;

    while (count_descriptors () != count && clock_now () < end) {
        (void)usleep (1000);
    }
    assert_int_equal (count_descriptors (), count);
}

static void
on_tick (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    (void)data;
}

int
peer_bench_set_up (void **state)
{
    const struct timeval interval = {.tv_usec = 5000};
    struct peer_bench *bench = calloc (1, sizeof *bench);

    if (bench == NULL) {
        return -1;
    }
    *state = bench;
    bench->descriptors = count_descriptors ();
    bench->base = event_base_new ();
    bench->tick = event_new (bench->base, -1, EV_PERSIST, on_tick, NULL);
    return bench->tick == NULL || event_add (bench->tick, &interval) != 0 ? -1 : 0;
}

int
peer_bench_tear_down (void **state)
{
    struct peer_bench *bench = *state;

    peer_free (bench->peer);
    if (bench->client != NULL) {
        peer_bench_quiet (bench);
    }
    peer_client_free (bench->client);
    for (size_t i = 0; i < bench->fake_count; i++) {
        fake_peer_free (bench->fakes[i]);
    }
    for (size_t i = 0; i < bench->asked_count; i++) {
        assert_null (bench->asked[i].call);
        assert_int_equal (bench->asked[i].answers + bench->asked[i].dropped, 1);
    }
    event_free (bench->tick);
    event_base_free (bench->base);
    await_descriptors (bench->descriptors);
    free (bench);
    return 0;
}

void
peer_bench_start (struct peer_bench *bench, double connect_timeout, double response_timeout,
                  resolver_lookup_fn lookup)
{
    const struct peer_client_settings settings = {
        .connect_timeout = connect_timeout,
        .response_timeout = response_timeout,
        .identity = PEER_IDENTITY,
        .lookup = lookup,
    };

    bench->client = peer_client_new (bench->base, &settings);
    assert_non_null (bench->client);
}

struct fake_peer *
peer_bench_fake (struct peer_bench *bench, const struct fake_peer_turn *turns, size_t count)
{
    struct fake_peer *fake = fake_peer_new (bench->base, turns, count);

    assert_true (bench->fake_count < PEER_BENCH_FAKES);
    bench->fakes[bench->fake_count++] = fake;
    return fake;
}

void
peer_bench_peer (struct peer_bench *bench, const char *host, uint16_t port)
{
    struct peer_settings settings = {0};
    const char *expected;

    assert_int_equal (endpoint_make (host, port, &settings.endpoint, &expected), 0);
    peer_free (bench->peer);
    bench->peer = peer_new (bench->client, &settings);
    assert_non_null (bench->peer);
}

struct fake_peer *
peer_bench_usual (struct peer_bench *bench, const struct fake_peer_turn *turn)
{
    struct fake_peer *fake = peer_bench_fake (bench, turn, 1);

    if (bench->client == NULL) {
        peer_bench_start (bench, 20, 20, NULL);
    }
    peer_bench_peer (bench, "127.0.0.1", fake_peer_port (fake));
    return fake;
}

struct scan_target
peer_bench_target (void)
{
    struct scan_target target = {.threshold = PEER_THRESHOLD, .order = DIFFICULTY_AT_LEAST};

    assert_int_equal (hex_parse_root (PEER_ROOT, target.root), 0);
    return target;
}

static void
on_done (void *data, const struct peer_answer *answer)
{
    struct asked *asked = data;

    assert_false (asked->bench->asking);
    assert_false (asked->dropped);
    asked->answers++;
    asked->call = NULL;
    asked->answer = *answer;
    snprintf (asked->reason, sizeof asked->reason, "%s", answer->reason);
    if (asked->hook != NULL) {
        asked->hook (asked);
    }
}

struct asked *
peer_bench_question (struct peer_bench *bench, const struct peer_question *question)
{
    struct asked *asked = &bench->asked[bench->asked_count++];

    assert_true (bench->asked_count <= PEER_BENCH_CALLS);
    asked->bench = bench;
    bench->asking = true;
    asked->call = peer_ask (bench->peer, question, on_done, asked);
    bench->asking = false;
    assert_non_null (asked->call);
    return asked;
}

struct asked *
peer_bench_ask (struct peer_bench *bench, double timeout)
{
    const struct peer_question question = {.target = peer_bench_target (), .timeout = timeout};

    return peer_bench_question (bench, &question);
}

void
peer_bench_drop (struct asked *asked)
{
    asked->dropped = true;
    peer_drop (asked->call);
    asked->call = NULL;
}

void
peer_bench_turn (struct peer_bench *bench)
{
    assert_true (event_base_loop (bench->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
}

void
peer_bench_until (struct peer_bench *bench, size_t (*count) (const void *data), const void *data,
                  size_t wanted)
{
    uint64_t end = clock_now () + PATIENCE;

    while (count (data) != wanted) {
        assert_true (clock_now () < end);
        assert_int_equal (event_base_loop (bench->base, EVLOOP_ONCE), 0);
    }
}

static size_t
count_answers (const void *data)
{
    const struct asked *asked = data;

    return asked->answers;
}

void
peer_bench_wait (struct asked *asked)
{
    peer_bench_until (asked->bench, count_answers, asked, 1);
}

static size_t
count_busy (const void *data)
{
    return peer_client_busy (data);
}

void
peer_bench_quiet (struct peer_bench *bench)
{
    peer_bench_until (bench, count_busy, bench->client, 0);
}

void
peer_bench_expect (struct asked *asked, enum peer_outcome outcome, const char *reason)
{
    peer_bench_wait (asked);
    if (asked->answer.outcome != outcome || strstr (asked->reason, reason) == NULL) {
        fail_msg ("%s (%s), not %s (%s)", peer_outcome_name (asked->answer.outcome), asked->reason,
                  peer_outcome_name (outcome), reason);
    }
}

size_t
count_accepted (const void *fake)
{
    return fake_peer_accepted (fake);
}

size_t
count_open (const void *fake)
{
    return fake_peer_open (fake);
}

static int
new_socket (void)
{
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true (fd >= 0);
    return fd;
}

/* Its queue of connections to accept is full, so that the kernel answers no further ones. */
void
peer_bench_plug (struct plug *plug, const char *address, uint16_t port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons (port)};
    socklen_t size = sizeof name;

    assert_int_equal (inet_pton (AF_INET, address, &name.sin_addr), 1);
    plug->listener = new_socket ();
    assert_int_equal (bind (plug->listener, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal (listen (plug->listener, 0), 0);
    assert_int_equal (getsockname (plug->listener, (struct sockaddr *)&name, &size), 0);
    plug->port = ntohs (name.sin_port);
    for (size_t i = 0; i < sizeof plug->waiting / sizeof plug->waiting[0]; i++) {
        plug->waiting[i] = new_socket ();
        (void)connect (plug->waiting[i], (struct sockaddr *)&name, sizeof name);
    }
}

void
peer_bench_unplug (struct plug *plug)
{
    for (size_t i = 0; i < sizeof plug->waiting / sizeof plug->waiting[0]; i++) {
        assert_int_equal (close (plug->waiting[i]), 0);
    }
    assert_int_equal (close (plug->listener), 0);
}
