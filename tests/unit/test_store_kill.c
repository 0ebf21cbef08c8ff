/*
 * Kill -9 under load: the store opens again, and what was put more than a second before is there,
 * or as long before as the store said that it lagged.
 *
 * A child puts entries without end and writes into a pipe, every few milliseconds, up to which it
 * has, after store_put has returned. It is killed at a random moment. STORE_KILL_ROUNDS in the
 * environment says how often; a few times are the default. STORE_KILL_FIRST says how many entries
 * are put before the first round: by default none, and a million make each change dearer.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "seed.h"
#include "support_store.h"
#include "work/base/clock.h"

#define NANO STORE_NANO_LIVE
#define DEFAULT_ROUNDS 5
#define PACE 10000u    /* puts a second, so many that they press the writer */
#define SLOW_PACE 500u /* and so few that it waits for more */
#define UNTOLD 10000u  /* more than a child puts without telling */

#define MOST_TOLD 50000u

/* What the child tells: the entries below `next` had been put at `time`, and the store said then
 * that what had been put before `written` was written. */
struct progress {
    uint64_t next;
    uint64_t time; /* clock_now */
    uint64_t written;
};

/* Entries move: every third put makes the frontier of an account that had another before. Returns
 * whether both were taken. */
static bool
put_one (struct store *store, uint64_t number)
{
    struct store_entry entry = support_entry (NANO, number, 0);
    uint8_t account[32];

    if (store_put (store, &entry) == STORE_DROPPED) { /* worse than itself: put a round before */
        return false;
    }
    if (number % 3 != 0) {
        return true;
    }
    support_bytes (UINT64_C (1) << 40 | number % 3000, account);
    return store_frontier (store, NANO, account, entry.root) == 0;
}

/* Puts the first `count` as fast as they are taken. */
static void
fill (const char *path, uint64_t count)
{
    const struct store_settings settings = support_settings (10000000);
    struct store *store = support_open (path, &settings);

    for (uint64_t number = 0; number < count; number++) {
        while (!put_one (store, number)) {
            (void)usleep (1000);
        }
    }
    assert_int_equal (store_sync (store), 0);
    store_close (store);
}

/* The child. */
static _Noreturn void
put_for_ever (const char *path, uint64_t next, unsigned pace, int pipe_end)
{
    const struct store_settings settings = support_settings (10000000);
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open (path, &settings, error, sizeof error);

    if (store == NULL) {
        fprintf (stderr, "%s\n", error);
        _exit (4);
    }
    const uint64_t first = next;
    const uint64_t start = clock_now ();
    for (;;) {
        const uint64_t due = first + (clock_now () - start) / (CLOCK_SECOND / pace);
        for (unsigned i = 0; i < UNTOLD / 2 && next < due; i++) {
            if (!put_one (store, next++)) {
                _exit (2);
            }
        }
        const uint64_t now = clock_now ();
        const struct progress progress = {
            next, now, now - clock_from_seconds (support_statistics (store).lag)};
        if (write (pipe_end, &progress, sizeof progress) != sizeof progress) {
            _exit (5);
        }
        (void)usleep (3000);
    }
}

/*
 * Reads all there is to read: where the child was last, and where it was a second before `killed`,
 * or as long before as the store says that it lags: on a busy machine that may be more.
 */
static void
read_progress (int fd, uint64_t killed, uint64_t *safe, uint64_t *last)
{
    struct progress *const told = calloc (MOST_TOLD, sizeof *told);
    size_t count = 0;
    ssize_t length;

    assert_non_null (told);
    while ((length = read (fd, &told[count], sizeof *told)) == sizeof *told) {
        count++;
        assert_true (count < MOST_TOLD);
    }
    assert_int_equal (length, 0);
    for (size_t i = 0; i < count; i++) {
        if (told[i].time + CLOCK_SECOND < killed && told[i].time < told[count - 1].written) {
            *safe = told[i].next;
        }
        *last = told[i].next;
    }
    free (told);
}

/* Whether number's entry was to go, since its account's frontier moved on before `end`. */
static bool
is_superseded (uint64_t number, uint64_t end)
{
    return number % 3 == 0 && number + 3000 < end;
}

/* Opens what is left; everything below `safe`, and a while back, has to be there. `last` is how far
 * any child may have come. */
static void
check_store (const char *path, uint64_t safe, uint64_t last)
{
    const struct store_settings settings = support_settings (10000000);
    struct store *store = support_open (path, &settings);
    uint64_t missing = 0;

    for (uint64_t number = safe > 10 * PACE ? safe - 10 * PACE : 0; number < safe; number++) {
        if (!is_superseded (number, last)) {
            missing += !support_has (store, NANO, number);
        }
    }
    assert_int_equal (missing, 0);
    for (uint64_t number = 0; number < safe; number += 3) {
        if (is_superseded (number, safe)) {
            assert_false (support_has (store, NANO, number));
        }
    }
    const struct store_statistics statistics = support_statistics (store);
    assert_int_equal (statistics.corrupt, 0);
    assert_int_equal (statistics.read_errors, 0);
    store_close (store);
}

/* How far the children have come: the next begins where nothing can have been lost. */
struct course {
    uint64_t safe;
    uint64_t last;
};

/* Starts a child that puts `pace` a second, kills it after `milliseconds` and looks at what it has
 * left. */
static void
run_round (const char *path, struct course *course, unsigned pace, unsigned milliseconds)
{
    uint64_t safe = course->safe;
    uint64_t last = course->safe;
    int fds[2];
    int status;

    assert_int_equal (pipe (fds), 0);
    (void)fcntl (fds[1], F_SETPIPE_SZ, 1 << 20); /* more room is better, none is needed */
    (void)fflush (NULL);
    const pid_t pid = fork ();
    assert_true (pid >= 0);
    if (pid == 0) {
        (void)close (fds[0]);
        put_for_ever (path, course->safe, pace, fds[1]);
    }
    (void)close (fds[1]);
    (void)usleep (milliseconds * 1000);
    const uint64_t killed = clock_now ();
    assert_int_equal (kill (pid, SIGKILL), 0);
    assert_int_equal (waitpid (pid, &status, 0), pid);
    assert_true (WIFSIGNALED (status)); /* else its exit status says what went wrong */
    read_progress (fds[0], killed, &safe, &last);
    (void)close (fds[0]);
    course->last = last + UNTOLD > course->last ? last + UNTOLD : course->last;
    check_store (path, safe, course->last);
    printf ("killed after %u ms: %" PRIu64 " put, %" PRIu64 " more than a second before\n",
            milliseconds, last - course->safe, safe - course->safe);
    course->safe = safe;
}

static unsigned long
setting (const char *name, unsigned long by_default)
{
    const char *text = getenv (name);

    return text != NULL ? strtoul (text, NULL, 10) : by_default;
}

static void
survives_being_killed (void **state)
{
    const struct support_place *place = *state;
    const unsigned long rounds = setting ("STORE_KILL_ROUNDS", DEFAULT_ROUNDS);
    const uint64_t first = setting ("STORE_KILL_FIRST", 0);
    struct course course = {.safe = first, .last = first};
    struct seed seed = seed_new ();

    fill (place->path, first);
    for (unsigned long i = 0; i < rounds; i++) {
        run_round (place->path, &course, i % 2 == 0 ? PACE : SLOW_PACE,
                   i == 0 ? 5 : 900 + seed_below (&seed, 700));
    }
    printf ("%" PRIu64 " entries had to be there in the end\n", course.safe);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (survives_being_killed),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
