#include "node/precache/frontiers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "rpc/client/http_call.h"
#include "work/base/account.h"
#include "work/base/clock.h"
#include "work/base/hex.h"

/* Accounts in one question: its answer is well below MAX_BODY. */
#define PAGE 200

/* Bytes of an answer, and brackets in it, which is flat. */
#define MAX_BODY 65536
#define MAX_DEPTH 64

#define REASON_SIZE 32

/* Seconds that a node may take for one page. */
#define PAGE_TIME 30.0

struct frontiers {
    struct event_base *base;
    struct precache *precache;
    struct url node;
    struct tls *tls; /* its owner's */
    const char *prefix;
    struct timeval interval;
    struct resolver *resolver;
    struct event *timer;    /* begins a round */
    struct http_call *call; /* while a page is asked for */
    uint8_t (*keys)[32];    /* of the accounts of this round */
    size_t count;
    size_t next;  /* of the keys, the first that has not been asked for */
    bool failing; /* the last page got no answer */
};

/* Copies what is followed now: while a round is under way accounts come, go and change places. */
static void
take_keys (struct frontiers *frontiers)
{
    struct precache_statistics statistics;
    struct precache_account *accounts;

    precache_statistics (frontiers->precache, &statistics);
    accounts = memory_new (statistics.accounts, sizeof *accounts);
    frontiers->keys = memory_resize (frontiers->keys, statistics.accounts, sizeof *frontiers->keys);
    frontiers->count = precache_accounts (frontiers->precache, 0, accounts, statistics.accounts);
    frontiers->next = 0;
    for (size_t i = 0; i < frontiers->count; i++) {
        memcpy (frontiers->keys[i], accounts[i].key, sizeof frontiers->keys[i]);
    }
    free (accounts);
}

/* The question for the next page. */
static json_t *
make_question (struct frontiers *frontiers)
{
    const size_t left = frontiers->count - frontiers->next;
    const size_t count = left < PAGE ? left : PAGE;
    json_t *list = memory_need (json_array ());

    for (size_t i = 0; i < count; i++) {
        char text[ACCOUNT_TEXT_SIZE];

        account_print (frontiers->keys[frontiers->next++], frontiers->prefix, text);
        memory_require (json_array_append_new (list, json_string (text)) == 0);
    }
    return memory_need (json_pack ("{s:s, s:o}", "action", "accounts_frontiers", "accounts", list));
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

    endpoint_print (&frontiers->node.endpoint, name);
    if (reason != NULL && !frontiers->failing) {
        log_warn ("The node at %s does not report frontiers: %s (precache.node)", name, reason);
    } else if (reason == NULL && frontiers->failing) {
        log_info ("The node at %s reports frontiers again", name);
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

/* Why there is no answer. */
static const char *
failure_of (const struct http_result *result, char text[REASON_SIZE])
{
    switch (result->outcome) {
    case HTTP_BAD_STATUS:
        (void)snprintf (text, REASON_SIZE, "status %u, expected 200", result->status);
        return text;
    case HTTP_TOO_LARGE:
        return "an answer of more than 65536 bytes";
    case HTTP_NOT_HTTP:
        return "an answer that is not HTTP";
    case HTTP_CLOSED:
    case HTTP_CUT:
        return "closed before the end of the answer";
    default:
        return result->reason;
    }
}

static void ask (struct frontiers *frontiers);

static void
on_done (void *data, const struct http_result *result)
{
    struct frontiers *frontiers = data;
    char text[REASON_SIZE];
    const char *reason = NULL;
    json_t *answer = NULL;

    frontiers->call = NULL;
    if (result->outcome == HTTP_ANSWERED) {
        answer = json_parse (result->body, MAX_DEPTH, &reason);
    } else {
        reason = failure_of (result, text);
    }
    if (answer != NULL) {
        reason = objection (answer);
    } else {
        frontiers->next = frontiers->count; /* ends the round; a page that is refused does not */
    }
    note (frontiers, reason);
    if (reason == NULL) {
        tell (frontiers, answer);
    }
    json_decref (answer);
    ask (frontiers);
}

/* Asks for the next page, or ends the round. */
static void
ask (struct frontiers *frontiers)
{
    json_t *question;

    if (frontiers->next == frontiers->count) {
        memory_require (event_add (frontiers->timer, &frontiers->interval) == 0);
        return;
    }
    question = make_question (frontiers);
    frontiers->call = http_call_new (frontiers->base, frontiers->resolver,
                                     &(struct http_question){
                                         .url = &frontiers->node,
                                         .tls = frontiers->tls,
                                         .body = question,
                                         .timeout = PAGE_TIME,
                                         .max_body = MAX_BODY,
                                     },
                                     on_done, frontiers);
    json_decref (question);
}

static void
on_timer (evutil_socket_t fd, short what, void *data)
{
    struct frontiers *frontiers = data;

    (void)fd;
    (void)what;
    take_keys (frontiers);
    ask (frontiers);
}

struct frontiers *
frontiers_new (struct event_base *base, struct precache *precache, const struct url *node,
               const char *prefix, double interval)
{
    static const struct timeval now = {0};
    struct frontiers *frontiers = memory_new (1, sizeof *frontiers);

    frontiers->base = base;
    frontiers->precache = precache;
    frontiers->node = *node;
    frontiers->prefix = prefix;
    frontiers->interval = clock_timeval (interval);
    frontiers->resolver = resolver_new (base, NULL);
    frontiers->timer = memory_need (evtimer_new (base, on_timer, frontiers));
    memory_require (event_add (frontiers->timer, &now) == 0);
    return frontiers;
}

void
frontiers_set_tls (struct frontiers *frontiers, struct tls *tls)
{
    frontiers->tls = tls;
}

void
frontiers_free (struct frontiers *frontiers)
{
    if (frontiers == NULL) {
        return;
    }
    http_call_free (frontiers->call);
    event_free (frontiers->timer);
    resolver_free (frontiers->resolver);
    free (frontiers->keys);
    free (frontiers);
}
