/*
 * Memory that runs short. libevent's and jansson's allocations pass through here, because neither
 * stands their failing: libevent's server crashes on some, and forgets a part of an answer on
 * others; jansson's reader drops a byte of a text and goes on. So some memory is set aside, and
 * given up when they find no more: what is under way then ends well, or is seen to have failed.
 *
 * Whenever memory was not to be had, trouble.h is told. Global, as the libraries' hooks are. Any
 * thread, save for memory_watch.
 */
#ifndef RPC_MEMORY_H
#define RPC_MEMORY_H

#include <stdint.h>

/* Has the libraries allocate through here. Before either is used, and once. */
void memory_watch (void);

/*
 * How often the libraries have not got memory, what was set aside included; 0 without memory_watch.
 * Where it has grown during a call of theirs, the call's result is worth nothing, whatever it says.
 */
uint64_t memory_failures (void);

/* Tells of what was not done for want of memory of our own: "a client is not watched". */
void memory_missed (const char *what);

/* What a client is told then. */
#define MEMORY_ERROR "Out of memory"

/* Tells when `error`, which a client is about to be told, is that. */
void memory_told (const char *error);

#endif
