/*
 * What proxies in front say of the address of a request's client: in Forwarded (RFC 7239) or
 * X-Forwarded-For. Pure; any thread.
 *
 * Each proxy adds the address that it was asked from at the end. So the fields are read from there:
 * the client is the last address that no trusted proxy has. What stands before it the client may
 * have made up. Where a proxy does not tell whom it was asked by, the client counts as that proxy.
 */
#ifndef RPC_FORWARDED_H
#define RPC_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "rpc/access/cidr.h"

struct evkeyvalq;

/* The proxies in front that are trusted. */
struct proxies {
    struct cidr *networks;
    size_t count;
    bool protocol; /* they begin each connection with a PROXY header; the fields do not count */
};

/* Whether `address` is one of these. */
bool proxies_contain (const struct proxies *proxies, const struct cidr_address *address);

/*
 * Takes the fields of a request that came from `address`, and makes `address` its client's. They
 * count only where `proxies` has `address` in it. Returns 0; or -1, with `address` untouched, where
 * a proxy has sent a field that cannot be read, or two that contradict each other: one of them is
 * then the client's own.
 */
int forwarded_find (const struct proxies *proxies, const struct evkeyvalq *headers,
                    struct cidr_address *address);

#endif
