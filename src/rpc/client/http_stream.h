/* A connected socket as a bufferevent, which is how calls write and read. Event-loop thread. */
#ifndef RPC_HTTP_STREAM_H
#define RPC_HTTP_STREAM_H

#include <event2/bufferevent.h>

/* Takes `fd`. One with TLS is made by tls_stream_new. */
struct bufferevent *http_stream_new (struct event_base *base, int fd);

/*
 * Closes it now: bufferevent_free alone would leave that to the loop's next turn, when another call
 * may have its descriptor already. NULL is fine.
 */
void http_stream_free (struct bufferevent *stream);

#endif
