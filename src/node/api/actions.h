/*
 * The RPC's actions: each reads its fields, in nano_node's order of checks and with its error
 * texts, asks the broker or the pool, and answers.
 *
 * Event-loop thread.
 */
#ifndef NODE_ACTIONS_H
#define NODE_ACTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "node/config/config.h"
#include "node/precache/precache.h"
#include "node/search/broker.h"
#include "node/search/peers.h"
#include "rpc/server/request.h"
#include "rpc/server/server.h"
#include "work/base/difficulty.h"
#include "work/pool/pool.h"

/* What the actions act upon; all of it belongs to the node and outlives the server. */
struct actions {
    const struct config *config;
    const struct difficulty_network *network;
    struct broker *broker;
    struct pool *pool;
    struct peers *peers;
    struct store *store;       /* NULL without */
    struct precache *precache; /* NULL without */
    enum store_network store_network;
    struct server *server; /* set once it is there; it knows the actions, too */
    const char *identity;  /* of this daemon, among the hops of requests */
    const char *scanner;
    const char *scanner_reason; /* why that one */
    uint64_t started;           /* clock_now */
    bool stopping;              /* nothing new is begun */
    void (*stop) (void *data);
    void *stop_data;
};

/* Ended by a NULL name; run with a struct actions. */
extern const struct action actions_table[];

/* What to tell a client whose request the broker has not accepted. Static. */
const char *actions_refusal (enum broker_result result);

/*
 * Adds `list`, an array or object whose reference is taken, as nano_node would: an empty one is an
 * empty string. Returns 0, or -1 for want of memory, of which a NULL list is a sign.
 */
int actions_put_list (json_t *body, const char *name, json_t *list);

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
void action_status (void *context, struct request *request);

#endif
