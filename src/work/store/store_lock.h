/*
 * The store's directory, and the lock that keeps a second daemon out of it. The kernel lets go of
 * the lock when the process ends, however it does.
 */
#ifndef WORK_STORE_LOCK_H
#define WORK_STORE_LOCK_H

#include <stddef.h>

/*
 * Makes the directory `path`, and those above it, if need be (mode 0700), and locks it. Returns a
 * descriptor, whose closing unlocks, or -1 with a message in `error`.
 */
int store_lock (const char *path, char *error, size_t error_size);

#endif
