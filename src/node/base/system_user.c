#include "node/base/system_user.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"
#include "work/base/number.h"

/* Enough for a group of many members; pages that are not used cost nothing. */
#define BUFFER_SIZE (1024 * 1024)

/* The highest number stands for "no change" in the system's calls. */
static bool
read_number (const char *text, uint64_t *number)
{
    return number_parse_unsigned (text, 0, UINT32_MAX - 1, number) == 0;
}

/* By name, or where that is NULL by number. Returns 0, or -1. */
static int
find_user (const char *name, uid_t uid, struct system_user *user)
{
    char *const buffer = memory_new (BUFFER_SIZE, 1);
    struct passwd entry;
    struct passwd *found = NULL;

    (void)(name != NULL ? getpwnam_r (name, &entry, buffer, BUFFER_SIZE, &found)
                        : getpwuid_r (uid, &entry, buffer, BUFFER_SIZE, &found));
    if (found != NULL && strlen (entry.pw_name) < sizeof user->name &&
        strlen (entry.pw_dir) < sizeof user->home) {
        *user = (struct system_user){.uid = entry.pw_uid, .gid = entry.pw_gid, .is_known = true};
        strcpy (user->name, entry.pw_name);
        strcpy (user->home, entry.pw_dir);
    } else {
        found = NULL;
    }
    free (buffer);
    return found != NULL ? 0 : -1;
}

int
system_user_find (const char *text, struct system_user *user)
{
    uint64_t number;

    if (!read_number (text, &number)) {
        return find_user (text, 0, user);
    }
    if (find_user (NULL, (uid_t)number, user) != 0) {
        *user = (struct system_user){.uid = (uid_t)number};
    }
    return 0;
}

int
system_user_find_group (const char *text, gid_t *gid)
{
    char *buffer;
    struct group entry;
    struct group *found = NULL;
    uint64_t number;

    if (read_number (text, &number)) {
        *gid = (gid_t)number;
        return 0;
    }
    buffer = memory_new (BUFFER_SIZE, 1);
    (void)getgrnam_r (text, &entry, buffer, BUFFER_SIZE, &found);
    if (found != NULL) {
        *gid = entry.gr_gid;
    }
    free (buffer);
    return found != NULL ? 0 : -1;
}
