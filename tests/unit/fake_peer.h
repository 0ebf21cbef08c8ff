/*
 * A work peer for tests: a server on a port of 127.0.0.1 that does what its script says, in the
 * test's own event loop, and keeps what it heard.
 */
#ifndef TESTS_FAKE_PEER_H
#define TESTS_FAKE_PEER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_PEER_CONNECTIONS = 256 };

enum fake_peer_then { FAKE_PEER_KEEP, FAKE_PEER_CLOSE, FAKE_PEER_RESET };

/* What is done about one request. */
struct fake_peer_turn {
    bool at_accept;           /* without waiting for the request */
    const char *answer;       /* bytes; NULL is none */
    double drip;              /* seconds between two bytes; 0 is all at once */
    const char *endless;      /* repeated for ever after the answer, or NULL */
    enum fake_peer_then then; /* once the answer is written */
};

struct fake_peer;

/* The first request is met by turns[0], and so on; the last turn is for all further ones. */
struct fake_peer *fake_peer_new (struct event_base *base, const struct fake_peer_turn *turns,
                                 size_t count);
void fake_peer_free (struct fake_peer *fake);

uint16_t fake_peer_port (const struct fake_peer *fake);

/* Connections ever accepted, and of these the ones that neither side has closed. */
size_t fake_peer_accepted (const struct fake_peer *fake);
size_t fake_peer_open (const struct fake_peer *fake);

/* What was heard on connection `index`. */
const char *fake_peer_heard (const struct fake_peer *fake, size_t index);

/* How many whole requests had `text` in them, on all connections. */
size_t fake_peer_count (const struct fake_peer *fake, const char *text);

/* Closes every connection. */
void fake_peer_hang_up (struct fake_peer *fake);

#endif
