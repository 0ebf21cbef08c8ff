/*
 * The queue's order, and its heap against a plain array that is searched from end to end.
 */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seed.h"
#include "work/base/queue.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

enum { PLACES = 100, OPERATIONS = 50000 };

static void
order_is_class_then_due_then_order (void **state)
{
    static const struct queue_place sorted[] = {
        {.class = 0, .due = -1, .order = 9},   {.class = 0, .due = 0, .order = 3},
        {.class = 0, .due = 0, .order = 4},    {.class = 0, .due = 0.5, .order = 1},
        {.class = 0, .due = 1e30, .order = 8}, {.class = 1, .due = -2, .order = 7},
        {.class = 1, .due = 0, .order = 2},    {.class = 2, .due = -3, .order = 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT (sorted); i++) {
        for (size_t j = 0; j < COUNT (sorted); j++) {
            assert_int_equal (queue_before (&sorted[i], &sorted[j]), i < j);
        }
    }
}

static void
place_in_the_heap_is_no_part_of_the_order (void **state)
{
    const struct queue_place early = {.due = 1, .order = 1, .index = 5};
    const struct queue_place late = {.due = 1, .order = 2, .index = 0};

    (void)state;
    assert_true (queue_before (&early, &late));
    assert_false (queue_before (&late, &early));
}

static void
shorter_is_due_earlier (void **state)
{
    (void)state;
    assert_true (queue_due (10, 0.001) < queue_due (10, 0.002));
    assert_true (queue_due (10, 0) >= 10 - DBL_EPSILON);
    assert_true (queue_due (10, 0) <= 10 + DBL_EPSILON);
}

/* What comes while a job waits its allowance may overtake it; what comes later may not. */
static void
waiting_ages (void **state)
{
    const double since = 1000;
    const double length = 60;
    const struct queue_place aged = {.due = queue_due (since, length), .order = 1};
    const struct queue_place in_time = {.due = queue_due (since + 3.9 * length, 0.01), .order = 2};
    const struct queue_place too_late = {.due = queue_due (since + 4.1 * length, 0.01), .order = 3};

    (void)state;
    assert_true (queue_before (&in_time, &aged));
    assert_true (queue_before (&aged, &too_late));
}

/* Every due time has changed: the places come out in the new order. */
static void
reordered_queue_is_in_order (void **state)
{
    struct seed seed = seed_new ();
    struct queue_place places[PLACES];
    struct queue queue;

    (void)state;
    assert_int_equal (queue_init (&queue, PLACES), 0);
    for (size_t i = 0; i < PLACES; i++) {
        places[i] = (struct queue_place){
            .class = seed_below (&seed, 2), .due = seed_below (&seed, 50), .order = i};
        queue_insert (&queue, &places[i]);
    }
    for (size_t i = 0; i < PLACES; i++) {
        places[i].due = seed_below (&seed, 50);
    }
    queue_reorder (&queue);
    for (struct queue_place *place, *before = NULL; (place = queue_first (&queue)) != NULL;
         before = place) {
        assert_true (before == NULL || queue_before (before, place));
        queue_remove (&queue, place);
    }
    queue_clear (&queue);
}

static void
empty_queue_has_no_first (void **state)
{
    struct queue_place place = {.index = QUEUE_NOWHERE};
    struct queue queue;

    (void)state;
    assert_int_equal (queue_init (&queue, 1), 0);
    assert_null (queue_first (&queue));
    queue_insert (&queue, &place);
    assert_ptr_equal (queue_first (&queue), &place);
    assert_ptr_equal (queue_first (&queue), &place); /* it stays in */
    queue_remove (&queue, &place);
    assert_null (queue_first (&queue));
    assert_int_equal (place.index, QUEUE_NOWHERE);
    queue_remove (&queue, &place); /* nowhere already */
    assert_null (queue_first (&queue));
    queue_clear (&queue);
}

static void
no_capacity_is_no_error (void **state)
{
    struct queue queue;

    (void)state;
    assert_int_equal (queue_init (&queue, 0), 0);
    assert_null (queue_first (&queue));
    queue_clear (&queue);
}

static const struct queue_place *
first_of (const struct queue_place *places, size_t count)
{
    const struct queue_place *first = NULL;

    for (size_t i = 0; i < count; i++) {
        if (places[i].index != QUEUE_NOWHERE &&
            (first == NULL || queue_before (&places[i], first))) {
            first = &places[i];
        }
    }
    return first;
}

static void
insert_random (struct queue *queue, struct queue_place *place, struct seed *seed, uint64_t order)
{
    place->class = seed_below (seed, 3);
    place->due = seed_below (seed, 20) / 4.0; /* many are due at once */
    place->order = order;
    queue_insert (queue, place);
}

/* One step of a random life: most places come and go, some are taken out from the front. */
static void
step (struct queue *queue, struct queue_place *places, struct seed *seed, uint64_t order)
{
    struct queue_place *place = &places[seed_below (seed, PLACES)];

    if (seed_below (seed, 4) == 0) {
        place = queue_first (queue);
    }
    if (place != NULL && place->index == QUEUE_NOWHERE) {
        insert_random (queue, place, seed, order);
    } else if (place != NULL) {
        queue_remove (queue, place);
        assert_int_equal (place->index, QUEUE_NOWHERE);
    }
}

static void
heap_agrees_with_a_search (void **state)
{
    struct seed seed = seed_new ();
    struct queue_place places[PLACES];
    struct queue queue;

    (void)state;
    for (size_t i = 0; i < PLACES; i++) {
        places[i].index = QUEUE_NOWHERE;
    }
    assert_int_equal (queue_init (&queue, PLACES), 0);
    for (uint64_t order = 0; order < OPERATIONS; order++) {
        step (&queue, places, &seed, order);
        assert_ptr_equal (queue_first (&queue), first_of (places, PLACES));
    }
    queue_clear (&queue);
}

/* Fills the queue to its capacity and takes it apart from the front. */
static void
comes_out_sorted (void **state)
{
    struct seed seed = seed_new ();
    struct queue_place places[PLACES];
    const struct queue_place *last = NULL;
    struct queue queue;

    (void)state;
    assert_int_equal (queue_init (&queue, PLACES), 0);
    for (uint64_t i = 0; i < PLACES; i++) {
        insert_random (&queue, &places[i], &seed, i);
    }
    for (size_t i = 0; i < PLACES; i++) {
        struct queue_place *first = queue_first (&queue);
        assert_non_null (first);
        assert_true (last == NULL || queue_before (last, first));
        queue_remove (&queue, first);
        last = first;
    }
    assert_null (queue_first (&queue));
    queue_clear (&queue);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (order_is_class_then_due_then_order),
        cmocka_unit_test (place_in_the_heap_is_no_part_of_the_order),
        cmocka_unit_test (shorter_is_due_earlier),
        cmocka_unit_test (waiting_ages),
        cmocka_unit_test (reordered_queue_is_in_order),
        cmocka_unit_test (empty_queue_has_no_first),
        cmocka_unit_test (no_capacity_is_no_error),
        cmocka_unit_test (heap_agrees_with_a_search),
        cmocka_unit_test (comes_out_sorted),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
