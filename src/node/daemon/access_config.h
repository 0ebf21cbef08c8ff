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
#include "rpc/access/forwarded.h"

struct access_config;

/* One that lets everybody in. NULL, having logged it, when there are no random numbers. */
struct access_config *access_config_new (struct event_base *base);

/* Goes by `config`, which is only read, from now on. */
void access_config_set (struct access_config *access, const struct config *config);

/* For server_set_access. */
struct access *access_config_get (const struct access_config *access);

/* For server_set_proxies; access_config_set changes it. */
const struct proxies *access_config_proxies (const struct access_config *access);

/* Logs whom it keeps out; warns when that is nobody and a server listens on more than loopback
 * (`is_wide`), or a proxy may do so for it. */
void access_config_announce (const struct config *config, bool is_wide);

/* Once the servers are free; NULL is fine. */
void access_config_free (struct access_config *access);

#endif
