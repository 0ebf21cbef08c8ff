/*
 * Access to the daemon's servers as the configuration has it. Logs each refusal at level debug, and
 * how many there were at level info, at most once in ten seconds.
 *
 * Event-loop thread.
 */
#ifndef NODE_ACCESS_CONFIG_H
#define NODE_ACCESS_CONFIG_H

#include <event2/event.h>
#include <stdbool.h>

#include "node/config/config.h"
#include "rpc/access/access.h"

struct access_config;

/* One that lets everybody in. */
struct access_config *access_config_new (struct event_base *base);

/* Goes by `config` from now on; what callers have used up still counts. Returns 0; or -1, nothing
 * changed, having logged that there are no random numbers. */
int access_config_set (struct access_config *access, const struct config *config);

/* Good until the next access_config_set; NULL where everybody may do everything. */
struct access *access_config_in_force (const struct access_config *access);

/* Logs whom it keeps out; warns when that is nobody and a server listens on more than loopback
 * (`is_wide`). */
void access_config_announce (const struct config *config, bool is_wide);

/* Once the servers are free; NULL is fine. */
void access_config_free (struct access_config *access);

#endif
