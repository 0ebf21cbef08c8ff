/*
 * Code that may crash or hang, other people's mostly, run in a child process: what becomes of the
 * child is the answer.
 */
#ifndef WORK_CHILD_H
#define WORK_CHILD_H

enum child_end {
    CHILD_ANSWERED, /* `detail` is the answer */
    CHILD_ENDED,    /* it ended without one */
    CHILD_CRASHED,  /* by signal `detail`, a fault of its own or its limit of CPU time */
    CHILD_KILLED,   /* by signal `detail`, which somebody sent; 0 where that cannot be told */
    CHILD_LATE,     /* no answer in time */
    CHILD_NONE,     /* there was none: errno is `detail` */
};

struct child_result {
    enum child_end end;
    int detail;
};

/*
 * Calls `run` with `data` in a child of this process, which waits for its answer, 0 to 255, for
 * `patience` seconds; the child is gone then. The child has no signal handlers, leaves no core, has
 * no other file open than the first three, and ends with its parent. Forks: with other threads
 * about, `run` may use nothing that they may have locked.
 */
struct child_result child_run (int (*run) (const void *data), const void *data, double patience);

#endif
