#include "node/ownership.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The user's name, or number. */
static void
print_name (char *text, size_t size)
{
    struct system_user user;
    char number[16];

    (void)snprintf (number, sizeof number, "%u", (unsigned)geteuid ());
    if (system_user_find (number, &user) == 0 && user.is_known) {
        (void)snprintf (text, size, "%s", user.name);
    } else {
        (void)snprintf (text, size, "%s", number);
    }
}

void
ownership_user (char text[OWNERSHIP_USER_SIZE])
{
    char name[SYSTEM_USER_NAME_SIZE];

    print_name (name, sizeof name);
    (void)snprintf (text, OWNERSHIP_USER_SIZE, "user %s", name);
}

static bool
may (const char *path, int mode)
{
    return faccessat (AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

static bool
may_use_entries (const char *path)
{
    DIR *const directory = opendir (path);
    bool allowed = true;

    if (directory == NULL) {
        return false;
    }
    for (const struct dirent *entry; allowed && (entry = readdir (directory)) != NULL;) {
        allowed = faccessat (dirfd (directory), entry->d_name, R_OK | W_OK, AT_EACCESS) == 0 ||
                  errno != EACCES || strcmp (entry->d_name, "..") == 0;
    }
    (void)closedir (directory);
    return allowed;
}

/* Whether something could be made in what is there of the directories above `path`. */
static bool
may_make (const char *path)
{
    char parent[PATH_MAX];
    char *slash;

    if ((size_t)snprintf (parent, sizeof parent, "%s", path) >= sizeof parent) {
        return true; /* that is not what is wrong */
    }
    while ((slash = strrchr (parent, '/')) != NULL && slash > parent) {
        *slash = '\0';
        if (may (parent, F_OK) || errno != ENOENT) {
            return may (parent, W_OK | X_OK);
        }
    }
    return may (slash == parent ? "/" : ".", W_OK | X_OK);
}

void
ownership_advise (const char *path, bool is_directory, char text[OWNERSHIP_TEXT_SIZE])
{
    char name[SYSTEM_USER_NAME_SIZE];

    text[0] = '\0';
    print_name (name, sizeof name);
    if (may (path, F_OK)) {
        if (!may (path, is_directory ? R_OK | W_OK | X_OK : W_OK) ||
            (is_directory && !may_use_entries (path))) {
            (void)snprintf (text, OWNERSHIP_TEXT_SIZE, "; as root: chown %s%s: %s",
                            is_directory ? "-R " : "", name, path);
        }
    } else if (errno == EACCES) {
        (void)snprintf (text, OWNERSHIP_TEXT_SIZE,
                        "; user %s may not search the directories above it: name another place",
                        name);
    } else if (errno == ENOENT && !may_make (path)) {
        (void)snprintf (text, OWNERSHIP_TEXT_SIZE, "; as root: install -o %s %s %s", name,
                        is_directory ? "-m 0700 -d" : "-m 0640 /dev/null", path);
    }
}
