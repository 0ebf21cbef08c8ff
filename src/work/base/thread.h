/* Threads that are started beside the program's own. */

#ifndef WORK_THREAD_H
#define WORK_THREAD_H

#include <pthread.h>

/*
 * Starts a thread that calls `run` with `data`. No signal but a fault of its own disturbs it, nor
 * the threads that it starts, as drivers do: signals are for the threads that wait for them. The
 * caller joins it or detaches it. Any thread. Returns 0 or an error number, as pthread_create does.
 */
int thread_start (pthread_t *thread, void *(*run) (void *data), void *data);

#endif
