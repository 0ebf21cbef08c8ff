/*
 * POST /works, Atto's way of asking for work, over the broker; and POST /works/precache, which has
 * the work found for later. A work is good for the year of the request's own timestamp.
 *
 * Event-loop thread.
 */
#ifndef NODE_ATTO_WORKS_H
#define NODE_ATTO_WORKS_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/search/broker.h"
#include "rpc/server/routes.h"
#include "work/base/atto.h"
#include "work/scan/scan.h"

/* What the routes act upon; outlives the server and, once it was used, the broker's stop. */
struct atto_works {
    struct broker *broker;
    size_t max_json_depth;
    int64_t (*now) (void); /* the wall clock: milliseconds since 1970 */
    bool has_store;        /* works can be found ahead, and kept */
    size_t ahead;          /* such searches under way */
};

/* Of these at a time: the pool shares its devices among them. */
#define ATTO_WORKS_AHEAD 64

/* The system's clock. */
int64_t atto_works_now (void);

/* What a body asks for. */
struct atto_works_request {
    enum atto_network network;
    int year;
    struct scan_target target;
};

/* Reads a request's body. Returns NULL, or a static error, with `wanted` untouched. */
const char *atto_works_read (const struct atto_works *works, struct evbuffer *body,
                             struct atto_works_request *wanted);

/* Ended by a NULL path; run with a struct atto_works. */
extern const struct route atto_works_routes[];

#endif
