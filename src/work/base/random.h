/* Random bytes. Any thread. */
#ifndef WORK_RANDOM_H
#define WORK_RANDOM_H

#include <stdlib.h>
#include <sys/random.h>

/* Fills `bytes`, at most 256 of them: so few the kernel always gives, and gives whole. */
static inline void
random_fill (void *bytes, size_t size)
{
    if (getrandom (bytes, size, 0) != (ssize_t)size) {
        abort ();
    }
}

#endif
