#include "node/precache/frontiers.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "rpc/base/json.h"
#include "work/base/account.h"
#include "work/base/clock.h"
#include "work/base/hex.h"

/* Accounts in one question: its answer is well below what a fetch takes. */
#define PAGE 200

/* Seconds that a node may take for one page. */
#define PAGE_TIME 30.0

struct frontiers {
    struct event_base *base;
    struct precache *precache;
    struct fetch_server server;
    struct timeval interval;
    struct resolver *resolver;
    struct event *timer; /* begins a round, or goes on with one */
    struct fetch *fetch; /* while a page is asked for */
    uint8_t (*keys)[32]; /* of the accounts of this round */
    size_t count;
    size_t next;  /* of the keys, the first that has not been asked for */
    bool failing; /* the last page got no answer */
};

/* Copies what is followed now: while a round is under way accounts come, go and change places. */
static int
take_keys (struct frontiers *frontiers)
{
    struct precache_statistics statistics;
    struct precache_account *accounts;

    free (frontiers->keys);
    frontiers->keys = NULL;
    frontiers->count = 0;
    frontiers->next = 0;
    precache_statistics (frontiers->precache, &statistics);
    if (statistics.accounts == 0) {
        return 0;
    }
    accounts = calloc (statistics.accounts, sizeof *accounts);
    frontiers->keys = calloc (statistics.accounts, sizeof *frontiers->keys);
    if (accounts != NULL && frontiers->keys != NULL) {
        frontiers->count =
            precache_accounts (frontiers->precache, 0, accounts, statistics.accounts);
    }
    for (size_t i = 0; i < frontiers->count; i++) {
        memcpy (frontiers->keys[i], accounts[i].key, sizeof frontiers->keys[i]);
    }
    free (accounts);
    return frontiers->count > 0 ? 0 : -1;
}

/* The question for the next page. NULL for want of memory. */
static json_t *
make_question (struct frontiers *frontiers)
{
    const size_t left = frontiers->count - frontiers->next;
    const size_t count = left < PAGE ? left : PAGE;
    json_t *list = json_array ();

    for (size_t i = 0; i < count; i++) {
        char text[ACCOUNT_TEXT_SIZE];

        if (account_print (frontiers->keys[frontiers->next + i], text) != 0 ||
            json_array_append_new (list, json_string (text)) != 0) {
            json_decref (list);
            return NULL;
        }
    }
    frontiers->next += count;
    return json_pack ("{s:s, s:o}", "action", "accounts_frontiers", "accounts", list);
}

static void
tell (struct frontiers *frontiers, const json_t *answer)
{
    json_t *list = json_object_get (answer, "frontiers");
    const char *name;
    json_t *value;

    json_object_foreach (list, name, value)
    {
        uint8_t account[32];
        uint8_t frontier[32];

        if (json_is_string (value) && account_parse (name, account) == 0 &&
            hex_parse_root (json_string_value (value), frontier) == 0) {
            (void)precache_tell (frontiers->precache, account, frontier, NULL);
        }
    }
}

/* Says it once when a node stops answering, and once when it answers again. */
static void
note (struct frontiers *frontiers, const char *reason)
{
    char name[ENDPOINT_TEXT_SIZE];

    endpoint_print (&frontiers->server.endpoint, name);
    if (reason != NULL && !frontiers->failing) {
        log_warn ("The node at %s tells no frontiers: %s (precache.node)", name, reason);
    } else if (reason == NULL && frontiers->failing) {
        log_info ("The node at %s tells frontiers again", name);
    }
    frontiers->failing = reason != NULL;
}

/* Why an answer with a body is none, or NULL. */
static const char *
objection (const json_t *answer)
{
    const char *error = json_string_value (json_object_get (answer, "error"));

    if (error != NULL) {
        return error;
    }
    return json_object_get (answer, "frontiers") != NULL ? NULL : "an answer without frontiers";
}

static void
rest (struct frontiers *frontiers)
{
    (void)event_add (frontiers->timer, &frontiers->interval);
}

static void ask (struct frontiers *frontiers);

static void
on_answer (void *data, struct fetch_answer *answer)
{
    struct frontiers *frontiers = data;
    const char *reason = answer->body != NULL ? objection (answer->body) : answer->reason;

    frontiers->fetch = NULL;
    note (frontiers, reason);
    if (reason == NULL) {
        tell (frontiers, answer->body);
    }
    if (answer->body != NULL) {
        ask (frontiers); /* one page that the node refuses does not hide the next */
    } else {
        rest (frontiers);
    }
    json_decref (answer->body);
}

/* Asks for the next page, or ends the round. */
static void
ask (struct frontiers *frontiers)
{
    json_t *question = frontiers->next < frontiers->count ? make_question (frontiers) : NULL;

    if (question != NULL) {
        frontiers->fetch = fetch_new (frontiers->base, frontiers->resolver, &frontiers->server,
                                      question, PAGE_TIME, on_answer, frontiers);
        json_decref (question);
    }
    if (frontiers->fetch == NULL) {
        rest (frontiers);
    }
}

static void
on_timer (evutil_socket_t fd, short what, void *data)
{
    struct frontiers *frontiers = data;

    (void)fd;
    (void)what;
    if (take_keys (frontiers) != 0) {
        log_warn ("Cannot ask for frontiers: out of memory");
    }
    ask (frontiers);
}

struct frontiers *
frontiers_new (struct event_base *base, struct precache *precache,
               const struct fetch_server *server, double interval)
{
    static const struct timeval now = {0};
    struct frontiers *frontiers = calloc (1, sizeof *frontiers);

    if (frontiers == NULL) {
        return NULL;
    }
    frontiers->base = base;
    frontiers->precache = precache;
    frontiers->server = *server;
    frontiers->interval = clock_timeval (interval);
    frontiers->resolver = resolver_new (base, NULL);
    frontiers->timer = evtimer_new (base, on_timer, frontiers);
    if (frontiers->resolver == NULL || frontiers->timer == NULL ||
        event_add (frontiers->timer, &now) != 0) {
        frontiers_free (frontiers);
        return NULL;
    }
    return frontiers;
}

void
frontiers_free (struct frontiers *frontiers)
{
    if (frontiers == NULL) {
        return;
    }
    fetch_free (frontiers->fetch);
    if (frontiers->timer != NULL) {
        event_free (frontiers->timer);
    }
    resolver_free (frontiers->resolver);
    free (frontiers->keys);
    free (frontiers);
}
