/*
 * Where each request on a connection begins and ends, by the letter of RFC 9112, and whether it
 * keeps to the limits.
 *
 * libevent's parser is lenient ("Content-Length : 5", "+20", a chunk of "0x14"). A proxy in front
 * may read such a message otherwise, and then the body of one client's request becomes the next
 * request. So libevent sees only whole requests that this reader has taken. From the first byte
 * that makes a request ambiguous, or too long, nothing more is read, and the connection ends with
 * an error.
 *
 * workpeer-rpc(7) has the table of what is refused. Pure; any thread.
 */
#ifndef RPC_FRAMING_H
#define RPC_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer values of the fields that count are refused; of names no more is kept. */
#define FRAMING_WORD_SIZE 32

struct framing_limits {
    size_t max_head;   /* bytes of a head and its trailers, without the ends of their lines */
    uint64_t max_body; /* bytes, without what chunks have around them */
};

/* Of one connection; all zero at its beginning. */
struct framing {
    int state;                         /* framing.c's */
    char word[FRAMING_WORD_SIZE];      /* the method, the version, or a field's name */
    char value[FRAMING_WORD_SIZE + 1]; /* of a field that counts; ended by a zero once it is read */
    size_t word_length;
    size_t value_length;
    int field;     /* framing.c's: which of the fields that count */
    bool old;      /* HTTP/1.0 */
    bool tunnel;   /* the method is CONNECT */
    bool bodiless; /* the method's requests have no body that libevent would read */
    bool absolute; /* the target is no plain path: libevent may not be able to read it */
    bool has_length;
    bool chunked;
    bool trailing; /* these fields are the trailers */
    bool expects;  /* 100-continue */
    bool odd;      /* expects something else */
    size_t head;   /* bytes of it that count */
    uint64_t body; /* and of the body, those to come included */
    uint64_t left; /* bytes of the body or chunk still to come */

    const char *refused; /* what its client is told, once a request is refused; static */
    int status;          /* of the answer then */
    bool ambiguous;      /* what is refused is no plain overstepping of a limit */
};

enum framing_event {
    FRAMING_MORE,  /* nothing has ended */
    FRAMING_BLANK, /* an empty line before a request, which libevent would refuse (RFC 9112, 2.2) */
    FRAMING_EXPECTS, /* a head has ended, and its client may wait for "100 Continue" */
    FRAMING_WHOLE,   /* a request has ended */
    FRAMING_REFUSED, /* for good */
};

/* Reads of `size` bytes, at least one, as far as the event that it returns; `*count` is how far. */
enum framing_event framing_read (struct framing *framing, const struct framing_limits *limits,
                                 const char *bytes, size_t size, size_t *count);

#endif
