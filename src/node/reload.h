/*
 * Reload: the configuration read again while the daemon serves. A thread reads the files, so that
 * the loop does not wait for a disk; what it found is handed over on the loop.
 *
 * Event-loop thread, but for the reading.
 */
#ifndef NODE_RELOAD_H
#define NODE_RELOAD_H

#include <event2/event.h>

#include "node/config.h"

struct reload;

/*
 * Called when the files have been read: `config`, the callee's, or NULL when there are errors; and
 * what there was to say, only for the call.
 */
typedef void (*reload_done_fn) (void *data, struct config *config,
                                const struct config_report *report);

/* `sources` and what it points to outlive it. NULL for want of memory or descriptors. */
struct reload *reload_new (struct event_base *base, const struct config_sources *sources,
                           reload_done_fn done, void *data);

/*
 * Begins to read. Asked again meanwhile, it reads once more when it is through. Returns 0, or -1
 * when no thread can be started.
 */
int reload_start (struct reload *reload);

/* Waits for the thread. `done` is not called. NULL is fine. */
void reload_free (struct reload *reload);

#endif
