/* Threads: any thread allocates; the hook is set while there is one. */
#include "rpc/base/memory.h"

#include <event2/event.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/base/rpc_log.h"

static void (*end_hook) (void);

void
memory_set_hook (void (*hook) (void))
{
    end_hook = hook;
}

void
memory_end (void)
{
    rpc_log_write ("Out of memory: the process ends");
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
