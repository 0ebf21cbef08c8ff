/*
 * What the tests of peers share: a loop, a client with its peers, fake peers, and calls whose
 * ends are counted. peer_bench_tear_down checks what every test must leave behind: each call ended
 * exactly once, nothing under way, and as many descriptors as before.
 */
#ifndef TESTS_SUPPORT_PEER_H
#define TESTS_SUPPORT_PEER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "fake_peer.h"
#include "rpc/peer/peer.h"

enum { PEER_BENCH_CALLS = 256, PEER_BENCH_FAKES = 8 };

#define PEER_IDENTITY "daemon-1"

/* Of the value_vectors: a root, its work, and a threshold that the work reaches. */
#define PEER_ROOT "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2"
#define PEER_WORK "2bf29ef00786a6bc"
#define PEER_THRESHOLD UINT64_C (0xffffffc000000000)

struct asked {
    struct peer_bench *bench;
    struct peer_call *call; /* NULL: it has ended */
    unsigned answers;
    bool dropped;
    struct peer_answer answer;
    char reason[PEER_REASON_SIZE];
    void (*hook) (struct asked *asked); /* run in the callback, or NULL */
};

struct peer_bench {
    size_t descriptors;
    struct event_base *base;
    struct event *tick;
    struct peer_client *client;
    struct peer *peer;
    struct fake_peer *fakes[PEER_BENCH_FAKES];
    size_t fake_count;
    struct asked asked[PEER_BENCH_CALLS];
    size_t asked_count;
    bool asking; /* within peer_ask: no callback may come */
};

int peer_bench_set_up (void **state);
int peer_bench_tear_down (void **state);

/* Makes the client, of which there is one. */
void peer_bench_start (struct peer_bench *bench, double connect_timeout, double response_timeout,
                       resolver_lookup_fn lookup);

/* A fake peer, the bench's. */
struct fake_peer *peer_bench_fake (struct peer_bench *bench, const struct fake_peer_turn *turns,
                                   size_t count);

/* The bench's peer, in the place of the one before: `host`, with the port of `fake`. */
void peer_bench_peer (struct peer_bench *bench, const char *host, uint16_t port);

/* What is usual: a client with patience, one fake with one turn, and a peer for it. */
struct fake_peer *peer_bench_usual (struct peer_bench *bench, const struct fake_peer_turn *turn);

/* Asks the bench's peer for PEER_WORK. */
struct asked *peer_bench_ask (struct peer_bench *bench, double timeout);
struct asked *peer_bench_question (struct peer_bench *bench, const struct peer_question *question);

void peer_bench_drop (struct asked *asked);

/* Fills in root and threshold. */
struct scan_target peer_bench_target (void);

/* Turns the loop until `asked` has ended, or fails. */
void peer_bench_wait (struct asked *asked);

/* Turns the loop until `*count (data)` is `wanted`, or fails. */
void peer_bench_until (struct peer_bench *bench, size_t (*count) (const void *data),
                       const void *data, size_t wanted);

/* Until nothing is under way at the client. */
void peer_bench_quiet (struct peer_bench *bench);

/* One turn of the loop that does not wait. */
void peer_bench_turn (struct peer_bench *bench);

/* Waits for the end, and checks it. `reason` is a part of the reason. */
void peer_bench_expect (struct asked *asked, enum peer_outcome outcome, const char *reason);

size_t count_descriptors (void);

/* Until so many are open: the thread of a look-up that was given up has one for a moment longer. */
void await_descriptors (size_t count);

size_t count_accepted (const void *fake);
size_t count_open (const void *fake);

/* A port of 127.0.0.1 whose connects hang; its sockets, to be closed by peer_bench_unplug. */
struct plug {
    int listener;
    int waiting[8];
    uint16_t port;
};
void peer_bench_plug (struct plug *plug, const char *address, uint16_t port);
void peer_bench_unplug (struct plug *plug);

#endif
