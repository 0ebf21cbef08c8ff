/*
 * An endpoint: a host and a port, as a list of work peers names them. Pure; any thread.
 */
#ifndef RPC_ENDPOINT_H
#define RPC_ENDPOINT_H

#include <stdint.h>

#define ENDPOINT_HOST_SIZE 256
#define ENDPOINT_TEXT_SIZE (ENDPOINT_HOST_SIZE + 8) /* brackets, colon, five digits */

/* Two are the same when their bytes are. */
struct endpoint {
    char host[ENDPOINT_HOST_SIZE]; /* an address literal without brackets, or a host name; zeros */
    uint16_t port;
};

/*
 * Reads "host:port": a host name or IPv4 literal, "[v6]:port", or "v6:port" as nano_node writes it,
 * where the last colon separates ("::ffff:1.2.3.4:7000", "::1:7000"). The host must be an address
 * literal or a well-formed host name; the port 0 to 65535. Returns 0, or -1 with `endpoint`
 * untouched and, in `*expected`, a static text that says what was expected instead.
 */
int endpoint_parse (const char *text, struct endpoint *endpoint, const char **expected);

/*
 * The same from a host and a port number that came apart, as work_peer_add gives them. The host may
 * be in brackets. Returns 0 or -1 as above.
 */
int endpoint_make (const char *host, uint16_t port, struct endpoint *endpoint,
                   const char **expected);

/* Writes "host:port" as nano_node prints it: IPv6 without brackets ("::1:7000"). */
void endpoint_print (const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE]);

#endif
