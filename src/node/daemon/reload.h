/*
 * Reload: a thread reads the configuration again and starts the devices that it names, so the loop
 * waits for no disk and no driver. The result is handed over on the loop.
 *
 * Event-loop thread, but for the reading.
 */
#ifndef NODE_RELOAD_H
#define NODE_RELOAD_H

#include <event2/event.h>

#include <stdbool.h>

#include "node/config/config.h"
#include "node/engine/engine.h"

struct reload;

/* What has been read. */
struct reload_result {
    const struct config *config; /* whoever is called takes it over; NULL when there are errors */
    struct engine *engine; /* a started one for `config`, taken over likewise; NULL when the present
                              one will do, or none could be started: see `failed` */
    struct tls *tls;       /* for https, taken over likewise; or NULL */
    bool failed;           /* to start an engine or read authorities; the log says why */
    struct config_report report; /* what there was to say; only for the call */
};

typedef void (*reload_done_fn) (void *data, struct reload_result *result);

/* `sources` outlive it. NULL, having logged so, for want of a descriptor. */
struct reload *reload_new (struct event_base *base, const struct config_sources *sources,
                           reload_done_fn done, void *data);

/*
 * Begins to read, and to start an engine where what is read needs another one than `present`, which
 * stays until `done` is called. With `keep_opencl_off` opencl.enable stays off, whatever is read:
 * some drivers start programs to compile with, and a process that may start none ends in one. Not
 * while one is reading. Returns 0, or -1 when no thread can be started.
 */
int reload_start (struct reload *reload, const struct config *present, bool keep_opencl_off);

/* Whether reload_start was called, and `done` not yet. */
bool reload_is_reading (const struct reload *reload);

/* Frees an engine that was not taken over. NULL is fine. */
void reload_free_engine (struct engine *engine);

/* Takes over an idle engine, and has a thread stop and free it from the loop's next turn on. */
void reload_retire (struct reload *reload, struct engine *engine);

/* Waits for the thread. `done` is not called. NULL is fine. */
void reload_free (struct reload *reload);

#endif
