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

#include "node/broker.h"
#include "node/config.h"
#include "node/peers.h"
#include "rpc/request.h"
#include "rpc/server.h"
#include "work/difficulty.h"
#include "work/pool.h"

/* What the actions act upon; all of it belongs to the node and outlives the server. */
struct actions {
    const struct config *config;
    const struct difficulty_network *network;
    struct broker *broker;
    struct pool *pool;
    struct peers *peers;
    struct server *server; /* set once it is there; it knows the actions, too */
    const char *identity;  /* of this daemon, among the hops of requests */
    const char *scanner;
    const char *scanner_reason; /* why that one */
    uint64_t started;           /* clock_now */
    void (*stop) (void *data);
    void *stop_data;
};

/* Ended by a NULL name; run with a struct actions. */
extern const struct action actions_table[];

/* What to tell a client whose request the broker has not accepted. Static. */
const char *actions_refusal (enum broker_result result);

/* action_generate.c */
void action_work_generate (void *context, struct request *request);

/* action_validate.c */
void action_work_validate (void *context, struct request *request);

/* action_benchmark.c */
void action_benchmark (void *context, struct request *request);

/* action_status.c */
void action_status (void *context, struct request *request);

#endif
