/*
 * A search: everybody who waits for work for one root, and what is under way for them.
 *
 * It begins when somebody joins for a root that nobody waits for, and belongs to its waiters: it
 * ends with the last of them, whether answered, expired, cancelled or gone. Whoever asks for that
 * root then begins another one.
 *
 * Each waiter follows its own route of sources. What a source should have under way follows from
 * the waiters who have come to it, and from nothing else: whenever they change, the search is
 * settled. That is, each source makes what it has under way fit them, those who cannot be helped by
 * a source turn to the next on their route, and those whose route has ended are answered. A source
 * that has no room is asked again in a moment.
 *
 * What is found answers all whom it satisfies, wherever they are on their routes. A search is
 * settled first and its waiters are called back afterwards, from a list that all searches share: so
 * callbacks may ask, leave and cancel as they like.
 *
 * Includes go one way: broker.c makes the sources and lists them in struct searches; search.c calls
 * them by that list alone; device_source.c and peer_source.c read who waits and call "For sources".
 *
 * Event-loop thread.
 */
#ifndef NODE_SEARCH_H
#define NODE_SEARCH_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/queue.h>

#include "node/search/broker_question.h"
#include "node/search/source.h"
#include "node/search/waiter.h"
#include "work/store/store.h"

/* What a search is known by. */
struct search_key {
    enum store_network network;
    uint8_t root[32];
};

static inline struct search_key
search_key (enum store_network network, const uint8_t root[32])
{
    struct search_key key = {.network = network};

    memcpy (key.root, root, sizeof key.root);
    return key;
}

struct search {
    struct search_key key;     /* the first member: the tree's */
    TAILQ_ENTRY (search) link; /* in searches->all */
    struct searches *searches;
    struct waiter_list waiters; /* in the order in which they came; never empty for long */
    void *under_way[SOURCES];   /* each source's own; NULL is nothing */
    unsigned full;              /* sources that had no room when it was last settled */
    char *account;              /* what peers are told besides; NULL is nothing */
    uint8_t account_key[32];    /* whose frontier the root is, if has_account */
    bool has_account;
    bool asked;     /* it counts in searches->asked: when last settled, people waited */
    bool elsewhere; /* the account stood elsewhere when the last waiter came: not to be stored */
    bool unkept;    /* what is found is not to be stored */
};

TAILQ_HEAD (search_list, search);

struct search_source {
    const struct source_calls *calls;
    void *self;
};

/* All searches of one broker, and what they go by; embedded in it. */
struct searches {
    struct search_source sources[SOURCES];
    struct event_base *base;
    struct store *store; /* NULL without */
    const struct broker_settings *settings;
    void *tree;                  /* tsearch's, by key */
    struct search_list all;      /* the same, the oldest first */
    size_t asked;                /* of them, those that people wait for */
    struct waiter_list answered; /* to be called back */
    struct event *feed;          /* settles searches that found no room, and calls back */
};

/* Without any search; the caller fills in what comes before `tree`. */
void searches_init (struct searches *searches);

/* When no search is left. */
void searches_clear (struct searches *searches);

/* Settles every search. */
void searches_settle (struct searches *searches);

/* Calls back all that have been answered. */
void searches_deliver (struct searches *searches);

/* Those who wait and did not ask ahead. */
size_t searches_waiters (const struct searches *searches);

/* NULL without one. */
struct search *search_find (const struct searches *searches, const struct search_key *key);

/*
 * Has somebody join the search for the question's root, begun if need be. A result other than
 * BROKER_ACCEPTED says why it cannot be helped, and nothing has changed. Calls nobody back from
 * within.
 */
enum broker_result search_join (struct searches *searches, const struct broker_question *question,
                                const struct source_route *route, broker_done_fn done, void *data,
                                struct broker_waiter **waiter);

/* Frees a waiter without calling it back. */
void search_leave (struct broker_waiter *waiter);

/* Answers everybody with BROKER_CANCELLED, which ends the search. Returns how many there were. */
size_t search_cancel (struct search *search);

/* For sources. */

enum difficulty_order search_order (const struct search *search);

/* Whether threshold `a` asks for less than `b`. */
bool search_is_easier (const struct search *search, uint64_t a, uint64_t b);

/*
 * Answers everybody whom this work satisfies, with `answer`, and stores it. `finder` is who found
 * it: a device, or the peer that the answer's source names. Settles: the search may be gone.
 */
void search_found (struct search *search, const struct broker_answer *answer, const char *finder);

/* Strikes `source` off the routes of all who wait for it. Does not settle. */
void search_give_up (struct search *search, enum source source);

/* Settles after something has changed, and calls back who is answered: the search may be gone. */
void search_settle (struct search *search);

#endif
