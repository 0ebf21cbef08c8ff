/*
 * Advice for who changed the daemon's user and not the owner of its files. Any thread. Asks the
 * user database, which may take a while: for what has gone wrong already.
 */
#ifndef NODE_OWNERSHIP_H
#define NODE_OWNERSHIP_H

#include <stdbool.h>
#include <stddef.h>

#include "node/base/system_user.h"

#define OWNERSHIP_TEXT_SIZE 8704 /* two paths */

#define OWNERSHIP_USER_SIZE (SYSTEM_USER_NAME_SIZE + sizeof "user ")

/* Writes "user NAME" or "user 1000": whoever runs this process. */
void ownership_user (char text[OWNERSHIP_USER_SIZE]);

/*
 * Writes "; as root: COMMAND" with the command that lets this process's user write to `path`, a
 * directory with its files or else a file, there or not; or "" when that is not what is wrong.
 */
void ownership_advise (const char *path, bool is_directory, char text[OWNERSHIP_TEXT_SIZE]);

#endif
