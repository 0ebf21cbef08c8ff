/*
 * The RPC's actions: each reads its fields, in nano_node's order of checks and with its error
 * texts, asks the broker or the pool, and answers.
 *
 * Event-loop thread.
 */
#ifndef NODE_ACTIONS_H
#define NODE_ACTIONS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/config/config.h"
#include "node/engine/engine.h"
#include "node/precache/precache_owner.h"
#include "node/search/broker.h"
#include "node/search/peers.h"
#include "rpc/server/request.h"
#include "rpc/server/routes.h"
#include "rpc/server/server.h"
#include "work/base/difficulty.h"
#include "work/base/hex.h"

/*
 * What requests act upon. The node's, which has no second copy of any of it: where a reload puts
 * another configuration or engine, the next request finds it.
 */
struct actions {
    const struct config *config; /* in force; only read here */
    const struct difficulty_network *network;
    struct engine engine;
    struct peers *peers;
    struct broker *broker;
    struct precache_owner *precache;
    struct server *server;       /* the RPC's */
    char identity[HEX_U64_SIZE]; /* of this daemon, among the hops of requests */
    uint64_t started;            /* clock_now */
    struct event *stop;          /* made active to stop the daemon */
    bool stopping;               /* nothing new is begun */
};

/* Ended by a NULL name; run with a struct actions. */
extern const struct action actions_table[];

/* callback.c: POST /callback, where a node's [node.httpcallback] tells of confirmed blocks. Ended
 * by a NULL path; run with a struct actions. */
extern const struct route callback_routes[];

/* What to tell a client whose request the broker has not accepted, or has not met. */
struct fault actions_refusal (const struct actions *actions, enum broker_result result);
struct fault actions_failure (const struct actions *actions, enum broker_outcome outcome);

/* Answers {"success": ""}, or unless `good` the fault. */
void actions_answer (struct request *request, bool good, const struct fault *fault);

/* Adds `value`, whose reference is taken. */
void actions_put (json_t *body, const char *name, json_t *value);

/* action_generate.c */
void action_work_generate (void *context, struct request *request);

/* action_validate.c */
void action_work_validate (void *context, struct request *request);

/* action_benchmark.c */
void action_benchmark (void *context, struct request *request);

/* action_precache.c */
void action_work_precache (void *context, struct request *request);
void action_precache_status (void *context, struct request *request);
void action_precache_watch (void *context, struct request *request);
void action_precache_unwatch (void *context, struct request *request);

/* action_store.c */
void action_work_get (void *context, struct request *request);
void action_work_set (void *context, struct request *request);

/* action_status.c */
json_t *action_status_body (const struct actions *actions); /* the caller's */
void action_status (void *context, struct request *request);

#endif
