/*
 * The pool's queue: jobs in the order in which they should be worked on, and that order.
 *
 * A job's place: its class first; within a class its due time, which is when it was asked for plus
 * a few times what it is expected to take. A long job is overtaken by shorter ones only until it
 * has waited a few times its own length, so nothing in a class waits for ever. All durations are
 * expected at the same speed: when that changes, all due times are made anew, and queue_reorder
 * called.
 *
 * A binary heap of pointers. No locks: the pool holds its own around every call.
 */
#ifndef WORK_QUEUE_H
#define WORK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A job's waiting allowance: how many times its own expected duration it lets shorter ones by. */
#define QUEUE_PATIENCE 4.0

/* A job's place in the order; embedded in the job. */
struct queue_place {
    unsigned class; /* lower goes first, always */
    double due;     /* seconds, on the clock of the pool: earlier goes first */
    uint64_t order; /* breaks ties: earlier submitted goes first */
    size_t index;   /* where in the heap; QUEUE_NOWHERE when not in it */
};

#define QUEUE_NOWHERE SIZE_MAX

struct queue {
    struct queue_place **heap;
    size_t count;
    size_t capacity;
};

/* Makes an empty queue for up to `capacity` jobs. Returns 0, or -1 for want of memory. */
int queue_init (struct queue *queue, size_t capacity);
void queue_clear (struct queue *queue);

/* The due time, in seconds, of a job asked for at `since` that is expected to take `duration`. */
double queue_due (double since, double duration);

/* Whether `a` goes before `b`. A strict order. */
bool queue_before (const struct queue_place *a, const struct queue_place *b);

/* Puts a place that is nowhere in. The caller keeps within the capacity. */
void queue_insert (struct queue *queue, struct queue_place *place);

/* Takes a place out; one that is nowhere stays so. */
void queue_remove (struct queue *queue, struct queue_place *place);

/* Puts every place right after due times of any of them have changed. */
void queue_reorder (struct queue *queue);

/* The place that goes before all others, or NULL. It stays in. */
struct queue_place *queue_first (const struct queue *queue);

#endif
