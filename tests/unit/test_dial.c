/* What a dial hands over. What becomes of those that fail, test_peer.c shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_peer.h"
#include "rpc/client/dial.h"
#include "support_peer.h"
#include "work/base/clock.h"

struct bench {
    struct event_base *base;
    struct resolver *resolver;
    struct fake_peer *fake;
    unsigned answers;
    struct dial_answer answer;
};

/* Any name is 127.0.0.1, and "slow" is 127.0.0.2 before that. */
static void
fake_lookup (const char *host, struct resolver_answer *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    if (strcmp (host, "slow") == 0) {
        address.sin_addr.s_addr = htonl (INADDR_LOOPBACK + 1);
        memcpy (&answer->addresses[answer->count++], &address, sizeof address);
    }
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    memcpy (&answer->addresses[answer->count++], &address, sizeof address);
}

static int
set_up (void **state)
{
    static const struct fake_peer_turn silent = {.answer = NULL};
    struct bench *bench = calloc (1, sizeof *bench);

    if (bench == NULL) {
        return -1;
    }
    *state = bench;
    bench->base = event_base_new ();
    bench->resolver = resolver_new (bench->base, fake_lookup);
    bench->fake = fake_peer_new (bench->base, &silent, 1);
    return bench->resolver == NULL;
}

static int
tear_down (void **state)
{
    struct bench *bench = *state;

    fake_peer_free (bench->fake);
    resolver_free (bench->resolver);
    event_base_free (bench->base);
    free (bench);
    return 0;
}

static void
on_done (void *data, const struct dial_answer *answer)
{
    struct bench *bench = data;

    bench->answers++;
    bench->answer = *answer;
}

/* Dials and expects a socket of `family`, connected, non-blocking, closed on exec. */
static void
check_connected (struct bench *bench, const char *host, int family)
{
    uint64_t end = clock_now () + 30 * CLOCK_SECOND;
    struct endpoint endpoint;
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    const char *expected;

    assert_int_equal (endpoint_make (host, fake_peer_port (bench->fake), &endpoint, &expected), 0);
    bench->answers = 0;
    assert_non_null (dial_new (bench->base, bench->resolver, &endpoint, 20, on_done, bench));
    assert_int_equal (bench->answers, 0);
    while (bench->answers == 0) {
        assert_true (clock_now () < end);
        (void)event_base_loop (bench->base, EVLOOP_NONBLOCK);
    }
    assert_int_equal (bench->answers, 1);
    assert_int_equal (bench->answer.outcome, HTTP_ANSWERED);
    assert_int_equal (getpeername (bench->answer.fd, (struct sockaddr *)&address, &size), 0);
    assert_int_equal (address.ss_family, family);
    assert_true ((fcntl (bench->answer.fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true ((fcntl (bench->answer.fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal (close (bench->answer.fd), 0);
}

static void
test_connected (void **state)
{
    check_connected (*state, "127.0.0.1", AF_INET);
    check_connected (*state, "name", AF_INET);
    /* It is IPv4, and connects where there is no IPv6. */
    check_connected (*state, "::ffff:127.0.0.1", AF_INET);
}

/* The first address never answers: the second has not to wait for its time-out, of 20 s. */
static void
test_race (void **state)
{
    struct bench *const bench = *state;
    const uint64_t begun = clock_now ();
    struct plug plug;

    peer_bench_plug (&plug, "127.0.0.2", fake_peer_port (bench->fake));
    check_connected (bench, "slow", AF_INET);
    assert_true (clock_now () - begun >= CLOCK_SECOND / 10);
    assert_true (clock_now () - begun < 15 * CLOCK_SECOND);
    peer_bench_unplug (&plug);
}

/* Neither answers: it ends when the second has had its time. */
static void
test_race_of_two_that_hang (void **state)
{
    struct bench *const bench = *state;
    struct endpoint endpoint;
    struct plug first;
    struct plug second;
    const char *expected;

    peer_bench_plug (&first, "127.0.0.1", 0);
    peer_bench_plug (&second, "127.0.0.2", first.port);
    assert_int_equal (endpoint_make ("slow", first.port, &endpoint, &expected), 0);
    bench->answers = 0;
    assert_non_null (dial_new (bench->base, bench->resolver, &endpoint, 0.5, on_done, bench));
    while (bench->answers == 0) {
        (void)event_base_loop (bench->base, EVLOOP_ONCE);
    }
    assert_int_equal (bench->answer.outcome, HTTP_CONNECT_TIMEOUT);
    assert_int_equal (bench->answer.fd, -1);
    peer_bench_unplug (&first);
    peer_bench_unplug (&second);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (test_connected, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_race, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_race_of_two_that_hang, set_up, tear_down),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
