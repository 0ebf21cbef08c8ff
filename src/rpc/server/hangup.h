/*
 * A watch over a client whose request is pending: has it gone?
 *
 * evhttp does not read while a request is unanswered, and so does not notice the client leaving. A
 * watch looks at the socket itself and takes nothing from it, so it survives pipelined requests.
 *
 * A client that has only shut its sending side still waits for its answer, and looks just like one
 * that has closed. So an HTTP/1.1 client is sent "100 Continue", which it must be able to pass over
 * (RFC 9110, 15.2): a closed socket answers it with a reset, a half-closed one with nothing. An
 * HTTP/1.0 client cannot be asked, and counts as gone.
 *
 * Event-loop thread.
 */
#ifndef RPC_HANGUP_H
#define RPC_HANGUP_H

#include <event2/event.h>
#include <stdbool.h>

struct hangup;

/*
 * Watches `fd`, which stays the caller's, until hangup_free. When the client has gone `gone` is
 * called, once, from the loop; it may free the watch.
 */
struct hangup *hangup_new (struct event_base *base, evutil_socket_t fd, bool may_ask,
                           void (*gone) (void *data), void *data);

/* Sends "100 Continue" on a socket to which nothing is being sent. Returns whether it went. */
bool hangup_continue (evutil_socket_t fd);

/* NULL is fine. To be called before the descriptor is closed. */
void hangup_free (struct hangup *hangup);

#endif
