/*
 * The file that holds the daemon's process id, locked while the daemon lives.
 */
#ifndef NODE_PID_FILE_H
#define NODE_PID_FILE_H

#include <stddef.h>

struct pid_file;

/*
 * Writes this process's id to `path`. Returns NULL with a message in `error` when that cannot be
 * done, or when another process holds the file.
 */
struct pid_file *pid_file_new (const char *path, char *error, size_t error_size);

/*
 * Removes the file; or, where that is not allowed to whom the process has become meanwhile, empties
 * it. NULL is fine.
 */
void pid_file_free (struct pid_file *file);

#endif
