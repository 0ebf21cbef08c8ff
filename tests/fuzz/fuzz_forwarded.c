/*
 * What a proxy says of its client. The fields of a request, one a line, as X-Forwarded-For and as
 * Forwarded: who is not a proxy is believed nothing, and where a proxy adds an address to what a
 * client has sent, that is the client or the request is refused. Headers of the PROXY protocol:
 * where one ends does not depend on what follows, and none is whole before its last byte is there.
 */
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "fuzz.h"
#include "rpc/access/forwarded.h"
#include "rpc/server/proxy_header.h"

static struct cidr
network_of (const char *text)
{
    struct cidr cidr;

    FUZZ_CHECK (cidr_parse (text, &cidr) == 0);
    return cidr;
}

static bool
is_same (const struct cidr_address *a, const struct cidr_address *b)
{
    return memcmp (a, b, sizeof *a) == 0;
}

static int
find (const char *peer, const struct evkeyvalq *headers, struct cidr_address *address)
{
    struct cidr trusted = network_of ("10.0.0.0/8");
    const struct proxies proxies = {.networks = &trusted, .count = 1};

    *address = network_of (peer).address;
    return forwarded_find (&proxies, headers, address);
}

/* A value that framing.c lets pass. */
static bool
is_value (const char *text)
{
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static void
check_fields (const uint8_t *data, size_t size, const char *name, const char *added)
{
    const struct cidr_address outside = network_of ("192.0.2.1").address;
    const struct cidr_address proxy = network_of ("10.0.0.1").address;
    struct cidr_address address;
    struct evkeyvalq headers;
    char *line;
    int before;

    TAILQ_INIT (&headers);
    while ((line = fuzz_line (&data, &size)) != NULL) {
        if (is_value (line)) {
            FUZZ_CHECK (evhttp_add_header (&headers, name, line) == 0);
        }
        free (line);
    }
    FUZZ_CHECK (find ("192.0.2.1", &headers, &address) == 0 && is_same (&address, &outside));
    before = find ("10.0.0.1", &headers, &address);
    FUZZ_CHECK (before == 0 || (before == -1 && is_same (&address, &proxy)));
    FUZZ_CHECK (evhttp_add_header (&headers, name, added) == 0);
    FUZZ_CHECK (find ("10.0.0.1", &headers, &address) == before);
    FUZZ_CHECK (before != 0 || is_same (&address, &outside));
    evhttp_clear_headers (&headers);
}

static void
check_header (const uint8_t *data, size_t size)
{
    struct proxy_header header;
    enum proxy_header_result last = PROXY_HEADER_MORE;

    for (size_t length = 1; length <= size && length <= PROXY_HEADER_MOST; length++) {
        const enum proxy_header_result result = proxy_header_read (data, length, &header);

        FUZZ_CHECK (last == PROXY_HEADER_MORE || result == last);
        if (result == PROXY_HEADER_WHOLE) {
            FUZZ_CHECK (last == PROXY_HEADER_MORE ? header.size == length : header.size < length);
        }
        last = result;
    }
    FUZZ_CHECK (size < PROXY_HEADER_MOST || last != PROXY_HEADER_MORE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    check_fields (data, size, "X-Forwarded-For", "192.0.2.1");
    check_fields (data, size, "Forwarded", "for=192.0.2.1");
    check_header (data, size);
    return 0;
}
