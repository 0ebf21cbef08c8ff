/*
 * What connections.c (all of them, and their bounds) and connection.c (one, and what it is doing)
 * share. Event-loop thread.
 */
#ifndef RPC_CONNECTIONS_INTERNAL_H
#define RPC_CONNECTIONS_INTERNAL_H

#include <event2/bufferevent.h>
#include <sys/queue.h>

#include "rpc/server/address_groups.h"
#include "rpc/server/connections.h"
#include "rpc/server/framing.h"

struct connection {
    TAILQ_ENTRY (connection) link;
    struct connections *owner;
    struct bufferevent *bev; /* a reference of ours: it outlives evhttp's interest in it */
    int fd;                  /* once evhttp has said it; -1 before */
    bool placed;             /* it has been looked for */
    bool has_address;
    struct cidr_address address;  /* of its other end */
    struct address_member beside; /* those from the same address */
    uint64_t since;  /* of the connection, its last answer, or its present request's first byte */
    size_t received; /* bytes of the present request, and what came after it */
    size_t held;     /* bytes in memory for it: what was received, and what it has not read */
    struct framing framing;
    bool filtering;    /* our own change to what was received calls back */
    bool reading;      /* a request has begun to arrive */
    bool refused;      /* evhttp wrote a page of its own, and closes */
    bool answered;     /* what is written next is an answer of ours */
    bool close_is_set; /* evhttp tells us of its end */
    void (*closed) (void *data);
    void *data;
};

struct connections {
    struct event_base *base;
    struct connections_settings settings;
    TAILQ_HEAD (connection_list, connection) list;
    size_t count;
    struct connections_statistics statistics;
    struct address_groups addresses;
    struct connection **by_fd;
    size_t by_fd_size;
    struct event *tick;
    struct event *excess; /* made active when there is too much of something */
    struct event *coming; /* made active when somebody has come */
};

/* A connection at the end of the list, with a bufferevent that evhttp has not seen. */
struct connection *connection_new (struct connections *connections);

/* Forgets it. evhttp has let go of it, or never had it. */
void connection_drop (struct connection *connection);

/* Once evhttp has said which descriptor it is: finds its place and its address. */
void connection_place (struct connection *connection);

/* Has evhttp hear of its end when evhttp closes it. */
void connection_watch_close (struct connection *connection, struct evhttp_connection *evhttp);

/* To evhttp this looks as if the client had closed; it lets go of the connection at once. */
void connection_let_go (struct connection *connection);

/* Closes it, and drops it. Whoever waits on it hears of that. */
void connection_close (struct connection *connection);

/* evhttp has let go of it. */
bool connection_is_over (const struct connection *connection);

/* A request of it waits for its answer. */
bool connection_is_pending (const struct connection *connection);

/* Something waits to be sent. */
bool connection_has_output (const struct connection *connection);

/* An answer is on its way, and not held up for long by a client that does not read. */
bool connection_is_answering (const struct connection *connection);

/*
 * More has come than any request is long, and evhttp is waiting for more still: the line of a
 * chunk's size that does not end. Requests sent ahead of their answers may pile up as high.
 */
bool connection_is_overfull (const struct connection *connection);

/*
 * evhttp has refused a request and said that it closes, and all that is sent. It does close, save
 * after CONNECT: there it would read on, and take what is left of that request for the next.
 */
bool connection_is_told (const struct connection *connection);

/* It was refused, and what it still sends is read for a while. */
bool connection_lingers (const struct connection *connection);

#endif
