/*
 * Access to the daemon's servers as the configuration has it, and what the log says of those who
 * are kept out: each refusal at the level debug, and at the level info how many there were, at most
 * once in ten seconds.
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

/*
 * Goes by `config`, which is only read, from now on; what callers have used up before counts on.
 * Returns 0; or -1, nothing changed, having logged that there are no random numbers.
 */
int access_config_set (struct access_config *access, const struct config *config);

/*
 * For server_set_access, good until the next access_config_set; NULL where everybody may do
 * everything.
 */
struct access *access_config_in_force (const struct access_config *access);

/*
 * Says in the log whom it keeps out; and warns, loudly, when that is nobody and a server listens on
 * more than loopback, which `is_wide` says.
 */
void access_config_announce (const struct config *config, bool is_wide);

/* Once the servers are free; NULL is fine. */
void access_config_free (struct access_config *access);

#endif
