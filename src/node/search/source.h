/*
 * Sources: who can find work, and the route by which a request turns to them.
 *
 * A route has up to three steps, each a set of sources that are asked together. A source that fails
 * is struck off; when all of a step have failed, the next step begins. A request with no step left
 * cannot be met.
 *
 * Event-loop thread.
 */
#ifndef NODE_SOURCE_H
#define NODE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

struct broker_waiter;
struct search;

enum source {
    SOURCE_DEVICES,   /* the devices here: device_source.c */
    SOURCE_PRIMARY,   /* work peers: peer_source.c. In the order of enum peers_list */
    SOURCE_SECONDARY, /* the other list of work peers */
    SOURCES,
};

#define SOURCE_STEPS 3

/* Sets of sources are bits. */
#define SOURCE_BIT(source) (1U << (source))

struct source_route {
    uint8_t steps[SOURCE_STEPS]; /* none is empty before one that is not */
    uint8_t at;                  /* the present one; SOURCE_STEPS at the end */
};

/* What became of what a search wants of a source. */
enum source_state {
    SOURCE_SEES_TO_IT, /* whatever is wanted is under way */
    SOURCE_FULL,       /* there is no room for it at present: settle again */
    SOURCE_FAILED,     /* it cannot be had: whoever waits for the source turns to the next */
};

/* Of those who wait for a source: who wants least, and who came first, where people come before
 * what was asked ahead. NULL without any. */
struct source_need {
    const struct broker_waiter *easiest;
    const struct broker_waiter *first;
};

/*
 * What each kind of source does. `self` is the source's own object. What it has under way for a
 * search it keeps in search->under_way[source]; NULL is nothing. Neither call calls back: the
 * source tells of what becomes of it later, through search.h's "For sources".
 */
struct source_calls {
    /* Makes what is under way fit those who wait for the source: begins, replaces, drops. */
    enum source_state (*settle) (void *self, struct search *search, enum source source,
                                 const struct source_need *need);

    /* Nobody waits any more: drops all. */
    void (*drop) (void *self, struct search *search, enum source source);
};

/* The sources asked at present; 0 at the end. */
static inline unsigned
source_route_now (const struct source_route *route)
{
    return route->at < SOURCE_STEPS ? route->steps[route->at] : 0;
}

static inline bool
source_route_has (const struct source_route *route, enum source source)
{
    return (source_route_now (route) & SOURCE_BIT (source)) != 0;
}

/* Strikes off `source`, if it is asked at present. */
static inline void
source_route_fail (struct source_route *route, enum source source)
{
    if (source_route_has (route, source)) {
        route->steps[route->at] &= (uint8_t)~SOURCE_BIT (source);
        while (route->at < SOURCE_STEPS && route->steps[route->at] == 0) {
            route->at++;
        }
    }
}

/* Whether nobody can be turned to beside `source` or after it. */
static inline bool
source_route_is_last (struct source_route route, enum source source)
{
    source_route_fail (&route, source);
    return source_route_now (&route) == 0;
}

#endif
