/*
 * Networks of addresses, as CIDR writes them (RFC 4632, RFC 4291), IPv4 and IPv6. IPv4 in IPv6's
 * clothes (::ffff:192.0.2.1) is IPv4 throughout. Pure; any thread.
 */
#ifndef RPC_CIDR_H
#define RPC_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* An address of either family: IPv4 as IPv6 maps it. */
struct cidr_address {
    uint8_t bytes[16];
};

/* The addresses whose first `bits` bits are those of `address`; the others are 0 in it. */
struct cidr {
    struct cidr_address address;
    unsigned bits; /* 0 to 128; of an IPv4 network 96 to 128 */
};

#define CIDR_TEXT_SIZE 46 /* INET6_ADDRSTRLEN */

/* The address in `socket`; its port does not count. Returns 0, or -1 for another family. */
int cidr_address_of (const struct sockaddr *socket, struct cidr_address *address);

bool cidr_address_is_v4 (const struct cidr_address *address);

/* Reads one, without a port or brackets. Returns 0, or -1 with `address` untouched. */
int cidr_address_parse (const char *text, struct cidr_address *address);

/* Writes it in its usual form. */
void cidr_address_print (const struct cidr_address *address, char text[CIDR_TEXT_SIZE]);

/*
 * Reads "address" or "address/bits". Bits after the first `bits` must be 0, so that a network is
 * what it looks like. Returns 0, or -1 with `cidr` untouched.
 */
int cidr_parse (const char *text, struct cidr *cidr);

/* An IPv4 address is in IPv4 networks only, and never in "::/0". */
bool cidr_contains (const struct cidr *cidr, const struct cidr_address *address);

/* Whether any of `count` networks does. */
bool cidr_any_contains (const struct cidr *cidrs, size_t count, const struct cidr_address *address);

/* 127.0.0.0/8 and ::1. */
bool cidr_is_loopback (const struct cidr_address *address);

#endif
