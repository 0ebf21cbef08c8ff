/*
 * libworkpeer: proof of work for block-lattice nodes, inside your own process.
 *
 *     struct workpeer *peer = workpeer_new (&(struct workpeer_settings){0});
 *     workpeer_submit (peer, &request, &ticket);
 *     while (workpeer_wait (peer, -1) == 0) ...
 *
 * A `struct workpeer` is a set of worker threads and a queue. Requests are answered by callbacks,
 * which run on the thread that calls workpeer_dispatch or workpeer_wait, and nowhere else: put
 * workpeer_fd into your event loop and dispatch when it is readable, or give the waiting to a
 * thread of its own. Submitting, cancelling and the arithmetic may be called from any thread. The
 * worker threads take none of the process's signals.
 *
 * Link with `pkg-config --cflags --libs libworkpeer`. Functions that return int return 0 for
 * success.
 */
#ifndef WORKPEER_H
#define WORKPEER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct workpeer;

struct workpeer_settings {
    unsigned threads;     /* CPU threads; 0 is one for each CPU this process may run on */
    unsigned max_jobs;    /* requests at a time; 0 is 4096 */
    const char *scanner;  /* a scanner's name, see workpeer_scanner; NULL: a trial of some ms finds
                             the fastest */
    double batch_seconds; /* how soon a cancel is seen, about; 0 is 0.005 */
};

enum workpeer_outcome {
    WORKPEER_FOUND,     /* work and value hold, checked by a second implementation */
    WORKPEER_CANCELLED, /* workpeer_cancel ended it */
    WORKPEER_FAILED,    /* no device is left to search on */
};

struct workpeer_answer {
    uint64_t ticket;
    enum workpeer_outcome outcome;
    uint64_t work;  /* the nonce; nodes print it as 16 hexadecimal digits */
    uint64_t value; /* the difficulty it reaches, at least the threshold */
    double seconds; /* since workpeer_submit */
};

struct workpeer_request {
    uint8_t root[32]; /* a frontier's block hash, or the public key for an account's first block */
    uint64_t threshold;                                              /* the difficulty to reach */
    void (*done) (void *data, const struct workpeer_answer *answer); /* called exactly once */
    void *data;
};

enum workpeer_error {
    WORKPEER_OK = 0,
    WORKPEER_FULL = -1,     /* max_jobs requests are waiting already */
    WORKPEER_DOWN = -2,     /* no device works */
    WORKPEER_INVALID = -3,  /* a scanner that this build or CPU does not have, a callback of NULL */
    WORKPEER_NO_MEMORY = -4 /* or no threads, or no descriptors */
};

/* Starts the threads. NULL, with the reason in `*error` (which may be NULL), when it cannot. */
struct workpeer *workpeer_new (const struct workpeer_settings *settings,
                               enum workpeer_error *error);

/*
 * Ends what still runs, calling back with WORKPEER_CANCELLED from within this call, stops the
 * threads and frees everything. On the thread that dispatches. NULL is fine.
 */
void workpeer_free (struct workpeer *peer);

/* Queues a request, which is copied. `*ticket`, if not NULL, names it until its callback runs. */
enum workpeer_error workpeer_submit (struct workpeer *peer, const struct workpeer_request *request,
                                     uint64_t *ticket);

/* Ends a request early: its callback still runs, once, with whichever outcome came first. */
void workpeer_cancel (struct workpeer *peer, uint64_t ticket);

/* A descriptor to poll for reading. Not to be read or closed. */
int workpeer_fd (const struct workpeer *peer);

/* Runs the callbacks that are due. */
void workpeer_dispatch (struct workpeer *peer);

/* Waits up to `milliseconds` (-1: for ever) for callbacks and runs them. 0, or -1 when the time ran
 * out or a signal came. */
int workpeer_wait (struct workpeer *peer, int milliseconds);

/* Which scanner runs: "portable", "avx2", "avx512", "neon" or "neon-sha3". Static. */
const char *workpeer_scanner (const struct workpeer *peer);

/* What a nonce is worth for a root. The threshold is reached when it is at least as large. */
uint64_t workpeer_value (const uint8_t root[32], uint64_t work);

/* nano_node's arithmetic: how many times harder than `base`, and the way back. */
double workpeer_to_multiplier (uint64_t difficulty, uint64_t base);
uint64_t workpeer_from_multiplier (double multiplier, uint64_t base);

/* The mean number of hashes to reach a threshold. */
double workpeer_expected_hashes (uint64_t threshold);

/* A message for a workpeer_error. Static. */
const char *workpeer_error_text (enum workpeer_error error);

/* The library's version, such as "0.1.0". Static. */
const char *workpeer_version (void);

#ifdef __cplusplus
}
#endif

#endif
