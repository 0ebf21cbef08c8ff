/*
 * Memory. In src/rpc and src/node an allocation that fails ends the process with one line in the
 * log: a service manager starts it again, the store is safe, and no code has a path for it that
 * nobody ever walked. What keeps memory from running out is bounds, on bytes, connections, jobs and
 * queues. src/work, which others embed, returns errors instead.
 *
 * Global, as the libraries' hooks are. Any thread.
 */
#ifndef RPC_MEMORY_H
#define RPC_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* `count` objects of `size` bytes, zeroed. Never NULL. The caller's to free (). */
void *memory_new (size_t count, size_t size) __attribute__ ((malloc, returns_nonnull));

/* `old`, or NULL, with room for `count` objects; what is added is not zeroed. Never NULL. */
void *memory_resize (void *old, size_t count, size_t size) __attribute__ ((returns_nonnull));

/* A copy of `text`, or NULL for NULL. The caller's to free (). */
char *memory_text (const char *text);

/* `made`, which a library returned: where it is NULL for want of memory, the process ends. */
void *memory_need (void *made) __attribute__ ((returns_nonnull));

/* The same for a call that says whether it could do its work. */
void memory_require (bool done);

/* Ends the process: says "Out of memory" through rpc_log.h, calls the hook, exits with status 1. */
void memory_end (void) __attribute__ ((noreturn));

/*
 * Has `hook` called before the process ends, for a program that embeds us; it may end the process
 * its own way. NULL, as in the beginning, is none. Before other threads start.
 */
void memory_set_hook (void (*hook) (void));

/*
 * Has the allocations of libevent and jansson end the process as well, since neither stands their
 * failing. For a program that owns the process: before either library is used, once.
 */
void memory_own_libraries (void);

#endif
