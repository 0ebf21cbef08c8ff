/*
 * Callers: what each has used up lately. A caller is whoever counts as one: a key, an IPv4 address,
 * or a /64 of IPv6, of which a client has all addresses.
 *
 * The table is bounded: beyond its size the caller heard of longest ago, of those with no request
 * in progress, is forgotten, which gives him back what he has used up.
 *
 * Event-loop thread. Time is the caller's of these functions: nanoseconds of any clock that does
 * not go back.
 */
#ifndef RPC_CALLERS_H
#define RPC_CALLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/access/cidr.h"

struct callers;
struct caller;

struct callers_id {
    uint8_t bytes[17];
};

struct callers_id callers_id_of_address (const struct cidr_address *address);

/* Of a key, by 16 bytes of its own. */
struct callers_id callers_id_of_key (const uint8_t bytes[16]);

/* An empty table of `max` callers. */
struct callers *callers_new (size_t max);

/* When no caller is held any more. */
void callers_free (struct callers *callers);

/* How many are known. */
size_t callers_count (const struct callers *callers);

/* Who `id` is, held until callers_release. */
struct caller *callers_hold (struct callers *callers, const struct callers_id *id);
void callers_release (struct callers *callers, struct caller *caller);

/*
 * Takes one request from a bucket of `burst` (at least 1) that fills at `rate` (above 0) a second.
 * Returns whether it had one; else `wait` is the seconds until it has.
 */
bool caller_spend (struct caller *caller, double rate, double burst, uint64_t now, double *wait);

/* Begins a job, unless there are `max` already. Returns whether it did. */
bool caller_begin_job (struct caller *caller, uint64_t max);
void caller_end_job (struct caller *caller);

#endif
