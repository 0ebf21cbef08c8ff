#include "rpc/access/access.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/access/callers.h"
#include "rpc/base/memory.h"
#include "work/base/difficulty.h"

/* What was found out of a key. All zero is nothing yet. */
struct tried_key {
    uint8_t digest[KEY_HASH_DIGEST_BYTES]; /* of the key, with the access's own salt */
    bool known;
    const struct access_key *key; /* NULL: it is a wrong one */
};

#define TRIED_KEYS 256

const char *const access_right_names[] = {"work", "precache", "store", "peers", "control", NULL};

struct access {
    struct access_settings settings; /* its lists are ours */
    struct callers *callers;
    struct key_hash salt;               /* only its salt counts */
    struct tried_key tried[TRIED_KEYS]; /* each in the place that its digest says */
};

static bool
has_bounds (const struct access_limits *limits)
{
    return limits->rate > 0 || limits->max_jobs > 0;
}

/* Whether they keep anybody from anything. */
static bool
is_needed (const struct access_settings *settings)
{
    return settings->key_count > 0 || settings->allow_count > 0 || has_bounds (&settings->limits) ||
           settings->limits.max_multiplier > 0;
}

struct access *
access_new (size_t max_callers)
{
    struct access *access = memory_new (1, sizeof *access);

    if (key_hash_new ("", 0, &access->salt) != 0) {
        free (access);
        return NULL;
    }
    access->callers = callers_new (max_callers);
    return access;
}

static void
free_lists (struct access *access)
{
    free (access->settings.keys);
    free (access->settings.allow);
    free (access->settings.nodes);
}

void
access_set (struct access *access, const struct access_settings *settings)
{
    free_lists (access);
    access->settings = *settings;
    memset (access->tried, 0, sizeof access->tried);
}

void
access_free (struct access *access)
{
    if (access != NULL) {
        callers_free (access->callers);
        free_lists (access);
        free (access);
    }
}

/* The key that has this text, or NULL. Every key is looked at, whichever it is. */
static const struct access_key *
compare_keys (const struct access_settings *settings, const char *text, size_t length)
{
    const struct access_key *found = NULL;

    for (size_t i = 0; i < settings->key_count; i++) {
        if (key_hash_matches (&settings->keys[i].hash, text, length)) {
            found = &settings->keys[i];
        }
    }
    return found;
}

/* The same, from memory if it can be. Nobody who does not know the salt can choose the place. */
static const struct access_key *
find_key (struct access *access, const char *text, size_t length)
{
    uint8_t digest[KEY_HASH_DIGEST_BYTES];
    struct tried_key *tried;

    if (key_hash_digest (&access->salt, text, length, digest) != 0) {
        return NULL; /* longer than any key */
    }
    tried = &access->tried[digest[0] % TRIED_KEYS];
    if (!tried->known || memcmp (tried->digest, digest, sizeof digest) != 0) {
        tried->known = true;
        memcpy (tried->digest, digest, sizeof digest);
        tried->key = compare_keys (&access->settings, text, length);
    }
    return tried->key;
}

/* The good key in the headers, or NULL; whether there was any. */
static const struct access_key *
key_in (struct access *access, const struct credentials_headers *headers, bool *given)
{
    const struct access_key *found = NULL;
    struct credentials credentials;

    credentials_read (headers, &credentials);
    *given = credentials.count > 0;
    for (size_t i = 0; i < credentials.count && found == NULL; i++) {
        found = find_key (access, credentials.keys[i].text, credentials.keys[i].length);
    }
    return found;
}

static bool
is_allowed (const struct access_settings *settings, const struct cidr_address *address)
{
    if (settings->allow_count == 0) {
        return settings->key_count == 0;
    }
    return cidr_any_contains (settings->allow, settings->allow_count, address);
}

static bool
is_node (const struct access_settings *settings, const struct cidr_address *address)
{
    if (settings->node_count > 0) {
        return cidr_any_contains (settings->nodes, settings->node_count, address);
    }
    return cidr_is_loopback (address) ||
           cidr_any_contains (settings->allow, settings->allow_count, address);
}

/* Whether he may ask at all, and as whom. */
static enum access_verdict
identify (const struct access_settings *settings, const struct credentials_headers *headers,
          struct access_pass *pass, struct callers_id *id)
{
    const struct access_key *key = NULL;
    bool given = false;

    *id = callers_id_of_address (&pass->address);
    pass->limits = settings->limits;
    if (settings->key_count > 0) {
        key = key_in (pass->access, headers, &given);
    }
    if (key != NULL) {
        *id = callers_id_of_key (key->hash.digest);
        pass->limits = key->limits;
        pass->rights = key->rights;
        memcpy (pass->key_name, key->name, sizeof pass->key_name);
        return ACCESS_GRANTED;
    }
    if (is_allowed (settings, &pass->address)) {
        return ACCESS_GRANTED;
    }
    if (settings->key_count == 0) {
        return ACCESS_FORBIDDEN;
    }
    return given ? ACCESS_WRONG_KEY : ACCESS_NO_KEY;
}

static void
tell (const struct access_pass *pass, enum access_verdict verdict)
{
    char who[ACCESS_NAME_SIZE];

    if (verdict != ACCESS_GRANTED && pass->access->settings.tell != NULL) {
        access_pass_print (pass, who);
        pass->access->settings.tell (pass->access->settings.data, verdict, who);
    }
}

/* Holds whoever has bounds, and takes one request from what he has left. */
static enum access_verdict
spend (struct access_pass *pass, const struct callers_id *id, uint64_t now)
{
    const double rate = pass->limits.rate;
    const double burst = pass->limits.burst > 0 ? pass->limits.burst : rate;

    if (!has_bounds (&pass->limits)) {
        return ACCESS_GRANTED;
    }
    pass->caller = callers_hold (pass->access->callers, id);
    if (rate > 0 && !caller_spend (pass->caller, rate, fmax (burst, 1), now, &pass->wait)) {
        return ACCESS_TOO_FAST;
    }
    return ACCESS_GRANTED;
}

enum access_verdict
access_admit (struct access *access, const struct cidr_address *address,
              const struct credentials_headers *headers, uint64_t now, struct access_pass *pass)
{
    const struct access_settings *const settings = &access->settings;
    enum access_verdict verdict = is_needed (settings) ? ACCESS_FORBIDDEN : ACCESS_GRANTED;
    enum access_verdict speed = ACCESS_GRANTED;
    struct callers_id id;

    *pass = (struct access_pass){.access = access};
    if (address != NULL) {
        pass->address = *address;
        pass->is_node = is_node (settings, &pass->address);
        verdict = identify (settings, headers, pass, &id);
        speed = spend (pass, &id, now);
    }
    if (speed != ACCESS_GRANTED) {
        verdict = speed;
    }
    tell (pass, verdict);
    return verdict;
}

void
access_refund (const struct access_pass *pass)
{
    if (pass->caller != NULL) {
        caller_refund (pass->caller);
    }
}

enum access_verdict
access_begin_job (struct access_pass *pass)
{
    if (pass->limits.max_jobs == 0 || pass->has_job) {
        return ACCESS_GRANTED;
    }
    if (!caller_begin_job (pass->caller, pass->limits.max_jobs)) {
        tell (pass, ACCESS_TOO_MANY_JOBS);
        return ACCESS_TOO_MANY_JOBS;
    }
    pass->has_job = true;
    return ACCESS_GRANTED;
}

enum access_verdict
access_check_difficulty (const struct access_pass *pass, uint64_t difficulty, uint64_t base)
{
    const double most = pass->limits.max_multiplier;

    if (most > 0 && difficulty > difficulty_from_multiplier (most, base)) {
        tell (pass, ACCESS_TOO_DIFFICULT);
        return ACCESS_TOO_DIFFICULT;
    }
    return ACCESS_GRANTED;
}

enum access_verdict
access_check_right (struct access_pass *pass, enum access_right right)
{
    if (pass->rights == 0 || right == ACCESS_RIGHT_NONE || (pass->rights & right) != 0) {
        return ACCESS_GRANTED;
    }
    pass->needed = right;
    tell (pass, ACCESS_NO_RIGHT);
    return ACCESS_NO_RIGHT;
}

void
access_pass_clear (struct access_pass *pass)
{
    if (pass->caller != NULL) {
        if (pass->has_job) {
            caller_end_job (pass->caller);
        }
        callers_release (pass->access->callers, pass->caller);
    }
    *pass = (struct access_pass){.access = NULL};
}

void
access_pass_print (const struct access_pass *pass, char text[ACCESS_NAME_SIZE])
{
    if (pass->key_name[0] != '\0') {
        snprintf (text, ACCESS_NAME_SIZE, "%s", pass->key_name);
    } else {
        cidr_address_print (&pass->address, text);
    }
}
