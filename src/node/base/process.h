/*
 * What the system says of this process. Event-loop thread: reads a few small files of /proc, which
 * are no disk's.
 */
#ifndef NODE_PROCESS_H
#define NODE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct process {
    double cpu_seconds; /* of all threads, the system's on their behalf included */
    bool has_memory;
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    bool has_descriptors;
    uint64_t descriptors;     /* open */
    uint64_t max_descriptors; /* that may be; UINT64_MAX is without a bound */
};

/*
 * Opens those of descriptors 0 to 2 that were closed at the start, so that no file which is opened
 * later is read or written as standard input, output or error. What cannot be opened stays closed.
 * Standard output is then one that cannot be written: a result that goes nowhere is a failure.
 */
void process_open_standard (void);

/*
 * Has memory that was allocated in large pieces go back to the system as soon as it is freed; to be
 * called before threads start. Else the C library keeps what each engine that a reload replaces has
 * left, once for every thread that ever allocated one.
 */
void process_return_memory (void);

/* What cannot be known is not there. */
void process_read (struct process *process);

#endif
