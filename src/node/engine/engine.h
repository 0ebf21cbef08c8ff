/*
 * What the daemon searches with: the pool, and the devices in it that the configuration names.
 * Started by one thread at a time: before the loop, or aside from it at a reload.
 */
#ifndef NODE_ENGINE_H
#define NODE_ENGINE_H

#include <stdbool.h>

#include "node/config/config.h"
#include "node/engine/scanner_choice.h"
#include "work/pool/pool.h"

struct gpu;

/* Searches that nobody waits for are bounded by those who begin them, at this many in all. */
#define ENGINE_SEARCHES_AHEAD 80

struct engine {
    struct scanner_choice choice; /* of the scanner */
    struct gpu *gpu;              /* OpenCL; or NULL */
    struct pool *pool;            /* or NULL, when it could not be started */
};

/*
 * Starts the pool with the OpenCL devices that are enabled and CPU threads, which only stand by
 * beside those unless node.work_threads is set. `data_path` is where compiled kernels are kept.
 * Returns 0, or -1 after logging why not; either way the engine, zeroed before, is to be stopped
 * and cleared.
 */
int engine_start (struct engine *engine, const struct config *config, const char *data_path);

/* Cancels every job and ends the devices' threads; as pool_stop. */
void engine_stop (struct engine *engine);

/* Stops it if need be, and frees what it has. */
void engine_clear (struct engine *engine);

#endif
