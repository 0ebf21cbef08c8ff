/* Threads that are started beside the program's own, and what they wait on. */
#ifndef WORK_THREAD_H
#define WORK_THREAD_H

#include <pthread.h>
#include <stdint.h>

/*
 * Starts a thread that calls `run` with `data`. No signal but a fault of its own disturbs it, nor
 * the threads that it starts, as drivers do: signals are for the threads that wait for them. The
 * caller joins it or detaches it. Any thread. Returns 0 or an error number, as pthread_create does.
 */
int thread_start (pthread_t *thread, void *(*run) (void *data), void *data);

/*
 * Makes a lock, and a condition for thread_wait to wait on with it. Returns 0, or -1 with neither
 * made.
 */
int thread_lock_init (pthread_mutex_t *lock, pthread_cond_t *condition);

/* Waits for the condition, or until `until` (clock_now's time; 0 is no limit). Lock held. */
void thread_wait (pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until);

#endif
