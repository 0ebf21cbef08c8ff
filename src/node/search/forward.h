/*
 * Forwarding: one question put to work peers until one of them answers it.
 *
 * Serially, in their order, until one succeeds; or to all of them at once; or hedged, where the
 * next one is asked as well when the ones before it take longer than they use to. A peer that rests
 * after a failure is passed over while there are others. The first good answer wins; the others are
 * told to stop.
 *
 * Event-loop thread.
 */
#ifndef NODE_FORWARD_H
#define NODE_FORWARD_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/search/peers.h"
#include "work/scan/scan.h"

struct forward;
struct errand;

enum forward_mode { FORWARD_SERIAL, FORWARD_RACE, FORWARD_HEDGE };

/* NULL for want of memory. `peers` outlives it. */
struct forward *forward_new (struct event_base *base, struct peers *peers, enum forward_mode mode);

/* For errands from now on. */
void forward_set_mode (struct forward *forward, enum forward_mode mode);

/* When no errand is under way any more; NULL is fine. */
void forward_free (struct forward *forward);

/* Whether there is any peer of `list` to ask. */
bool forward_can (const struct forward *forward, enum peers_list list);

struct forward_question {
    struct scan_target target;
    enum peers_list list;
    const char *account; /* as the client wrote it, or NULL; only read now */
    const char *hops;    /* the daemons that it came through, or NULL; only read now */
    double seconds;      /* all of the asking takes at most this long */
    bool last;           /* nobody else can be turned to: peers at rest are tried as well */
};

struct forward_answer {
    bool found; /* or every peer has failed, or there was no more time */
    uint64_t work;
    uint64_t value;
    const char *peer; /* whose answer it is, as work_peers names it; valid in the callback */
};

/* Called at most once, never from within forward_start; the errand has ended. */
typedef void (*forward_done_fn) (void *data, const struct forward_answer *answer);

/* Asks. NULL for want of memory. The errand is good until `done` is called or forward_drop. */
struct errand *forward_start (struct forward *forward, const struct forward_question *question,
                              forward_done_fn done, void *data);

/* Nobody wants the answer any more; `done` is not called. Every peer that was asked is told. */
void forward_drop (struct errand *errand);

#endif
