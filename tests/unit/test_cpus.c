#define _XOPEN_SOURCE 700 /* nftw, mkdtemp */

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "work/base/cpus.h"

#define PATH_SIZE 512

/*
 * A made-up machine: directory/self stands for /proc/self/cgroup, directory/cgroup for the mount.
 */
struct machine {
    char directory[PATH_SIZE / 4];
    char self[PATH_SIZE / 2];
    char mount[PATH_SIZE / 2];
};

static int
remove_entry (const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove (path);
}

static int
machine_set_up (void **state)
{
    struct machine *machine = calloc (1, sizeof *machine);
    const char *parent = getenv ("TMPDIR");

    assert_non_null (machine);
    const int length = snprintf (machine->directory, sizeof machine->directory, "%s/cpus-XXXXXX",
                                 parent == NULL ? "/tmp" : parent);
    assert_true (length > 0 && (size_t)length < sizeof machine->directory);
    assert_non_null (mkdtemp (machine->directory));
    (void)snprintf (machine->self, sizeof machine->self, "%s/self", machine->directory);
    (void)snprintf (machine->mount, sizeof machine->mount, "%s/cgroup", machine->directory);
    *state = machine;
    return 0;
}

static int
machine_tear_down (void **state)
{
    struct machine *machine = *state;
    const int result = nftw (machine->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);

    free (machine);
    return result;
}

static void
write_text (const char *path, const char *text)
{
    FILE *file = fopen (path, "w");

    assert_non_null (file);
    assert_true (fputs (text, file) >= 0);
    assert_int_equal (fclose (file), 0);
}

/* Writes mount/name, whose parents it makes. */
static void
put (const struct machine *machine, const char *name, const char *text)
{
    char path[PATH_SIZE];
    const int length = snprintf (path, sizeof path, "%s/%s", machine->mount, name);

    assert_true (length > 0 && (size_t)length < sizeof path);
    for (char *slash = strchr (path + strlen (machine->directory) + 1, '/'); slash != NULL;
         slash = strchr (slash + 1, '/')) {
        *slash = '\0';
        assert_true (mkdir (path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    write_text (path, text);
}

static unsigned
available (const struct machine *machine, unsigned affinity)
{
    return cpus_available_at (affinity, machine->self, machine->mount);
}

static void
no_groups_leave_the_affinity (void **state)
{
    const struct machine *machine = *state;

    assert_int_equal (available (machine, 6), 6); /* neither file nor mount */
    assert_int_equal (available (machine, 0), 1);
    write_text (machine->self, "0::/\n");
    assert_int_equal (available (machine, 6), 6);
    put (machine, "cpu.max", "max 100000\n");
    assert_int_equal (available (machine, 6), 6);
}

static void
quotas_round_up (void **state)
{
    static const struct {
        const char *text;
        unsigned cpus;
    } rows[] = {
        {"100000 100000\n", 1},          {"100001 100000\n", 2}, {"150000 100000\n", 2},
        {"200000 100000\n", 2},          {"1 100000\n", 1},      {"1000 100000\n", 1},
        {"250000 50000\n", 5},           {"800000 100000\n", 8}, {"800001 100000\n", 8},
        {"18446744073709551615 1\n", 8}, {"4294967296 1\n", 8},  {"300000 100000", 3},
    };
    const struct machine *machine = *state;

    write_text (machine->self, "0::/\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put (machine, "cpu.max", rows[i].text);
        assert_int_equal (available (machine, 8), rows[i].cpus);
    }
}

static void
unreadable_quotas_are_none (void **state)
{
    static const char *const bad[] = {
        "",      "\n",          "100000\n", "100000 \n",        "100000 0\n",
        "0 1\n", "-1 100000\n", "a b\n",    "100000 100000 1\n"};
    const struct machine *machine = *state;

    write_text (machine->self, "0::/\n");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put (machine, "cpu.max", bad[i]);
        assert_int_equal (available (machine, 8), 8);
    }
}

static void
the_tightest_group_counts (void **state)
{
    const struct machine *machine = *state;

    write_text (machine->self, "0::/user.slice/one.service\n");
    put (machine, "user.slice/one.service/cpu.max", "500000 100000\n");
    assert_int_equal (available (machine, 16), 5);
    put (machine, "user.slice/cpu.max", "300000 100000\n");
    assert_int_equal (available (machine, 16), 3);
    put (machine, "cpu.max", "200000 100000\n");
    assert_int_equal (available (machine, 16), 2);
    put (machine, "user.slice/one.service/cpu.max", "100000 100000\n");
    assert_int_equal (available (machine, 16), 1);
    put (machine, "user.slice/two.service/cpu.max", "50000 100000\n");
    put (machine, "user.slice/one.service/below/cpu.max", "1 100000\n");
    put (machine, "user.slice/one.service/cpu.max", "max 100000\n");
    assert_int_equal (available (machine, 16), 2); /* neither siblings nor children */
}

static void
a_quota_grants_no_more_than_the_affinity (void **state)
{
    const struct machine *machine = *state;

    write_text (machine->self, "0::/a\n");
    put (machine, "a/cpu.max", "800000 100000\n");
    assert_int_equal (available (machine, 3), 3);
}

static void
a_container_reads_its_root (void **state)
{
    const struct machine *machine = *state;

    put (machine, "cpu.max", "200000 100000\n");
    write_text (machine->self, "0::/docker/0123456789abcdef\n"); /* not in this mount */
    assert_int_equal (available (machine, 16), 2);
    write_text (machine->self, "0::/../../outside\n");
    assert_int_equal (available (machine, 16), 2);
}

static void
a_path_out_of_the_mount_is_not_followed (void **state)
{
    const struct machine *machine = *state;
    char path[PATH_SIZE];

    put (machine, "cpu.max", "max 100000\n");
    (void)snprintf (path, sizeof path, "%s/cpu.max", machine->directory);
    write_text (path, "100000 100000\n");
    write_text (machine->self, "0::/..\n");
    assert_int_equal (available (machine, 16), 16);
}

static void
version_1_quotas (void **state)
{
    const struct machine *machine = *state;

    write_text (machine->self, "5:memory:/box\n4:cpu,cpuacct:/box\n1:name=systemd:/box\n");
    put (machine, "cpu/box/cpu.cfs_quota_us", "-1\n");
    put (machine, "cpu/box/cpu.cfs_period_us", "100000\n");
    assert_int_equal (available (machine, 16), 16);
    put (machine, "cpu/box/cpu.cfs_quota_us", "350000\n");
    assert_int_equal (available (machine, 16), 4);
    put (machine, "cpu/cpu.cfs_quota_us", "250000\n");
    assert_int_equal (available (machine, 16), 4); /* a quota without a period is none */
    put (machine, "cpu/cpu.cfs_period_us", "100000\n");
    assert_int_equal (available (machine, 16), 3);
    put (machine, "cpu,cpuacct/box/cpu.cfs_quota_us", "150000\n");
    put (machine, "cpu,cpuacct/box/cpu.cfs_period_us", "100000\n");
    assert_int_equal (available (machine, 16), 2);
}

static void
version_1_groups_of_other_controllers (void **state)
{
    const struct machine *machine = *state;

    /* The cpu controller sits at the root here; only the others know the group "box". */
    write_text (machine->self, "5:cpuset:/box\n4:cpuacct,cpus:/box\n3:cpuacct,cpu:/\n");
    put (machine, "cpu/box/cpu.cfs_quota_us", "100000\n");
    put (machine, "cpu/box/cpu.cfs_period_us", "100000\n");
    put (machine, "cpuset/box/cpu.cfs_quota_us", "100000\n");
    put (machine, "cpuset/box/cpu.cfs_period_us", "100000\n");
    assert_int_equal (available (machine, 16), 16);
    put (machine, "cpuacct,cpu/cpu.cfs_quota_us", "500000\n");
    put (machine, "cpuacct,cpu/cpu.cfs_period_us", "100000\n");
    assert_int_equal (available (machine, 16), 5);
}

static void
both_versions_at_once (void **state)
{
    const struct machine *machine = *state;

    write_text (machine->self, "4:cpu,cpuacct:/old\n0::/new\n");
    put (machine, "cpu/old/cpu.cfs_quota_us", "700000\n");
    put (machine, "cpu/old/cpu.cfs_period_us", "100000\n");
    assert_int_equal (available (machine, 16), 7);
    put (machine, "new/cpu.max", "600000 100000\n");
    assert_int_equal (available (machine, 16), 6);
}

static void
groups_with_odd_names (void **state)
{
    const struct machine *machine = *state;

    put (machine, "a:b c/cpu.max", "300000 100000\n");
    write_text (machine->self, "0::/a:b c\n");
    assert_int_equal (available (machine, 16), 3);
    write_text (machine->self, "0::/a:b c"); /* the last line need not end */
    assert_int_equal (available (machine, 16), 3);
}

static void
lines_that_say_nothing (void **state)
{
    static const char *const lines[] = {"", "\n", "0\n", "0:\n", "::\n", "0:cpu\n", "\n\n0::/a\n"};
    const struct machine *machine = *state;

    put (machine, "a/cpu.max", "max 100000\n");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        write_text (machine->self, lines[i]);
        assert_int_equal (available (machine, 16), 16);
    }
}

static void
a_path_too_long_is_passed_over (void **state)
{
    const struct machine *machine = *state;
    static char text[20000];

    memset (text, 'a', sizeof text - 1);
    memcpy (text, "0::/", 4);
    write_text (machine->self, text);
    assert_int_equal (available (machine, 16), 16);
}

static void
this_process_has_a_cpu (void **state)
{
    (void)state;
    assert_true (cpus_available () >= 1);
    assert_true (cpus_available () <= (unsigned)sysconf (_SC_NPROCESSORS_CONF));
}

#define MACHINE_TEST(test) cmocka_unit_test_setup_teardown (test, machine_set_up, machine_tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST (no_groups_leave_the_affinity),
        MACHINE_TEST (quotas_round_up),
        MACHINE_TEST (unreadable_quotas_are_none),
        MACHINE_TEST (the_tightest_group_counts),
        MACHINE_TEST (a_quota_grants_no_more_than_the_affinity),
        MACHINE_TEST (a_container_reads_its_root),
        MACHINE_TEST (a_path_out_of_the_mount_is_not_followed),
        MACHINE_TEST (version_1_quotas),
        MACHINE_TEST (version_1_groups_of_other_controllers),
        MACHINE_TEST (both_versions_at_once),
        MACHINE_TEST (groups_with_odd_names),
        MACHINE_TEST (lines_that_say_nothing),
        MACHINE_TEST (a_path_too_long_is_passed_over),
        cmocka_unit_test (this_process_has_a_cpu),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
