#include "node/base/ownership.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
ownership_user (char text[OWNERSHIP_USER_SIZE])
{
    struct system_user user;
    char number[16];

    (void)snprintf (number, sizeof number, "%u", (unsigned)geteuid ());
    (void)system_user_find (number, &user); /* a number is always somebody */
    (void)snprintf (text, OWNERSHIP_USER_SIZE, "user %s", user.is_known ? user.name : number);
}

/* Whether it is the owner or the mode that forbids it, and not a file system, say. */
static bool
is_denied (int directory, const char *path, int mode)
{
    return faccessat (directory, path, mode, AT_EACCESS) != 0 && errno == EACCES;
}

/* Whether any file in a directory, which may be used itself, is denied. */
static bool
are_entries_denied (const char *path)
{
    DIR *const directory = opendir (path);
    bool denied = false;

    if (directory == NULL) {
        return errno == EACCES;
    }
    for (const struct dirent *entry; !denied && (entry = readdir (directory)) != NULL;) {
        denied = strcmp (entry->d_name, "..") != 0 &&
                 is_denied (dirfd (directory), entry->d_name, R_OK | W_OK);
    }
    (void)closedir (directory);
    return denied;
}

/*
 * Whether `path` cannot be made where it belongs. install(1) makes the directories above a
 * directory, so for one of these the lowest that exists is looked at; a file needs the one that it
 * is in.
 */
static bool
is_making_denied (const char *path, bool is_directory)
{
    char parent[PATH_MAX];
    char *slash;

    if ((size_t)snprintf (parent, sizeof parent, "%s", path) >= sizeof parent) {
        return false;
    }
    while ((slash = strrchr (parent, '/')) != NULL && slash > parent) {
        *slash = '\0';
        if (!is_directory || access (parent, F_OK) == 0) {
            return is_denied (AT_FDCWD, parent, W_OK | X_OK);
        }
    }
    return is_denied (AT_FDCWD, slash == parent ? "/" : ".", W_OK | X_OK);
}

void
ownership_advise (const char *path, bool is_directory, char text[OWNERSHIP_TEXT_SIZE])
{
    const int mode = is_directory ? R_OK | W_OK | X_OK : W_OK;
    char user[OWNERSHIP_USER_SIZE];
    const char *const name = user + strlen ("user ");

    text[0] = '\0';
    ownership_user (user);
    if (is_denied (AT_FDCWD, path, F_OK)) {
        (void)snprintf (text, OWNERSHIP_TEXT_SIZE,
                        "; %s has no access to the directories above it: choose another path",
                        user);
    } else if (is_denied (AT_FDCWD, path, mode) || (is_directory && are_entries_denied (path))) {
        (void)snprintf (text, OWNERSHIP_TEXT_SIZE, "; as root: chown %s%s: %s",
                        is_directory ? "-R " : "", name, path);
    } else if (access (path, F_OK) != 0 && is_making_denied (path, is_directory)) {
        (void)snprintf (text, OWNERSHIP_TEXT_SIZE, "; as root: install -o %s %s %s", name,
                        is_directory ? "-m 0700 -d" : "-m 0640 /dev/null", path);
    }
}
