/* The kernel, run for real: every known answer, and whatever the portable scanner answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "seed.h"
#include "support_opencl.h"
#include "vectors.h"
#include "work/opencl/opencl_session.h"
#include "work/scan/value.h"

#define PATIENCE 300.0

/* Rotates as the vendors' instructions do them, in plain OpenCL C. */
#define FUNNEL "-DFUNNEL(high,low,n)=((uint)(((((ulong)(high))<<32)|(low))>>(n)))"
#define PERMUTE "-DPERMUTE(high,low,s)=((uint)(((((ulong)(high))<<32)|(low))>>(8*((s)&7))))"

#define VALUE_VECTOR_COUNT (sizeof value_vectors / sizeof value_vectors[0])
#define FIRST_VECTOR_COUNT (sizeof first_vectors / sizeof first_vectors[0])

static char reason[256];

static struct opencl_session *
session_of (const char *options, uint64_t threads)
{
    const struct opencl_session_settings settings = {
        .api = support_opencl_api (),
        .device = support_opencl_where (),
        .options = options,
        .threads = threads,
        .reason = reason,
        .reason_size = sizeof reason,
    };
    struct opencl_session *const session = opencl_session_open (&settings);

    if (session == NULL) {
        fail_msg ("%s: %s", options, reason);
    }
    return session;
}

/* One launch: the distance of the first hit. */
static uint32_t
launch (struct opencl_session *session, const struct scan_target *target, uint64_t first,
        uint32_t count)
{
    struct scan_midstate midstate;
    struct opencl_landing landing = {.owner = NULL};

    scan_prepare (&midstate, target);
    if (opencl_session_launch (session, &midstate, first, count, NULL) != 0 ||
        opencl_session_land (session, PATIENCE, &landing) != 0) {
        fail_msg ("%s", reason);
    }
    return landing.found;
}

static struct scan_target
target_of (const uint8_t root[32], uint64_t threshold, enum difficulty_order order)
{
    struct scan_target target = {.threshold = threshold, .order = order};

    memcpy (target.root, root, sizeof target.root);
    return target;
}

/* A value is exactly `value` when it, and nothing beyond it, is reached from either side. */
static void
check_value (struct opencl_session *session, const struct value_vector *vector)
{
    struct scan_target target = target_of (vector->root, vector->value, DIFFICULTY_AT_LEAST);

    assert_int_equal (launch (session, &target, vector->nonce, 1), 0);
    target.threshold = vector->value + 1;
    assert_int_equal (launch (session, &target, vector->nonce, 1), OPENCL_NOT_FOUND);
    target.order = DIFFICULTY_AT_MOST;
    target.threshold = vector->value;
    assert_int_equal (launch (session, &target, vector->nonce, 1), 0);
    target.threshold = vector->value - 1;
    assert_int_equal (launch (session, &target, vector->nonce, 1), OPENCL_NOT_FOUND);
}

static void
check_values (struct opencl_session *session)
{
    for (size_t i = 0; i < VALUE_VECTOR_COUNT; i++) {
        check_value (session, &value_vectors[i]);
    }
}

static void
test_value_vectors (void **state)
{
    struct opencl_session *const session = session_of ("", 1048576);

    (void)state;
    check_values (session);
    opencl_session_close (session, PATIENCE);
}

/* Each vector's first hit, the launch beginning, or ending, there. */
static void
test_first_vectors (void **state)
{
    struct opencl_session *const session = session_of ("", 1048576);

    (void)state;
    for (size_t i = 0; i < FIRST_VECTOR_COUNT; i++) {
        const struct first_vector *const vector = &first_vectors[i];
        const struct scan_target target =
            target_of (vector->root, vector->threshold, DIFFICULTY_AT_LEAST);
        const uint64_t before = vector->first - vector->start;
        const uint32_t most = (uint32_t)(before < 1000000 ? before : 1000000);

        assert_int_equal (launch (session, &target, vector->first - most, most + 1), most);
        assert_int_equal (launch (session, &target, vector->first, 100000), 0);
        if (most > 0) {
            assert_int_equal (launch (session, &target, vector->first - most, most),
                              OPENCL_NOT_FOUND);
        }
    }
    opencl_session_close (session, PATIENCE);
}

static uint64_t
random_u64 (struct seed *seed)
{
    return (uint64_t)seed_below (seed, 1U << 31) << 33 ^
           (uint64_t)seed_below (seed, 1U << 31) << 16 ^ seed_below (seed, 1U << 16);
}

/* Easy thresholds, so that many items hit: the lowest must win, as in a scanner. */
static void
check_like_portable (struct opencl_session *session, struct seed *seed, unsigned bits)
{
    const enum difficulty_order order =
        seed_below (seed, 2) != 0 ? DIFFICULTY_AT_MOST : DIFFICULTY_AT_LEAST;
    const uint64_t easy = random_u64 (seed) >> bits;
    const uint64_t first = random_u64 (seed);
    const uint32_t count = 1 + seed_below (seed, 20000);
    struct scan_target target = {.threshold = order == DIFFICULTY_AT_MOST ? easy : ~easy,
                                 .order = order};
    struct scan_midstate midstate;
    uint64_t nonce = 0;
    bool expected;

    for (size_t i = 0; i < sizeof target.root; i++) {
        target.root[i] = (uint8_t)seed_below (seed, 256);
    }
    scan_prepare (&midstate, &target);
    expected = scan_named ("portable")->scan (&midstate, first, count, &nonce);
    assert_int_equal (launch (session, &target, first, count),
                      expected ? (uint32_t)(nonce - first) : OPENCL_NOT_FOUND);
}

static void
check_random (struct opencl_session *session, unsigned rounds)
{
    struct seed seed = seed_new ();

    for (unsigned i = 0; i < rounds; i++) {
        check_like_portable (session, &seed, i % 20);
    }
}

static void
test_like_portable (void **state)
{
    struct opencl_session *const session = session_of ("", 1048576);

    (void)state;
    check_random (session, 400);
    opencl_session_close (session, PATIENCE);
}

/* Few items with many nonces each: the loop in the kernel; and a single item. */
static void
test_few_items (void **state)
{
    static const uint64_t threads[] = {1, 2, 3, 100};

    (void)state;
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        struct opencl_session *const session = session_of ("", threads[i]);

        assert_true (opencl_session_group (session) <= threads[i]);
        check_random (session, 40);
        opencl_session_close (session, PATIENCE);
    }
}

/* The range wraps modulo 2^64, as scanners' ranges do. */
static void
test_wraps (void **state)
{
    static const uint8_t root[32];
    struct opencl_session *const session = session_of ("", 1048576);
    uint64_t value = 0;

    (void)state;
    value = value_of (root, 0);
    const struct scan_target exact = target_of (root, value, DIFFICULTY_AT_LEAST);
    const uint32_t found = launch (session, &exact, UINT64_MAX, 2);

    assert_true (found <= 1);
    assert_true (value_reaches (&exact, UINT64_MAX + (uint64_t)found, NULL));
    opencl_session_close (session, PATIENCE);
}

/* The vendors' rotates, their instructions spelt out: that each half comes from the right ones. */
static void
test_vendors_rotates (void **state)
{
    static const char *const options[] = {
        "-DROTATES_AMD " FUNNEL,
        "-DROTATES_NVIDIA " FUNNEL " " PERMUTE,
    };

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct opencl_session *const session = session_of (options[i], 1048576);

        check_values (session);
        check_random (session, 40);
        opencl_session_close (session, PATIENCE);
    }
}

static char build_log[4096];

/* The real one, and what the compiler had to say. */
static cl_int CL_API_CALL
build_and_listen (cl_program program, cl_uint count, const cl_device_id *devices,
                  const char *options, void (CL_CALLBACK *notify) (cl_program, void *), void *data)
{
    const struct opencl_api *const api = support_opencl_api ();
    const cl_int result = api->clBuildProgram (program, count, devices, options, notify, data);

    assert_int_equal (api->clGetProgramBuildInfo (program, devices[0], CL_PROGRAM_BUILD_LOG,
                                                  sizeof build_log, build_log, NULL),
                      CL_SUCCESS);
    return result;
}

/* What a CPU without wide registers has to say of a kernel's argument is of no device's concern: it
 * is the machine that calls the kernel that hands it over. */
static bool
is_about_arguments (const char *line)
{
    return strstr (line, "vector argument") != NULL && strstr (line, "changes the ABI") != NULL;
}

static void
test_no_warnings (void **state)
{
    struct opencl_api listening = *support_opencl_api ();
    const struct opencl_session_settings settings = {
        .api = &listening,
        .device = support_opencl_where (),
        .options = "",
        .threads = 1024,
        .reason = reason,
        .reason_size = sizeof reason,
    };
    struct opencl_session *session;

    (void)state;
    listening.clBuildProgram = build_and_listen;
    reason[0] = '\0';
    session = opencl_session_open (&settings);
    assert_string_equal (reason, "");
    assert_non_null (session);
    for (char *rest = build_log, *line; (line = strsep (&rest, "\r\n")) != NULL;) {
        if (!is_about_arguments (line)) {
            assert_string_equal (line, "");
        }
    }
    opencl_session_close (session, PATIENCE);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_value_vectors), cmocka_unit_test (test_first_vectors),
        cmocka_unit_test (test_like_portable), cmocka_unit_test (test_few_items),
        cmocka_unit_test (test_wraps),         cmocka_unit_test (test_vendors_rotates),
        cmocka_unit_test (test_no_warnings),
    };

    return support_opencl_find () ? cmocka_run_group_tests (tests, NULL, NULL) : 77;
}
