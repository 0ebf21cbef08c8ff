/*
 * A broker over a real pool and devices that do what the test says (fake_device.h), in a loop that
 * the test turns. What every test must leave behind, tear_down checks: each waiter that was
 * accepted has ended exactly once, answered or gone.
 */
#ifndef TESTS_SUPPORT_BROKER_H
#define TESTS_SUPPORT_BROKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_device.h"
#include "node/search/broker.h"
#include "seed.h"
#include "work/base/clock.h"

#define PATIENCE (30 * CLOCK_SECOND) /* nothing waits this long and passes */
enum { MAX_JOBS = 64, MAX_CLIENTS = 4096, MAX_FAKES = 2 };

struct bench;

/* Somebody who was accepted as a waiter. */
struct client {
    struct bench *bench;
    struct scan_target target;
    struct broker_waiter *waiter; /* NULL: it has ended */
    unsigned answers;
    bool left;
    struct broker_answer answer;
    void (*hook) (struct client *client); /* run in the callback, or NULL */
    struct client *other;                 /* for the hook */
};

struct bench {
    struct event_base *base;
    struct event *tick; /* so that the loop never sleeps past a deadline */
    struct pool *pool;
    struct broker *broker;
    struct broker_settings settings; /* what start takes, but for its own parameters */
    struct store *store;             /* the broker's; the test's own, or NULL */
    bool ahead;                      /* what the next clients say */
    struct fake *fakes[MAX_FAKES];
    size_t fake_count;
    struct client clients[MAX_CLIENTS];
    size_t client_count;
    struct seed seed; /* for random lives */
};

int set_up (void **state);
int tear_down (void **state);

struct fake *add_fake (struct bench *bench, const struct fake_settings *settings);

/* Starts the pool and a broker over it. */
void start (struct bench *bench, size_t max_searches, double request_timeout);

/* A broker over one device that finds what is easy. */
void start_finder (struct bench *bench);

/* A broker over one device that is held. */
struct fake *start_held (struct bench *bench, enum fake_behaviour behaviour);

/* Asks for work of 2^`bits` for the root number `tag`; `*client` is who was accepted. */
enum broker_result try_generate (struct bench *bench, uint64_t tag, unsigned bits,
                                 struct client **client);
struct client *generate (struct bench *bench, uint64_t tag, unsigned bits);
void assert_refused (struct bench *bench, uint64_t tag, enum broker_result result);

/* As a client's callback. */
void on_done (void *data, const struct broker_answer *answer);

void leave (struct client *client);
size_t cancel (struct bench *bench, uint64_t tag);

void assert_ended (const struct client *client, enum broker_outcome outcome);

/* Turns the loop until the client has been answered so. */
void wait_for_answer (struct client *client, enum broker_outcome outcome);
void wait_for_work (struct client *client);
void assert_works (const struct client *client);

/* What is ready now, and nothing else. */
void turn (struct bench *bench);

struct pool_statistics statistics_of (struct bench *bench);

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

#endif
