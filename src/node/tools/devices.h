/*
 * What this machine can search with: --list_devices and --diagnostics. They run on the calling
 * thread, before any other, and print; each returns the exit status.
 */
#ifndef NODE_DEVICES_H
#define NODE_DEVICES_H

#include "node/config/config.h"
#include "node/config/options.h"

/* The scanners and OpenCL devices there are, and with --benchmark how fast. */
int devices_list (const struct options *options, const struct config *config);

/* Checks each of them against the oracle, then lists them. */
int devices_diagnose (const struct options *options, const struct config *config);

#endif
