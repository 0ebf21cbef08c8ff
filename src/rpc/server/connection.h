/*
 * One client's connection: what it is doing, and what passes from it to evhttp.
 *
 * evhttp sees a request only once it is whole and clear (framing.h); the bytes of others wait here.
 * In the place of a request that is refused it sees one that no client can send, so that answers
 * keep their order. So it never has to answer for itself.
 *
 * Event-loop thread.
 */
#ifndef RPC_CONNECTION_H
#define RPC_CONNECTION_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "rpc/access/callers.h"
#include "rpc/access/forwarded.h"
#include "rpc/server/framing.h"

/* What a server tells of itself. */
struct server_statistics {
    uint64_t connections; /* open */
    uint64_t waiting;     /* requests without their answer so far */
    uint64_t accepted;    /* connections, ever */
    uint64_t received;    /* bytes, ever */
    uint64_t sent;        /* likewise; a few may not have left yet */
    uint64_t unreadable;  /* requests of which not even the action or the path is known, ever */
    uint64_t held;        /* bytes of requests and answers under way */
    uint64_t shed;        /* connections closed because too much was held, ever */
};

struct connections_settings {
    size_t max;                   /* at least 1 */
    size_t max_per_address;       /* 0 is no bound */
    struct framing_limits limits; /* without a bound on heads it is nano_node's, 8192 bytes */
    uint64_t max_held;            /* bytes of all requests and answers under way; 0 is no bound */
    double read_timeout;          /* seconds from a request's first byte to its last */
};

/* All connections of a server: connections.c's. */
struct connections {
    struct event_base *base;
    struct connections_settings settings;
    TAILQ_HEAD (connection_list, connection) list;
    struct connection **by_fd; /* what was placed there last: it may be gone */
    size_t by_fd_size;
    struct event *check; /* made active where a bound is overstepped */
    struct event *tick;
    const struct proxies *proxies;       /* or NULL: none */
    bool introduced;                     /* some of them have just been */
    struct server_statistics statistics; /* `waiting` is not known here */
};

/* From the first to be closed for the sake of others to the last. */
enum connection_state {
    CONNECTION_LINGERING, /* evhttp has closed it; what a refused client still sends is dropped */
    CONNECTION_IDLE,      /* between two requests */
    CONNECTION_ANSWERING, /* an answer is being sent */
    CONNECTION_READING,   /* a request has begun to come */
    CONNECTION_PENDING,   /* evhttp has handed `http` out, and waits for the answer */
};

struct connection {
    TAILQ_ENTRY (connection) link;
    struct connections *all;
    struct bufferevent *bev;          /* a reference of ours: it outlives evhttp's interest in it */
    struct evhttp_connection *evhttp; /* NULL: it has just come, or evhttp has closed it */
    int fd;
    bool has_address;
    struct cidr_address address; /* of its other end, or what its PROXY header says */
    struct cidr_address client;  /* of the pending request */
    bool has_caller;          /* not while its other end is a proxy, with many clients' requests */
    struct callers_id caller; /* who it counts for */
    bool awaits_header;       /* a PROXY header is yet to come */
    bool introduced;          /* that has told a client; what follows waits to be welcome */

    enum connection_state state;
    uint64_t since; /* in nanoseconds: of the state, of a request its first byte */

    struct framing framing;
    struct evbuffer *held; /* what evhttp is not to see yet */
    size_t read;           /* how many bytes of `held` the framing has read */
    bool expects;          /* its client may wait for "100 Continue" */
    bool passing;          /* our own change to evhttp's input calls back */

    struct evhttp_request *http; /* that is pending, or NULL */

    size_t taken; /* bytes that evhttp has of requests that are not answered */
    size_t size;  /* bytes in memory for it */

    void (*closed) (void *data);
    void *data;
};

/* For requests. */

/*
 * Who is to be called, once, when evhttp closes the connection; the request that it handed out is
 * then gone, too. NULL for nobody, any more.
 */
void connection_on_close (struct connection *connection, void (*closed) (void *data), void *data);

/*
 * Finds out whom the pending request is from: the other end, unless that is a trusted proxy, which
 * says for whom it asks. Returns 0; or -1, what it says cannot be read.
 */
int connection_find_client (struct connection *connection);

/* The address of the pending request's client; NULL when that is not known. */
const struct cidr_address *connection_address (const struct connection *connection);

/* Takes the request that is pending, for evhttp to be given its answer. */
struct evhttp_request *connection_answer (struct connection *connection);

/* Whether that stands for a request that was refused: the framing says why. */
bool connection_is_refused (const struct connection *connection);

/* For connections.c. */

/* A connection at the end of the list, with a bufferevent that evhttp has not seen. */
struct connection *connection_new (struct connections *all);

/* Once evhttp has it: finds out whose it is. Returns 0; or -1, evhttp did not keep it. */
int connection_place (struct connection *connection);

/* Goes on with one that was introduced, and for which there is room. It may be gone afterwards. */
void connection_welcome (struct connection *connection);

/* Forgets it. evhttp has let go of it, or never had it. */
void connection_drop (struct connection *connection);

/* Closes it, and drops it. Whoever waits on it hears of that. */
void connection_close (struct connection *connection);

/* A request of it waits for its answer, or that is on its way to a client that reads. */
bool connection_is_busy (const struct connection *connection);

/* It lingers, and has done so for long enough; or has been reading for `read_timeout`. */
bool connection_is_overdue (const struct connection *connection, uint64_t read_timeout);

/* Something waits to be sent. */
bool connection_has_output (const struct connection *connection);

#endif
