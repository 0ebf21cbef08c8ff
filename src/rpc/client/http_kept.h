/*
 * Where one connection to a server waits between two calls: until the next takes it, the server
 * closes it or says what belongs to no answer, or it has been unused for too long. Its owner's,
 * event-loop thread.
 */
#ifndef RPC_HTTP_KEPT_H
#define RPC_HTTP_KEPT_H

#include <event2/bufferevent.h>

struct http_kept {
    struct bufferevent *stream; /* or NULL */
};

/* Takes the connection out if there is one and it is alive, or returns NULL. */
struct bufferevent *http_kept_take (struct http_kept *kept);

/* Puts `stream` in, for `seconds`; frees it where there is one already. */
void http_kept_put (struct http_kept *kept, struct bufferevent *stream, double seconds);

/* Closes what is in it. */
void http_kept_clear (struct http_kept *kept);

/*
 * Closes `stream` and its descriptor now: bufferevent_free alone would leave that to the loop's
 * next turn, when another call may have its descriptor already. NULL is fine.
 */
void http_kept_close (struct bufferevent *stream);

#endif
