#define _GNU_SOURCE 1 /* sched_getaffinity and the CPU_ macros */

#include "work/base/cpus.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "work/base/number.h"

/* More than any kernel is built for: bounds the search for the size of its mask. */
#define CPUS_MAX (1 << 20)

/* The CPUs that the quota of the group at `directory` amounts to; UINT_MAX where it has none. */
typedef unsigned (*quota_fn) (const char *directory);

static unsigned
lower (unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/*
 * The first line of directory/name, without its end. Returns 0, or -1 when there is no such file.
 */
static int
read_line (const char *directory, const char *name, char *line, int size)
{
    char path[PATH_MAX];
    const int length = snprintf (path, sizeof path, "%s/%s", directory, name);

    if (length < 0 || (size_t)length >= sizeof path) {
        return -1;
    }
    FILE *file = fopen (path, "re");
    if (file == NULL) {
        return -1;
    }
    const bool read = fgets (line, size, file) != NULL;
    (void)fclose (file); /* only read from: nothing is lost */
    if (!read) {
        return -1;
    }
    line[strcspn (line, "\n")] = '\0';
    return 0;
}

/*
 * Both in the same unit of time. "max" and "-1", which mean no quota, are no numbers to the parser.
 */
static unsigned
cpus_of_quota (const char *quota_text, const char *period_text)
{
    uint64_t quota;
    uint64_t period;

    if (number_parse_unsigned (quota_text, 1, UINT64_MAX, &quota) == -1 ||
        number_parse_unsigned (period_text, 1, UINT64_MAX, &period) == -1) {
        return UINT_MAX;
    }
    const uint64_t cpus = (quota - 1) / period;
    return cpus < UINT_MAX ? (unsigned)cpus + 1 : UINT_MAX;
}

static unsigned
quota_v2 (const char *directory)
{
    char line[64];

    if (read_line (directory, "cpu.max", line, sizeof line) == -1) {
        return UINT_MAX;
    }
    char *blank = strchr (line, ' ');
    if (blank == NULL) {
        return UINT_MAX;
    }
    *blank = '\0';
    return cpus_of_quota (line, blank + 1);
}

static unsigned
quota_v1 (const char *directory)
{
    char quota[32];
    char period[32];

    if (read_line (directory, "cpu.cfs_quota_us", quota, sizeof quota) == -1 ||
        read_line (directory, "cpu.cfs_period_us", period, sizeof period) == -1) {
        return UINT_MAX;
    }
    return cpus_of_quota (quota, period);
}

/*
 * Bounds `cpus` by the quotas of `group` and of all above it, up to the hierarchy's root. A
 * container may be told a path that exists only outside it, while its own group is mounted as the
 * root: groups that are not there are passed over, and the root is always looked at.
 */
static unsigned
bound_by_groups (unsigned cpus, const char *root, const char *group, quota_fn quota)
{
    char path[PATH_MAX];
    const bool outside = strstr (group, "/..") != NULL; /* above what our namespace shows */
    const int length = snprintf (path, sizeof path, "%s%s", root, outside ? "" : group);

    if (length < 0 || (size_t)length >= sizeof path) {
        return cpus;
    }
    for (;;) {
        cpus = lower (cpus, quota (path));
        char *slash = strrchr (path + strlen (root), '/');
        if (slash == NULL) {
            return cpus;
        }
        *slash = '\0';
    }
}

static unsigned
bound_by_groups_v1 (unsigned cpus, const char *mount, const char *controllers, const char *group)
{
    char root[PATH_MAX];
    const int length = snprintf (root, sizeof root, "%s/%s", mount, controllers);

    if (length < 0 || (size_t)length >= sizeof root) {
        return cpus;
    }
    return bound_by_groups (cpus, root, group, quota_v1);
}

static bool
list_has (const char *list, const char *name)
{
    const size_t length = strlen (name);

    for (;;) {
        const size_t item = strcspn (list, ",");
        if (item == length && strncmp (list, name, length) == 0) {
            return true;
        }
        if (list[item] == '\0') {
            return false;
        }
        list += item + 1;
    }
}

/*
 * `line` is "hierarchy:controllers:group"; version 2 has no controllers there. It is cut up here.
 */
static unsigned
bound_by_line (unsigned cpus, const char *mount, char *line)
{
    line[strcspn (line, "\n")] = '\0';

    char *controllers = strchr (line, ':');
    char *group = controllers == NULL ? NULL : strchr (controllers + 1, ':');
    if (group == NULL) {
        return cpus;
    }
    *group++ = '\0';
    controllers++;

    if (*controllers == '\0') {
        return bound_by_groups (cpus, mount, group, quota_v2);
    }
    if (list_has (controllers, "cpu")) {
        /*
         * Mounted under the whole list's name; "cpu" is most often a link to it, or the only one.
         */
        cpus = bound_by_groups_v1 (cpus, mount, controllers, group);
        return bound_by_groups_v1 (cpus, mount, "cpu", group);
    }
    return cpus;
}

unsigned
cpus_available_at (unsigned affinity, const char *self, const char *mount)
{
    unsigned cpus = affinity > 0 ? affinity : 1;
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen (self, "re");

    if (file == NULL) {
        return cpus;
    }
    while (getline (&line, &size, file) != -1) {
        cpus = bound_by_line (cpus, mount, line);
    }
    free (line);
    (void)fclose (file);
    return cpus;
}

/* The CPUs in this process's affinity mask; 1 when the kernel will not say. */
static unsigned
affinity_count (void)
{
    /* The kernel's mask may be wider than a cpu_set_t, and EINVAL is how it says so. */
    for (unsigned capacity = CPU_SETSIZE; capacity <= CPUS_MAX; capacity *= 2) {
        const size_t size = CPU_ALLOC_SIZE (capacity);
        cpu_set_t *set = CPU_ALLOC (capacity);
        if (set == NULL) {
            return 1;
        }
        const bool known = sched_getaffinity (0, size, set) == 0;
        const bool narrow = !known && errno == EINVAL;
        const int count = known ? CPU_COUNT_S (size, set) : 1;
        CPU_FREE (set);
        if (!narrow) {
            return (unsigned)count;
        }
    }
    return 1;
}

unsigned
cpus_available (void)
{
    return cpus_available_at (affinity_count (), "/proc/self/cgroup", "/sys/fs/cgroup");
}

void
cpus_model (char *text, size_t size)
{
    static const char field[] = "model name";
    FILE *file = fopen ("/proc/cpuinfo", "re");
    struct utsname system;
    char line[256];

    (void)snprintf (text, size, "%s", uname (&system) == 0 ? system.machine : "unknown");
    while (file != NULL && fgets (line, sizeof line, file) != NULL) {
        const char *colon = strchr (line, ':');
        if (colon != NULL && strncmp (line, field, sizeof field - 1) == 0) {
            const char *name = colon + 1 + strspn (colon + 1, " ");
            (void)snprintf (text, size, "%.*s", (int)strcspn (name, "\n"), name);
            break;
        }
    }
    if (file != NULL) {
        (void)fclose (file); /* only read from: nothing is lost */
    }
}
