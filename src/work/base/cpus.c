#define _GNU_SOURCE 1 /* sched_getaffinity and the CPU_ macros */

#include "work/base/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "work/base/number.h"

/* The first line of directory/name, without its end; "" when there is no such file. */
static void
read_line (const char *directory, const char *name, char *line, int size)
{
    char path[PATH_MAX];
    const int length = snprintf (path, sizeof path, "%s/%s", directory, name);
    FILE *const file = length < (int)sizeof path ? fopen (path, "re") : NULL;

    line[0] = '\0';
    if (file == NULL) {
        return;
    }
    if (fgets (line, size, file) != NULL) {
        line[strcspn (line, "\n")] = '\0';
    }
    (void)fclose (file); /* only read from: nothing is lost */
}

/* The CPUs that the quota of the group at `directory` amounts to; UINT_MAX where it has none: "max"
 * and "-1" are no numbers to the parser. */
static unsigned
quota_of (const char *directory, bool v2)
{
    char quota_text[64];
    char period_text[64];
    uint64_t quota;
    uint64_t period;

    if (v2) {
        char *rest = quota_text;

        read_line (directory, "cpu.max", quota_text, sizeof quota_text);
        (void)strsep (&rest, " ");
        (void)snprintf (period_text, sizeof period_text, "%s", rest != NULL ? rest : "");
    } else {
        read_line (directory, "cpu.cfs_quota_us", quota_text, sizeof quota_text);
        read_line (directory, "cpu.cfs_period_us", period_text, sizeof period_text);
    }
    if (number_parse_unsigned (quota_text, 1, UINT64_MAX, &quota) == -1 ||
        number_parse_unsigned (period_text, 1, UINT64_MAX, &period) == -1) {
        return UINT_MAX;
    }
    const uint64_t cpus = (quota - 1) / period;
    return cpus < UINT_MAX ? (unsigned)cpus + 1 : UINT_MAX;
}

/*
 * Bounds `cpus` by the quotas of `group` and of all above it, up to the hierarchy's root. Version 2
 * has no controllers. A container may be told a path that exists only outside it, while its own
 * group is mounted as the root: groups that are not there are passed over, and the root is always
 * looked at.
 */
static unsigned
bound_by_groups (unsigned cpus, const char *mount, const char *controllers, const char *group)
{
    const bool outside = strstr (group, "/..") != NULL; /* above what our namespace shows */
    const bool v2 = controllers[0] == '\0';
    const size_t root = strlen (mount) + !v2 + strlen (controllers);
    char path[PATH_MAX];
    const int length = snprintf (path, sizeof path, "%s%s%s%s", mount, v2 ? "" : "/", controllers,
                                 outside ? "" : group);

    if (length >= (int)sizeof path) {
        return cpus;
    }
    for (;;) {
        const unsigned quota = quota_of (path, v2);
        char *const slash = strrchr (path + root, '/');

        cpus = quota < cpus ? quota : cpus;
        if (slash == NULL) {
            return cpus;
        }
        *slash = '\0';
    }
}

/* `line` is "hierarchy:controllers:group". It is cut up here. */
static unsigned
bound_by_line (unsigned cpus, const char *mount, char *line)
{
    char *rest = line;
    char list[PATH_MAX];

    line[strcspn (line, "\n")] = '\0';
    (void)strsep (&rest, ":");
    const char *const controllers = strsep (&rest, ":");

    if (rest == NULL || *controllers == '\0') {
        return rest == NULL ? cpus : bound_by_groups (cpus, mount, "", rest);
    }
    (void)snprintf (list, sizeof list, ",%s,", controllers);
    if (strstr (list, ",cpu,") == NULL) {
        return cpus;
    }
    /* Mounted under the whole list's name; "cpu" is most often a link to it, or the only one. */
    cpus = bound_by_groups (cpus, mount, controllers, rest);
    return bound_by_groups (cpus, mount, "cpu", rest);
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

unsigned
cpus_available (void)
{
    cpu_set_t mask[64]; /* more CPUs than any kernel is built for; one set may not be enough */
    const bool known = sched_getaffinity (0, sizeof mask, mask) == 0;

    return cpus_available_at (known ? (unsigned)CPU_COUNT_S (sizeof mask, mask) : 1,
                              "/proc/self/cgroup", "/sys/fs/cgroup");
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
