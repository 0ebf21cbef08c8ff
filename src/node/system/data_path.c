#include "node/system/data_path.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/base/memory.h"

/*
 * The directory in the environment variable `name`, or NULL. The XDG specification has a relative
 * one ignored, and what it names would depend on where we were started.
 */
static const char *
directory_from_environment (const char *name)
{
    const char *const value = getenv (name);

    return value != NULL && value[0] == '/' ? value : NULL;
}

static const char *
home_directory (void)
{
    const char *const home = directory_from_environment ("HOME");

    if (home != NULL) {
        return home;
    }
    const struct passwd *const user = getpwuid (getuid ());

    return user != NULL && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

static char *
join (const char *directory, const char *rest)
{
    const size_t size = strlen (directory) + strlen (rest) + 1;
    char *const path = memory_new (size, 1);

    (void)snprintf (path, size, "%s%s", directory, rest);
    return path;
}

char *
data_path_default (const char **error)
{
    const char *const data = directory_from_environment ("XDG_DATA_HOME");
    const char *const home = data != NULL ? NULL : home_directory ();

    if (data == NULL && home == NULL) {
        *error = "no home directory is known, give --data_path DIR";
        return NULL;
    }
    return data != NULL ? join (data, "/workpeer") : join (home, "/.local/share/workpeer");
}
