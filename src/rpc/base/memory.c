/*
 * Threads: any thread allocates. What is set aside is one pointer, which is exchanged whole.
 */
#include "rpc/base/memory.h"

#include <event2/event.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/base/trouble.h"

/* More than a request, its answer and the next request take. */
#define RESERVE_SIZE 262144

static struct {
    _Atomic (void *) reserve; /* NULL: given up */
    _Atomic uint64_t failures;
} state;

/* As soon as there is as much again. */
static void
refill (void)
{
    void *none = NULL;
    void *const reserve = malloc (RESERVE_SIZE);

    if (!atomic_compare_exchange_strong (&state.reserve, &none, reserve)) {
        free (reserve); /* another thread was first */
    }
}

/* Gives up what was set aside. Returns whether there was any. */
static bool
give_up (void)
{
    void *const reserve = atomic_exchange (&state.reserve, NULL);

    trouble_tell (reserve != NULL ? "Out of memory: what was set aside is used"
                                  : "Out of memory, and nothing is set aside any more");
    free (reserve);
    return reserve != NULL;
}

static void *
resize (void *memory, size_t size)
{
    void *resized;

    if (atomic_load_explicit (&state.reserve, memory_order_relaxed) == NULL) {
        refill ();
    }
    resized = realloc (memory, size);
    if (resized == NULL && size > 0 && give_up ()) {
        resized = realloc (memory, size);
    }
    if (resized == NULL && size > 0) {
        atomic_fetch_add (&state.failures, 1);
    }
    return resized;
}

static void *
allocate (size_t size)
{
    return resize (NULL, size);
}

void
memory_watch (void)
{
    refill ();
    event_set_mem_functions (allocate, resize, free);
    json_set_alloc_funcs (allocate, free);
}

uint64_t
memory_failures (void)
{
    return atomic_load (&state.failures);
}

void
memory_missed (const char *what)
{
    trouble_tell (MEMORY_ERROR ": %s", what);
}

void
memory_told (const char *error)
{
    if (strcmp (error, MEMORY_ERROR) == 0) {
        memory_missed ("a request is not met");
    }
}

static void (*end_hook) (void);

void
memory_set_hook (void (*hook) (void))
{
    end_hook = hook;
}

void
memory_end (void)
{
    trouble_tell (MEMORY_ERROR ": the process ends");
    if (end_hook != NULL) {
        end_hook ();
    }
    _exit (EXIT_FAILURE);
}

void *
memory_need (void *made)
{
    if (made == NULL) {
        memory_end ();
    }
    return made;
}

void
memory_require (bool done)
{
    if (!done) {
        memory_end ();
    }
}

void *
memory_new (size_t count, size_t size)
{
    return memory_need (calloc (count > 0 ? count : 1, size));
}

void *
memory_resize (void *old, size_t count, size_t size)
{
    return memory_need (reallocarray (old, count > 0 ? count : 1, size > 0 ? size : 1));
}

char *
memory_text (const char *text)
{
    return text != NULL ? memory_need (strdup (text)) : NULL;
}

static void *
own_allocate (size_t size)
{
    return memory_resize (NULL, 1, size);
}

static void *
own_resize (void *old, size_t size)
{
    return memory_resize (old, 1, size);
}

void
memory_own_libraries (void)
{
    event_set_mem_functions (own_allocate, own_resize, free);
    json_set_alloc_funcs (own_allocate, free);
}
