/*
 * What the program owns, for the targets that ask it: a pool with a device that finds what is easy
 * (tests/unit/fake_device.h), a broker, a store, pre-caching, and a server of the action table and
 * of every route. There are no peers that are asked, whatever a request says: nothing leaves this
 * process. It is made once and lives until the process ends.
 *
 * One thread, but for the device's and the store's own.
 */
#ifndef TESTS_SUPPORT_NODE_H
#define TESTS_SUPPORT_NODE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "support_client.h"

/* What a body as long as this or longer gets is told by evhttp, not by the actions. */
enum { NODE_MAX_BODY = 4096 };

/* The wall clock of Atto's routes stands still at 2026-01-01. */
#define NODE_NOW INT64_C (1767225600000)

/*
 * Posts to `path`. Besides what client_post checks: nobody is left waiting for an answer.
 */
void node_post (const char *path, const void *body, size_t size, struct client_answer *answer);

/*
 * Checks that the body is JSON, an object without a key twice, and, if `text`, that all in it are
 * strings as nano_node writes them. Returns it, to be freed.
 */
json_t *node_check_json (const struct client_answer *answer, bool text);

#endif
