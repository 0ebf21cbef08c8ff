#include "work/base/queue.h"

#include <stdlib.h>

int
queue_init (struct queue *queue, size_t capacity)
{
    queue->heap = calloc (capacity > 0 ? capacity : 1, sizeof (struct queue_place *));
    queue->count = 0;
    queue->capacity = capacity;
    return queue->heap == NULL ? -1 : 0;
}

void
queue_clear (struct queue *queue)
{
    free (queue->heap);
    queue->heap = NULL;
    queue->count = 0;
}

double
queue_due (double since, double duration)
{
    return since + QUEUE_PATIENCE * duration;
}

bool
queue_before (const struct queue_place *a, const struct queue_place *b)
{
    if (a->class != b->class) {
        return a->class < b->class;
    }
    if (a->due < b->due || b->due < a->due) {
        return a->due < b->due;
    }
    return a->order < b->order;
}

static void
put (struct queue *queue, size_t index, struct queue_place *place)
{
    queue->heap[index] = place;
    place->index = index;
}

static void
sift_up (struct queue *queue, size_t index)
{
    struct queue_place *place = queue->heap[index];

    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (!queue_before (place, queue->heap[parent])) {
            break;
        }
        put (queue, index, queue->heap[parent]);
        index = parent;
    }
    put (queue, index, place);
}

static size_t
first_child (const struct queue *queue, size_t index)
{
    size_t left = 2 * index + 1;
    size_t right = left + 1;

    if (right < queue->count && queue_before (queue->heap[right], queue->heap[left])) {
        return right;
    }
    return left;
}

static void
sift_down (struct queue *queue, size_t index)
{
    struct queue_place *place = queue->heap[index];

    while (2 * index + 1 < queue->count) {
        size_t child = first_child (queue, index);
        if (!queue_before (queue->heap[child], place)) {
            break;
        }
        put (queue, index, queue->heap[child]);
        index = child;
    }
    put (queue, index, place);
}

void
queue_insert (struct queue *queue, struct queue_place *place)
{
    queue->count++;
    put (queue, queue->count - 1, place);
    sift_up (queue, place->index);
}

void
queue_remove (struct queue *queue, struct queue_place *place)
{
    size_t hole = place->index;

    if (hole == QUEUE_NOWHERE) {
        return;
    }
    place->index = QUEUE_NOWHERE;
    queue->count--;
    if (hole == queue->count) {
        return;
    }
    put (queue, hole, queue->heap[queue->count]);
    sift_up (queue, hole);
    sift_down (queue, hole);
}

void
queue_reorder (struct queue *queue)
{
    for (size_t index = queue->count / 2; index-- > 0;) {
        sift_down (queue, index);
    }
}

struct queue_place *
queue_first (const struct queue *queue)
{
    return queue->count > 0 ? queue->heap[0] : NULL;
}
