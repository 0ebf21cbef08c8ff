/* What the broker is asked, what it answers, and what it goes by. */
#ifndef NODE_BROKER_QUESTION_H
#define NODE_BROKER_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/config/config.h"
#include "node/metrics/metrics.h"
#include "rpc/peer/hops.h"
#include "work/scan/scan.h"
#include "work/store/store.h"

struct broker_settings {
    size_t max_searches;           /* roots that somebody waits for at a time, at least 1 */
    double request_timeout;        /* seconds that a waiter waits at most */
    enum config_peers_mode mode;   /* how peers are asked */
    enum config_peers_local local; /* what devices do when peers are asked */
    bool keep;               /* all that is found goes to the store, not only what is found ahead */
    bool stand_in;           /* without devices, peers are asked for requests that did not say so */
    struct metrics *metrics; /* told of all work that somebody waited for; NULL is nobody */
};

struct broker_question {
    struct scan_target target;
    enum store_network network; /* roots of different networks are different roots */
    bool use_peers;
    bool secondary;  /* the secondary list of peers; counts with use_peers only */
    bool local_only; /* peers are not asked, whatever the settings say */
    bool ahead;      /* nobody waits: it gives way to whoever does, and has no deadline */
    bool unkept;     /* what is found is of no use later: a random root's */
    bool has_account;
    uint8_t account_key[32]; /* whose frontier the root is, if has_account */
    const char *account;     /* the same for peers: its text, or NULL. Copied */
    struct hops hops;        /* the daemons that it came through */
    bool looped;             /* we are among those, or they are too many: no peers are asked */
};

enum broker_result {
    BROKER_ACCEPTED,
    BROKER_FULL,           /* max_searches are there already, which does not count for what is asked
                              ahead, or the pool's queue is full */
    BROKER_LOCAL_DISABLED, /* nothing here could search, and peers are not to be asked */
    BROKER_DISABLED,       /* there is nothing, here or elsewhere, that could search */
    BROKER_LOOPED,         /* only peers could, and they have asked us */
    BROKER_DOWN,           /* what could search has failed, or the broker was stopped */
};

enum broker_outcome {
    BROKER_FOUND,
    BROKER_CANCELLED, /* broker_cancel, or the broker stopped */
    BROKER_EXPIRED,   /* the deadline passed */
    BROKER_FAILED,    /* nothing is left that could search */
};

#define BROKER_SOURCE_LOCAL "local"
#define BROKER_SOURCE_CACHE "cache"

struct broker_answer {
    enum broker_outcome outcome;
    uint64_t work;
    uint64_t value;     /* the difficulty it reaches, at least the waiter's own threshold */
    double seconds;     /* since the waiter came */
    const char *source; /* of work that was found: BROKER_SOURCE_LOCAL, BROKER_SOURCE_CACHE, or the
                           peer's name; valid in the callback */
    enum metrics_source by; /* the same in few words */
};

/* Called at most once for a waiter, from the loop and never from within broker_generate; the waiter
 * has ended. */
typedef void (*broker_done_fn) (void *data, const struct broker_answer *answer);

#endif
