/*
 * Where each request on a connection begins and ends, by the letter of RFC 9112.
 *
 * libevent's parser is lenient: it takes "Content-Length : 5", "+20" for a length, "0x14" for the
 * size of a chunk, and reads no body after a HEAD. A proxy in front may read such a message
 * otherwise, and then the body of one client's request becomes the next request. So every byte
 * passes through here before libevent sees it. What can be read in one way only goes on. From the
 * first byte that makes a request ambiguous nothing goes on; in its place come bytes that libevent
 * refuses wherever it stands, so that answers keep their order, and the connection ends.
 *
 * workpeer-rpc(7) has the table of what is refused. Pure; any thread.
 */
#ifndef RPC_FRAMING_H
#define RPC_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer values of Content-Length and Transfer-Encoding are refused; of names no more is kept. */
#define FRAMING_WORD_SIZE 32

/* Of one connection; all zero at its beginning. */
struct framing {
    int state;                     /* framing.c's */
    char word[FRAMING_WORD_SIZE];  /* the method, the version, or a field's name */
    char value[FRAMING_WORD_SIZE]; /* of a field that counts */
    size_t word_length;
    size_t value_length;
    int field;     /* framing.c's: which of the fields that count */
    bool old;      /* HTTP/1.0 */
    bool bodiless; /* the method's requests have no body that libevent would read */
    bool has_length;
    bool chunked;
    uint64_t left;       /* bytes of the body or chunk still to come */
    const char *refused; /* what its client is told, once a request is refused; static */
    int status;          /* of the answer then */
};

/*
 * Reads `size` bytes, and writes to `clear` (as large) those of them that libevent is to see.
 * Returns how many; fewer than `size` when there were empty lines before a request, which are
 * passed over, or when a request is refused: `framing->refused` is set then.
 */
size_t framing_read (struct framing *framing, const char *bytes, size_t size, char *clear);

/* What libevent is to see in the place of the rest of a refused request. Static. */
const char *framing_ending (const struct framing *framing);

#endif
