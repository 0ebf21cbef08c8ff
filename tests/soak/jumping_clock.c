/*
 * A wall clock that jumps, for a program that this is preloaded into: real time plus the signed
 * nanoseconds that stand, 8 bytes of this machine's order, in the file that JUMPING_CLOCK names.
 * The monotonic clocks are as they are: those cannot jump.
 *
 * Any thread. The file is mapped before main, and stays so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C (1000000000)

static const _Atomic int64_t *offset;

__attribute__ ((constructor)) static void
map_offset (void)
{
    const char *const path = getenv ("JUMPING_CLOCK");
    const int fd = path != NULL ? open (path, O_RDONLY | O_CLOEXEC) : -1;
    void *const map =
        fd >= 0 ? mmap (NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (map == MAP_FAILED) {
        perror ("jumping_clock: JUMPING_CLOCK names no file that can be read");
        _exit (1);
    }
    (void)close (fd);
    offset = map;
}

/* By the system call: the C library's function is this one. */
static int
real_clock (clockid_t clock, struct timespec *now)
{
    return (int)syscall (SYS_clock_gettime, clock, now);
}

static bool
jumps (clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

int
clock_gettime (clockid_t clock, struct timespec *now)
{
    int64_t time;

    if (real_clock (clock, now) != 0) {
        return -1;
    }
    if (offset != NULL && jumps (clock)) {
        time = now->tv_sec * SECOND + now->tv_nsec + atomic_load (offset);
        now->tv_sec = time / SECOND;
        now->tv_nsec = time % SECOND;
    }
    return 0;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
    struct timespec time;

    (void)zone;
    if (clock_gettime (CLOCK_REALTIME, &time) != 0) {
        return -1;
    }
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return 0;
}

time_t
time (time_t *copy)
{
    struct timespec now = {0};

    if (clock_gettime (CLOCK_REALTIME, &now) != 0) {
        return -1;
    }
    if (copy != NULL) {
        *copy = now.tv_sec;
    }
    return now.tv_sec;
}
