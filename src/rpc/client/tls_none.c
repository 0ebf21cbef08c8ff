/* In builds without TLS, in the place of tls.c: no tls is ever made. */
#include <stdio.h>
#include <stdlib.h>

#include "rpc/client/tls.h"

bool
tls_is_built_in (void)
{
    return false;
}

struct tls *
tls_new (const char *authorities, char error[TLS_TEXT_SIZE])
{
    (void)authorities;
    (void)snprintf (error, TLS_TEXT_SIZE, "this build of workpeer has no TLS");
    return NULL;
}

struct tls *
tls_hold (struct tls *tls)
{
    return tls;
}

void
tls_release (struct tls *tls)
{
    (void)tls;
}

struct bufferevent *
tls_stream_new (struct tls *tls, struct event_base *base, int fd, const char *host)
{
    (void)tls;
    (void)base;
    (void)fd;
    (void)host;
    abort (); /* there is no tls */
}

bool
tls_stream_untrusted (struct bufferevent *stream, char reason[TLS_TEXT_SIZE])
{
    (void)stream;
    (void)reason;
    return false;
}

void *
tls_stream_close (struct bufferevent *stream)
{
    (void)stream;
    return NULL;
}

void
tls_stream_end (void *secured)
{
    (void)secured;
}
