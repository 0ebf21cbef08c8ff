#include "node/base/system_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"
#include "work/base/number.h"

/* What a group of many members takes; the first try is a page. */
enum { FIRST_SIZE = 4096, MOST_SIZE = 1024 * 1024 };

/* The highest number stands for "no change" in the system's calls. */
static int
read_number (const char *text, uint32_t *number)
{
    uint64_t value;

    if (number_parse_unsigned (text, 0, UINT32_MAX - 1, &value) != 0) {
        return -1;
    }
    *number = (uint32_t)value;
    return 0;
}

/* By name, or where that is NULL by number. Returns 0, or an error; ENOENT is that there is none.
 */
static int
look_up (const char *name, uid_t uid, char *buffer, size_t size, struct system_user *user)
{
    struct passwd entry;
    struct passwd *found = NULL;
    const int failed = name != NULL ? getpwnam_r (name, &entry, buffer, size, &found)
                                    : getpwuid_r (uid, &entry, buffer, size, &found);

    if (found == NULL) {
        return failed != 0 ? failed : ENOENT;
    }
    if (strlen (entry.pw_name) >= sizeof user->name || strlen (entry.pw_dir) >= sizeof user->home) {
        return ENAMETOOLONG;
    }
    *user = (struct system_user){.uid = entry.pw_uid, .gid = entry.pw_gid, .is_known = true};
    (void)snprintf (user->name, sizeof user->name, "%s", entry.pw_name);
    (void)snprintf (user->home, sizeof user->home, "%s", entry.pw_dir);
    return 0;
}

static int
look_up_group (const char *name, char *buffer, size_t size, gid_t *gid)
{
    struct group entry;
    struct group *found = NULL;
    const int failed = getgrnam_r (name, &entry, buffer, size, &found);

    if (found == NULL) {
        return failed != 0 ? failed : ENOENT;
    }
    *gid = entry.gr_gid;
    return 0;
}

static int
find_user (const char *name, uid_t uid, struct system_user *user)
{
    int failed = ERANGE;

    for (size_t size = FIRST_SIZE; failed == ERANGE && size <= MOST_SIZE; size *= 4) {
        char *const buffer = memory_new (size, 1);

        failed = look_up (name, uid, buffer, size, user);
        free (buffer);
    }
    return failed == 0 ? 0 : -1;
}

int
system_user_find (const char *text, struct system_user *user)
{
    uint32_t number;

    if (read_number (text, &number) != 0) {
        return find_user (text, 0, user);
    }
    if (find_user (NULL, number, user) != 0) {
        *user = (struct system_user){.uid = number};
    }
    return 0;
}

int
system_user_find_group (const char *text, gid_t *gid)
{
    int failed = ERANGE;
    uint32_t number;

    if (read_number (text, &number) == 0) {
        *gid = number;
        return 0;
    }
    for (size_t size = FIRST_SIZE; failed == ERANGE && size <= MOST_SIZE; size *= 4) {
        char *const buffer = memory_new (size, 1);

        failed = look_up_group (text, buffer, size, gid);
        free (buffer);
    }
    return failed == 0 ? 0 : -1;
}
