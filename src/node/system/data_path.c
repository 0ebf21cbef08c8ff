#define _GNU_SOURCE 1 /* asprintf */

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

char *
data_path_default (const char **error)
{
    const char *const data = directory_from_environment ("XDG_DATA_HOME");
    const char *home = directory_from_environment ("HOME");
    char *path = NULL;

    if (data == NULL && home == NULL) {
        const struct passwd *const user = getpwuid (getuid ());

        home = user != NULL && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
    }
    if (data == NULL && home == NULL) {
        *error = "no home directory is known, give --data_path DIR";
        return NULL;
    }
    memory_require (asprintf (&path, "%s%s", data != NULL ? data : home,
                              data != NULL ? "/workpeer" : "/.local/share/workpeer") >= 0);
    return path;
}
