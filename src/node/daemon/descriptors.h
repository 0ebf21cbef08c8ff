/* How the open files that the system allows are shared out. */
#ifndef NODE_DESCRIPTORS_H
#define NODE_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

/* Calls of peers at a time, where the system allows as many. */
#define DESCRIPTORS_CALLS 4096

/* Clients of a management port at a time. */
#define DESCRIPTORS_MANAGEMENT 32

struct descriptors {
    size_t connections; /* of clients, on each port */
    size_t calls;       /* of peers, at a time */
};

/*
 * Makes room for `wanted` clients on each of `ports` ports, at least 1, and for calls of peers, by
 * raising the process's limit on open files where it may. Where there is not enough, calls get a
 * quarter of what there is, and clients the rest; a warning says how many. Any thread.
 */
struct descriptors descriptors_share (uint64_t wanted, size_t ports);

#endif
