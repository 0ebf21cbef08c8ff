/* The OpenCL device, on whatever OpenCL this machine has. */
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "opencl_between.h"
#include "support_opencl.h"
#include "work/base/clock.h"
#include "work/opencl/device_opencl.h"
#include "work/opencl/opencl_cache.h"
#include "work/pool/pool.h"
#include "work/scan/value.h"

#define BATCH_SECONDS 0.01

/* A stall while the device was tuned may have left it batches that are a launch or two. */
static void
have_usual_of_many_launches (struct device *device)
{
    const uint64_t least = UINT64_C (4096) * support_opencl_where ()->compute_units;

    if (device->usual < least) {
        device->usual = least - least % device->granule;
    }
}

static struct device *
open_new (const char *cache_path)
{
    struct device *const device = support_opencl_new (&api_between, BATCH_SECONDS, 0, cache_path);

    support_opencl_open (device);
    have_usual_of_many_launches (device);
    between.launches = 0;
    return device;
}

/* A search for a root of no meaning. */
static struct scan_midstate
search_for (uint64_t threshold)
{
    const struct scan_target target = {.root = {1}, .threshold = threshold};
    struct scan_midstate midstate;

    scan_prepare (&midstate, &target);
    return midstate;
}

static void
submit (struct device *device, const struct scan_midstate *midstate, uint64_t first, uint64_t count)
{
    const struct device_batch batch = {midstate, &stop, first, count};

    if (device->ops->submit (device, &batch) != 0) {
        fail_msg ("submit: %s", device->reason);
    }
}

static struct device_result
collect (struct device *device)
{
    struct device_result result = {0};

    device->ops->collect (device, &result);
    return result;
}

static void
test_open (void **state)
{
    struct device *const device = open_new (NULL);

    (void)state;
    assert_string_equal (device->kind, "opencl");
    assert_int_equal (strncmp (device->name, "opencl ", 7), 0);
    assert_int_equal (device->depth, 2);
    assert_true (device->rate > 1000);
    assert_true (device->granule >= 1);
    assert_true (device->usual >= device->granule);
    assert_int_equal (device->usual % device->granule, 0);
    assert_true (device->tireless);
    assert_int_equal (device_self_test (device), 0);
    support_opencl_end (device);
}

/* Batches of all sizes, two at a time, against the portable scanner. */
static void
test_batches (void **state)
{
    struct device *const device = open_new (NULL);
    const uint64_t counts[] = {device->granule, 3 * device->granule, device->usual,
                               2 * device->usual};
    const struct scan_midstate midstate = search_for (UINT64_C (0xfffff00000000000)); /* 2^20 */
    uint64_t first = 0;

    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        const uint64_t pair[] = {counts[i % 4], counts[i / 3]};
        uint64_t begin = first;

        submit (device, &midstate, first, pair[0]);
        submit (device, &midstate, first + pair[0], pair[1]);
        for (unsigned j = 0; j < 2; j++) {
            const struct device_result result = collect (device);
            uint64_t nonce = 0;
            const bool expected = scan_named ("portable")->scan (&midstate, begin, pair[j], &nonce);

            assert_int_equal (result.outcome, expected ? DEVICE_HIT : DEVICE_NOTHING);
            if (expected) {
                assert_int_equal (result.nonce, nonce);
                assert_true (result.hashes > nonce - begin);
            } else {
                assert_int_equal (result.hashes, pair[j]);
            }
            begin += pair[j];
        }
        first = begin;
    }
    support_opencl_end (device);
}

/* Between two launches of a batch the stop flag goes up: no other is begun, of that batch or the
 * next. */
static void
test_stop_while_running (void **state)
{
    const struct scan_midstate midstate = search_for (UINT64_MAX);

    (void)state;
    for (unsigned at = 1; at <= 4; at++) {
        struct device *device;
        struct device_result result;

        atomic_store (&stop, false);
        between.stop_at = 0;
        between.launches_stopped = 0;
        device = open_new (NULL);
        between.stop_at = at;
        submit (device, &midstate, 0, 16 * device->usual);
        submit (device, &midstate, 16 * device->usual, 16 * device->usual);
        result = collect (device);
        assert_int_equal (result.outcome, DEVICE_STOPPED);
        assert_true (result.hashes < 16 * device->usual);
        result = collect (device);
        assert_int_equal (result.outcome, DEVICE_STOPPED);
        assert_int_equal (result.hashes, 0);
        assert_int_equal (between.launches, at);
        assert_int_equal (between.launches_stopped, 0);
        support_opencl_end (device);
    }
}

/* What is still on its way for a batch that has been answered, or stopped, is not the next one's.
 */
static void
test_next_after_hit (void **state)
{
    struct device *const device = open_new (NULL);
    const struct scan_midstate easy = search_for (UINT64_C (0xff00000000000000));
    const struct scan_midstate impossible = search_for (UINT64_MAX);

    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        const uint64_t count = 4 * device->usual;
        struct device_result result;
        uint64_t nonce = 0;

        submit (device, &easy, i, count);
        submit (device, &impossible, i, device->usual);
        result = collect (device);
        assert_true (scan_named ("portable")->scan (&easy, i, count, &nonce));
        assert_int_equal (result.outcome, DEVICE_HIT);
        assert_int_equal (result.nonce, nonce);
        result = collect (device);
        assert_int_equal (result.outcome, DEVICE_NOTHING);
        assert_int_equal (result.hashes, device->usual);
    }
    support_opencl_end (device);
}

/* A device that fails says what and how, and works again once the driver does. */
static void
test_failing_launch (void **state)
{
    struct device *const device = open_new (NULL);
    const struct scan_midstate midstate = search_for (UINT64_MAX);

    (void)state;
    between.fail_from = 3;
    submit (device, &midstate, 0, 8 * device->usual);
    assert_int_equal (collect (device).outcome, DEVICE_FAILED);
    assert_string_equal (device->reason, "clEnqueueNDRangeKernel: CL_OUT_OF_RESOURCES (-5)");
    device->ops->close (device);

    between.fail_from = 1;
    assert_int_equal (device->ops->open (device), -1);
    between.fail_from = 0;
    support_opencl_open (device);
    assert_int_equal (device_self_test (device), 0);
    support_opencl_end (device);
}

static void
test_failing_event (void **state)
{
    struct device *const device = open_new (NULL);
    const struct scan_midstate midstate = search_for (UINT64_MAX);

    (void)state;
    between.bad_status = true;
    submit (device, &midstate, 0, device->usual);
    assert_int_equal (collect (device).outcome, DEVICE_FAILED);
    assert_string_equal (device->reason, "a launch: CL_OUT_OF_RESOURCES (-5)");
    between.bad_status = false;
    support_opencl_end (device);
}

static void
test_garbage (void **state)
{
    struct device *const device = open_new (NULL);
    const struct scan_midstate midstate = search_for (UINT64_MAX);

    (void)state;
    between.garbage = true;
    submit (device, &midstate, 0, device->usual);
    assert_int_equal (collect (device).outcome, DEVICE_FAILED);
    assert_int_equal (strncmp (device->reason, "it returned item 2147483648 of ", 31), 0);
    between.garbage = false;
    support_opencl_end (device);
}

/* A driver that never answers loses the device, but neither the thread nor the next try. */
static void
test_lost (void **state)
{
    struct device *const device = support_opencl_new (&api_between, BATCH_SECONDS, 4.0, NULL);
    const struct scan_midstate midstate = search_for (UINT64_MAX);

    (void)state;
    support_opencl_open (device);
    between.mute = true;
    submit (device, &midstate, 0, device->usual);
    assert_int_equal (collect (device).outcome, DEVICE_FAILED);
    assert_string_equal (device->reason, "no end of a launch in 4.0 seconds: the device is lost");
    device->ops->close (device);
    between.mute = false;
    support_opencl_open (device);
    assert_int_equal (device_self_test (device), 0);
    support_opencl_end (device);
}

/* A vendor's rotates that do not build, or build and answer wrongly: the compiler's then. */
static void
test_vendors_rotates (void **state)
{
    struct device *device;

    (void)state;
    between.extensions = "cl_khr_icd cl_amd_media_ops";
    device = open_new (NULL);
    assert_true (between.builds >= 2);
    support_opencl_end (device);

    between.extensions = "cl_nv_device_attribute_query";
    between.wrong = "-cl-std=CL1.2 -DROTATES_AMD -DFUNNEL(high,low,n)=((high)+(low)+(n))";
    between.builds = 0;
    device = open_new (NULL);
    assert_int_equal (between.builds, 2);
    assert_int_equal (device_self_test (device), 0);
    support_opencl_end (device);
}

static void
test_kernel_that_does_not_build (void **state)
{
    struct device *const device = support_opencl_new (&api_between, BATCH_SECONDS, 0, NULL);

    (void)state;
    between.extensions = "cl_amd_media_ops";
    between.wrong = "-cl-std=CL1.2 -DROTATES_AMD -DFUNNEL(high,low,n)=nothing";
    support_opencl_open (device);
    /* The first build's complaint is forgotten; the device is tested anew by whoever uses it. */
    assert_int_equal (device_self_test (device), 0);
    support_opencl_end (device);
}

/* Whatever has happened, a closed device has given back all that it had. */
static void
test_nothing_is_left (void **state)
{
    struct device *device = open_new (NULL);
    const struct scan_midstate midstate = search_for (UINT64_MAX);

    (void)state;
    assert_true (held >= 7); /* a context, a program, a kernel, two queues, two buffers */
    device->ops->close (device);
    assert_int_equal (held, 0);

    support_opencl_open (device); /* launches on their way */
    submit (device, &midstate, 0, 8 * device->usual);
    device->ops->close (device);
    assert_int_equal (held, 0);

    support_opencl_open (device); /* a failure with a launch on its way */
    between.fail_from = between.launches + 2;
    submit (device, &midstate, 0, 1);
    (void)device->ops->submit (device, &(struct device_batch){&midstate, &stop, 0, 1});
    assert_int_equal (collect (device).outcome, DEVICE_FAILED);
    device->ops->close (device);
    assert_int_equal (held, 0);

    between.fail_from = 1; /* a failure at open */
    assert_int_equal (device->ops->open (device), -1);
    assert_int_equal (held, 0);

    between.fail_from = 0; /* a kernel that does not build, and one that lies */
    between.extensions = "cl_amd_media_ops";
    support_opencl_open (device);
    device->ops->close (device);
    between.wrong = "-cl-std=CL1.2 -DROTATES_AMD -DFUNNEL(high,low,n)=((high)+(low)+(n))";
    support_opencl_open (device);
    device->ops->close (device);
    assert_int_equal (held, 0);
    device_free (device);
}

/* The cache. */

static bool
opens_from_cache (const char *directory)
{
    const unsigned sources = between.sources;
    struct device *const device = open_new (directory);
    const bool cached = between.sources == sources;

    assert_int_equal (device_self_test (device), 0);
    support_opencl_end (device);
    return cached;
}

static char *
file_in (const char *directory)
{
    char pattern[4096];
    glob_t files;
    char *path;

    (void)snprintf (pattern, sizeof pattern, "%s/kernel-*", directory);
    assert_int_equal (glob (pattern, 0, NULL, &files), 0);
    assert_int_equal (files.gl_pathc, 1);
    path = strdup (files.gl_pathv[0]);
    assert_non_null (path);
    globfree (&files);
    return path;
}

static void
test_cache (void **state)
{
    char *const directory = support_directory_new ();
    char *path;

    (void)state;
    assert_false (opens_from_cache (directory));
    assert_true (opens_from_cache (directory));
    path = file_in (directory);
    assert_int_equal (truncate (path, 1000), 0);
    assert_false (opens_from_cache (directory));
    assert_true (opens_from_cache (directory));
    assert_int_equal (held, 0);
    free (path);
    support_directory_free (directory);
}

/* A whole file whose binary the driver does not want. */
static void
test_cache_of_another_driver (void **state)
{
    static const unsigned char strange[] = "no kernel of any driver";
    char *const directory = support_directory_new ();
    uint8_t key[OPENCL_CACHE_DIGEST] = {0};
    char *path;

    (void)state;
    assert_false (opens_from_cache (directory));
    path = file_in (directory);
    for (size_t i = 0; i < 16; i++) { /* the name is the key's first half */
        unsigned byte;

        assert_int_equal (sscanf (strrchr (path, '-') + 1 + 2 * i, "%2x", &byte), 1);
        key[i] = (uint8_t)byte;
    }
    assert_int_equal (opencl_cache_write (directory, key, strange, sizeof strange), 0);
    assert_false (opens_from_cache (directory));
    assert_true (opens_from_cache (directory));
    free (path);
    support_directory_free (directory);
}

static void
test_cache_unwritable (void **state)
{
    char *const directory = support_directory_new ();
    char path[4096];

    (void)state;
    (void)snprintf (path, sizeof path, "%s/file", directory);
    assert_int_equal (close (open (path, O_WRONLY | O_CREAT, 0600)), 0);
    assert_false (opens_from_cache (path));
    assert_false (opens_from_cache (path));
    support_directory_free (directory);
}

/* In the pool. */

struct call {
    unsigned count;
    struct pool_answer answer;
};

static void
on_done (void *data, const struct pool_answer *answer)
{
    struct call *const call = data;

    call->count++;
    call->answer = *answer;
}

static struct pool *
pool_of (struct device *device)
{
    const struct pool_settings settings = {.max_jobs = 8, .batch_seconds = BATCH_SECONDS};
    struct pool *const pool = pool_new (&settings);

    assert_non_null (pool);
    assert_int_equal (pool_add (pool, device), 0);
    assert_int_equal (pool_start (pool), 0);
    return pool;
}

/* Runs jobs one after another; each root has its number in it. */
static void
run_jobs (struct pool *pool, unsigned count, uint64_t threshold)
{
    for (unsigned i = 0; i < count; i++) {
        struct call call = {0};
        struct pool_request request = {
            .target = {.threshold = threshold},
            .class = POOL_ASKED,
            .done = on_done,
            .data = &call,
        };
        const struct timespec nap = {.tv_nsec = 100000};
        uint64_t ticket;

        memcpy (request.target.root, &i, sizeof i);
        assert_int_equal (pool_submit (pool, &request, &ticket), POOL_ACCEPTED);
        while (call.count == 0) {
            (void)nanosleep (&nap, NULL);
            pool_drain (pool);
        }
        assert_int_equal (call.answer.outcome, POOL_FOUND);
        assert_true (value_reaches (&request.target, call.answer.nonce, NULL));
    }
}

static void
test_pool (void **state)
{
    struct pool *const pool =
        pool_of (support_opencl_new (support_opencl_api (), BATCH_SECONDS, 0, NULL));

    (void)state;
    run_jobs (pool, 50, UINT64_C (0xffff000000000000));
    pool_stop (pool);
    pool_free (pool);
}

/* The device's thread sleeps while the device works: with PoCL, whose work is on other threads, it
 * takes next to nothing of a core. */
static void
test_waiting_costs_no_core (void **state)
{
    struct device *const device = open_new (NULL);
    const struct scan_midstate midstate = search_for (UINT64_MAX);
    struct timespec begin;
    struct timespec end;
    uint64_t wall;
    uint64_t cpu;

    (void)state;
    (void)clock_gettime (CLOCK_THREAD_CPUTIME_ID, &begin);
    wall = clock_now ();
    for (unsigned i = 0; i < 50; i++) {
        submit (device, &midstate, i * device->usual, device->usual);
        assert_int_equal (collect (device).outcome, DEVICE_NOTHING);
    }
    wall = clock_now () - wall;
    (void)clock_gettime (CLOCK_THREAD_CPUTIME_ID, &end);
    cpu = (uint64_t)(end.tv_sec - begin.tv_sec) * CLOCK_SECOND + (uint64_t)end.tv_nsec -
          (uint64_t)begin.tv_nsec;
    printf ("%.3f s of CPU in %.3f s\n", clock_seconds (cpu), clock_seconds (wall));
    assert_true (cpu < wall / 2);
    support_opencl_end (device);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup (test_open, between_set_up),
        cmocka_unit_test_setup (test_batches, between_set_up),
        cmocka_unit_test_setup (test_stop_while_running, between_set_up),
        cmocka_unit_test_setup (test_next_after_hit, between_set_up),
        cmocka_unit_test_setup (test_failing_launch, between_set_up),
        cmocka_unit_test_setup (test_failing_event, between_set_up),
        cmocka_unit_test_setup (test_garbage, between_set_up),
        cmocka_unit_test_setup (test_lost, between_set_up),
        cmocka_unit_test_setup (test_vendors_rotates, between_set_up),
        cmocka_unit_test_setup (test_kernel_that_does_not_build, between_set_up),
        cmocka_unit_test_setup (test_nothing_is_left, between_set_up),
        cmocka_unit_test_setup (test_cache, between_set_up),
        cmocka_unit_test_setup (test_cache_of_another_driver, between_set_up),
        cmocka_unit_test_setup (test_cache_unwritable, between_set_up),
        cmocka_unit_test_setup (test_pool, between_set_up),
        cmocka_unit_test_setup (test_waiting_costs_no_core, between_set_up),
    };

    return support_opencl_find () ? cmocka_run_group_tests (tests, NULL, NULL) : 77;
}
