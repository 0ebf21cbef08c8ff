#include "work/base/directory.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

int
directory_make (const char *path)
{
    char part[PATH_MAX];
    const size_t length = strlen (path);
    struct stat status;

    if (length == 0 || length >= sizeof part) {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy (part, path, i);
        part[i] = '\0';
        if (mkdir (part, 0700) != 0 && errno != EEXIST) {
            const int reason = errno; /* a read-only file system says so of what is there, too */

            if (stat (part, &status) != 0) {
                errno = reason;
                return -1;
            }
        }
    }
    return 0;
}
