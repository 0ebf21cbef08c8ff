/*
 * The store's directory, and the lock that keeps a second daemon out of it. The kernel lets go of
 * the lock when the process ends, however it does; what the file says tells the next how it did.
 */
#ifndef WORK_STORE_LOCK_H
#define WORK_STORE_LOCK_H

#include <stddef.h>

/* What became of the store before. */
enum store_past {
    STORE_PAST_NONE,   /* the directory has not been a store's */
    STORE_PAST_CLOSED, /* it was closed, and nothing was wrong with it */
    STORE_PAST_OPEN,   /* it was not: the process was killed, or crashed, or errors were met */
};

/*
 * Makes the directory `path`, and those above it, if need be (mode 0700), and locks it. Until
 * store_unlock the file has it as STORE_PAST_OPEN. Returns a descriptor, or -1 with a message in
 * `error`.
 */
int store_lock (const char *path, enum store_past *past, char *error, size_t error_size);

/* Leaves `past` to the next, and unlocks. */
void store_unlock (int fd, enum store_past past);

#endif
