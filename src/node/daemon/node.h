/*
 * The daemon: it owns every object of the program, starts them in order, and stops them in the
 * order that loses nobody's answer: no new connections, every waiter answered, devices stopped,
 * answers sent.
 *
 * node_run is the event-loop thread.
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "node/config/config.h"
#include "work/base/difficulty.h"

/*
 * Runs until SIGTERM, SIGINT or the stop action. What it listens on is printed to standard output,
 * all else is logged. `config` was loaded from `sources`, is again at SIGHUP, and is taken
 * over. Files are kept in the data path that the sources name. `pid_file` may be NULL. Returns the
 * exit status: 0, or 1 after having logged why it could not start.
 */
int node_run (const struct config *config, const struct config_sources *sources,
              const struct difficulty_network *network, const char *pid_file);

#endif
