/*
 * Access: who may ask, how often and for how much. It is asked once for every request, before the
 * body is looked at, and gives a pass that the request keeps until it ends.
 *
 * Where there are neither keys nor networks, everybody may ask. An address within `allow` needs no
 * key. Others need a good one where there are keys, and are refused where there are none. A good
 * key counts as itself wherever it comes from; else the address does, of IPv6 its /64. What is
 * refused is charged to the address's rate as well, so that nobody guesses keys faster than that.
 *
 * A key is compared with all that there are, in constant time. What was found out is remembered for
 * the keys seen last, under a hash with a salt of this process: a client's next request costs one.
 *
 * It reads no clock and no socket. Event-loop thread.
 */
#ifndef RPC_ACCESS_H
#define RPC_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/access/cidr.h"
#include "rpc/access/credentials.h"
#include "rpc/access/key_hash.h"

struct access;
struct caller;

#define ACCESS_NAME_SIZE 64 /* of a key's name, or an address */

/* What one caller may do. 0 is no bound. */
struct access_limits {
    double rate;           /* requests a second */
    double burst;          /* and at once; 0: as many as `rate`, at least 1 */
    uint64_t max_jobs;     /* searches in progress */
    double max_multiplier; /* of the base difficulty */
};

/* What a request may need a right to. A set of rights is an or of these. */
enum access_right {
    ACCESS_RIGHT_NONE = 0, /* whoever is admitted has it */
    ACCESS_RIGHT_WORK = 1,
    ACCESS_RIGHT_PRECACHE = 2,
    ACCESS_RIGHT_STORE = 4,
    ACCESS_RIGHT_PEERS = 8,
    ACCESS_RIGHT_CONTROL = 16,
};

/* In the order of their bits; ended by NULL. */
extern const char *const access_right_names[];

struct access_key {
    char name[ACCESS_NAME_SIZE];
    struct key_hash hash;
    unsigned rights; /* 0: all, as a caller without a key */
    struct access_limits limits;
};

enum access_verdict {
    ACCESS_GRANTED,
    ACCESS_NO_KEY,
    ACCESS_WRONG_KEY,
    ACCESS_FORBIDDEN, /* an address from where nobody may ask */
    ACCESS_TOO_FAST,
    ACCESS_TOO_MANY_JOBS,
    ACCESS_TOO_DIFFICULT,
    ACCESS_NO_RIGHT,
};

/* `tell` is called for every refusal; NULL is nobody. */
struct access_settings {
    struct access_key *keys;
    size_t key_count;
    struct cidr *allow;
    size_t allow_count;
    struct cidr *nodes; /* whose refusals have status 200; none: loopback and `allow` */
    size_t node_count;
    struct access_limits limits; /* of an address */
    void (*tell) (void *data, enum access_verdict verdict, const char *who);
    void *data;
};

/* One that lets everybody in; it knows `max_callers` at once. NULL without random numbers. */
struct access *access_new (size_t max_callers);

/*
 * Goes by these settings from now on, and takes their lists, which are allocated. What callers have
 * used up, and have begun, counts on.
 */
void access_set (struct access *access, const struct access_settings *settings);

/* When no pass of it is left; NULL is fine. */
void access_free (struct access *access);

/*
 * Who a request comes from and what he may do. All zero is a pass that nobody has looked at: it
 * bounds nothing.
 */
struct access_pass {
    struct access *access;           /* or NULL */
    struct caller *caller;           /* held, or NULL where nothing is counted */
    char key_name[ACCESS_NAME_SIZE]; /* or "" */
    struct cidr_address address;
    struct access_limits limits;
    unsigned rights;          /* its key's; 0: all */
    enum access_right needed; /* once refused for want of it */
    bool is_node;
    bool has_job;
    double wait; /* once refused as too fast: seconds until it is not */
};

/*
 * Looks at a request from `address`, NULL when that is not known, with these headers at the time
 * `now`, in nanoseconds. `pass` is filled in for either answer, and access_pass_clear ends it.
 */
enum access_verdict access_admit (struct access *access, const struct cidr_address *address,
                                  const struct credentials_headers *headers, uint64_t now,
                                  struct access_pass *pass);

/* Its request does not count against the rate. Once at most. */
void access_refund (const struct access_pass *pass);

/* Begins the pass's one job, unless its caller has as many as he may. */
enum access_verdict access_begin_job (struct access_pass *pass);

/* Whether `difficulty` is not above the multiple of `base` that the caller may ask for. */
enum access_verdict access_check_difficulty (const struct access_pass *pass, uint64_t difficulty,
                                             uint64_t base);

/* Whether the caller has a right. */
enum access_verdict access_check_right (struct access_pass *pass, enum access_right right);

/* What has begun with it ends. */
void access_pass_clear (struct access_pass *pass);

/* The key's name or the address. */
void access_pass_print (const struct access_pass *pass, char text[ACCESS_NAME_SIZE]);

#endif
