/*
 * The gate: access to the daemon's servers as the configuration has it, and what the log says of
 * those who are kept out: each refusal at the level debug, and at the level info how many there
 * were, at most once in ten seconds.
 *
 * Event-loop thread.
 */
#ifndef NODE_GATE_H
#define NODE_GATE_H

#include <event2/event.h>
#include <stdbool.h>

#include "node/config/config.h"
#include "rpc/access/access.h"

struct gate;

/* One that lets everybody in. NULL for want of memory. */
struct gate *gate_new (struct event_base *base);

/*
 * Goes by `config`, which is only read, from now on; what callers have used up before counts on.
 * Returns 0, or -1 for want of memory, nothing changed.
 */
int gate_set (struct gate *gate, const struct config *config);

/* For server_set_access, good until the next gate_set; NULL where everybody may do everything. */
struct access *gate_access (const struct gate *gate);

/*
 * Says in the log whom it keeps out; and warns, loudly, when that is nobody and a server listens on
 * more than loopback, which `is_wide` says.
 */
void gate_announce (const struct gate *gate, bool is_wide);

/* Once the servers are free; NULL is fine. */
void gate_free (struct gate *gate);

#endif
