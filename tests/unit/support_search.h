/*
 * A broker over a pool and peers that do what the test says (fake_pool.h, fake_peers.h), on a clock
 * that stands still but for the test. One thread; nothing waits.
 *
 * Roots are numbers, and thresholds bits: one nonce in 2^bits reaches it. Each step of a test takes
 * a microsecond, so that no two waiters come at once. What every test must leave behind, bench_free
 * checks: each waiter that was accepted has ended exactly once, answered or gone.
 */
#ifndef TESTS_SUPPORT_SEARCH_H
#define TESTS_SUPPORT_SEARCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_peers.h"
#include "fake_pool.h"
#include "node/search/broker.h"
#include "still_clock.h"
#include "work/base/clock.h"

enum { MAX_CLIENTS = 512, MAX_ROOTS = 64 };

struct bench;

/* Somebody who was accepted as a waiter. */
struct client {
    struct bench *bench;
    unsigned root;
    unsigned bits;
    struct broker_waiter *waiter; /* NULL: it has ended */
    unsigned answers;
    bool left;
    struct broker_answer answer;
    char source[64];                      /* of the answer */
    void (*hook) (struct client *client); /* run in the callback, or NULL */
    const void *for_hook;
};

struct bench_settings {
    size_t devices;
    size_t room; /* in the pool */
    unsigned primary;
    unsigned secondary; /* peers: "p:1" and on, "s:1" and on */
    struct broker_settings broker;
};

struct bench {
    struct event_base *base;
    struct pool *pool;
    struct peers *peers;
    struct broker *broker;
    struct bench_settings settings;
    struct client clients[MAX_CLIENTS];
    size_t client_count;
};

struct bench *bench_new (const struct bench_settings *settings);

/* Stops the broker first. */
void bench_free (struct bench *bench);

uint64_t bench_threshold (unsigned bits);
unsigned bench_bits (uint64_t threshold);
void bench_root (unsigned number, uint8_t root[32]);

/* What `question` leaves out: the network, the target. `*client` is who was accepted. */
enum broker_result bench_ask (struct bench *bench, unsigned root, unsigned bits,
                              const struct broker_question *question, struct client **client);
void bench_leave (struct client *client);
size_t bench_cancel (struct bench *bench, unsigned root);

/* The job for that root, or NULL. */
const struct pool_request *bench_job (const struct bench *bench, unsigned root);
void bench_device_finds (struct bench *bench, unsigned root, unsigned bits);
void bench_device_fails (struct bench *bench, unsigned root);

/* To another pool of that many devices; the first has no job any more. */
void bench_move (struct bench *bench, size_t devices);

/* Lets time pass, in a thousand steps at the most, and the loop do what is due. */
void bench_wait (struct bench *bench, double seconds);

/* A step has been taken: what is ready now happens. */
void bench_turn (struct bench *bench);

#endif
