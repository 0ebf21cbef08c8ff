#include "rpc/access/cidr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "work/base/number.h"

/* What is before an IPv4 address in IPv6's clothes. */
#define V4_BITS 96
static const uint8_t v4_prefix[V4_BITS / 8] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void
from_v4 (const struct in_addr *v4, struct cidr_address *address)
{
    memcpy (address->bytes, v4_prefix, sizeof v4_prefix);
    memcpy (address->bytes + sizeof v4_prefix, v4, sizeof *v4);
}

int
cidr_address_of (const struct sockaddr *socket, struct cidr_address *address)
{
    if (socket->sa_family == AF_INET) {
        from_v4 (&((const struct sockaddr_in *)(const void *)socket)->sin_addr, address);
        return 0;
    }
    if (socket->sa_family == AF_INET6) {
        memcpy (address->bytes, &((const struct sockaddr_in6 *)(const void *)socket)->sin6_addr,
                sizeof address->bytes);
        return 0;
    }
    return -1;
}

bool
cidr_address_is_v4 (const struct cidr_address *address)
{
    return memcmp (address->bytes, v4_prefix, sizeof v4_prefix) == 0;
}

void
cidr_address_print (const struct cidr_address *address, char text[CIDR_TEXT_SIZE])
{
    const bool is_v4 = cidr_address_is_v4 (address);

    (void)inet_ntop (is_v4 ? AF_INET : AF_INET6, /* there is room */
                     address->bytes + (is_v4 ? sizeof v4_prefix : 0), text, CIDR_TEXT_SIZE);
}

/* Whether both agree in their first `bits` bits. */
static bool
is_same_start (const uint8_t *a, const uint8_t *b, unsigned bits)
{
    const unsigned rest = bits % 8;

    return memcmp (a, b, bits / 8) == 0 &&
           (rest == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0);
}

/* Whether all bits after the first `bits` are 0. */
static bool
ends_in_zeros (const struct cidr_address *address, unsigned bits)
{
    for (unsigned i = bits; i < 128; i++) {
        if ((address->bytes[i / 8] >> (7 - i % 8) & 1) != 0) {
            return false;
        }
    }
    return true;
}

/* The address alone; how many bits its family has in `most`. Returns 0, or -1. */
static int
parse_address (const char *text, struct cidr_address *address, unsigned *most)
{
    struct in_addr v4;

    *most = 128;
    if (inet_pton (AF_INET, text, &v4) == 1) {
        *most = 128 - V4_BITS;
        from_v4 (&v4, address);
        return 0;
    }
    return inet_pton (AF_INET6, text, address->bytes) == 1 ? 0 : -1;
}

int
cidr_address_parse (const char *text, struct cidr_address *address)
{
    unsigned most;

    return parse_address (text, address, &most);
}

int
cidr_parse (const char *text, struct cidr *cidr)
{
    const size_t length = strcspn (text, "/");
    char alone[CIDR_TEXT_SIZE];
    struct cidr parsed;
    unsigned most;
    uint64_t bits;

    if (length >= sizeof alone) {
        return -1;
    }
    memcpy (alone, text, length);
    alone[length] = '\0';
    if (parse_address (alone, &parsed.address, &most) != 0) {
        return -1;
    }
    bits = most;
    if (text[length] != '\0' && number_parse_unsigned (text + length + 1, 0, most, &bits) != 0) {
        return -1;
    }
    parsed.bits = (unsigned)bits + 128 - most;
    if (!ends_in_zeros (&parsed.address, parsed.bits)) {
        return -1;
    }
    *cidr = parsed;
    return 0;
}

bool
cidr_contains (const struct cidr *cidr, const struct cidr_address *address)
{
    return (cidr->bits >= V4_BITS || !cidr_address_is_v4 (address)) &&
           is_same_start (cidr->address.bytes, address->bytes, cidr->bits);
}

bool
cidr_any_contains (const struct cidr *cidrs, size_t count, const struct cidr_address *address)
{
    for (size_t i = 0; i < count; i++) {
        if (cidr_contains (&cidrs[i], address)) {
            return true;
        }
    }
    return false;
}

bool
cidr_is_loopback (const struct cidr_address *address)
{
    return cidr_address_is_v4 (address)
               ? address->bytes[sizeof v4_prefix] == 127
               : memcmp (address->bytes, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}
