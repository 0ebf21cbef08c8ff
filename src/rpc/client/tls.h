/*
 * TLS towards servers, by OpenSSL under a bufferevent: version 1.2 or later, HTTP/1.1, the server's
 * certificate and its name or address checked. A tls is whom is trusted: the authorities that may
 * vouch for a server. It is counted, as calls under way outlive a change of the configuration.
 *
 * OpenSSL is initialised by the first tls_new, so a process that needs no https does without.
 * A build without TLS has tls_none.c instead of tls.c: tls_new fails there.
 */
#ifndef RPC_TLS_H
#define RPC_TLS_H

#include <event2/bufferevent.h>
#include <stdbool.h>

#define TLS_TEXT_SIZE 256

struct tls;

/* Whether this build has it. */
bool tls_is_built_in (void);

/*
 * The system's authorities, or those of the PEM file `authorities` unless it is "". Reading them
 * takes some 30 ms: not for the event loop. Any thread. NULL with what is wrong in `error`.
 */
struct tls *tls_new (const char *authorities, char error[TLS_TEXT_SIZE]);

/* One more holder, and one fewer; the last takes it along. Any thread. NULL is fine. */
struct tls *tls_hold (struct tls *tls);
void tls_release (struct tls *tls);

/*
 * A bufferevent over the connected socket `fd`, which begins the handshake with the server `host`
 * once it is enabled. BEV_EVENT_CONNECTED is its end, or BEV_EVENT_ERROR or BEV_EVENT_EOF. It is
 * freed by http_kept_close. Event-loop thread, as are the following.
 */
struct bufferevent *tls_stream_new (struct tls *tls, struct event_base *base, int fd,
                                    const char *host);

/*
 * After BEV_EVENT_ERROR: whether that was because one side does not trust the other, or they have
 * no version or cipher in common; `reason` then says which. False where the connection just ended.
 */
bool tls_stream_untrusted (struct bufferevent *stream, char reason[TLS_TEXT_SIZE]);

/*
 * Tells the server that nothing more comes, before bufferevent_free; what is returned is to be
 * given to tls_stream_end after it. NULL, and nothing happens, for a stream without TLS.
 */
void *tls_stream_close (struct bufferevent *stream);
void tls_stream_end (void *secured);

#endif
