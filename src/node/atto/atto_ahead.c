#include "node/atto/atto_ahead.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

/* One search under way. */
struct ahead_search {
    TAILQ_ENTRY (ahead_search) link;
    struct atto_ahead *ahead;
    struct broker_waiter *waiter;
    enum store_network network;
    uint8_t target[32];
};

struct atto_ahead {
    struct broker *broker;
    struct store *store;
    TAILQ_HEAD (, ahead_search) errands;
    size_t count;
};

static void
drop (struct ahead_search *errand)
{
    TAILQ_REMOVE (&errand->ahead->errands, errand, link);
    errand->ahead->count--;
    free (errand);
}

static void
keep (const struct ahead_search *errand, const struct broker_answer *answer)
{
    struct store_entry entry = {
        .network = errand->network,
        .work = answer->work,
        .found = (uint64_t)time (NULL),
    };

    memcpy (entry.root, errand->target, sizeof entry.root);
    (void)snprintf (entry.source, sizeof entry.source, "%s", answer->source);
    (void)store_put (errand->ahead->store, &entry);
}

static void
on_done (void *data, const struct broker_answer *answer)
{
    struct ahead_search *errand = data;

    if (answer->outcome == BROKER_FOUND) {
        keep (errand, answer);
    }
    drop (errand);
}

static enum broker_result
begin (struct atto_ahead *ahead, const struct broker_question *question)
{
    struct ahead_search *errand = calloc (1, sizeof *errand);
    enum broker_result result;

    if (errand == NULL) {
        return BROKER_NO_MEMORY;
    }
    errand->ahead = ahead;
    errand->network = question->network;
    memcpy (errand->target, question->target.root, sizeof errand->target);
    result = broker_generate (ahead->broker, question, on_done, errand, &errand->waiter);
    if (result != BROKER_ACCEPTED) {
        free (errand);
        return result;
    }
    TAILQ_INSERT_TAIL (&ahead->errands, errand, link);
    ahead->count++;
    return BROKER_ACCEPTED;
}

enum broker_result
atto_ahead_find (struct atto_ahead *ahead, const struct broker_question *question)
{
    struct broker_question unhurried = *question;
    struct broker_answer answer;

    unhurried.ahead = true;
    if (broker_recall (ahead->broker, question, &answer)) {
        return BROKER_ACCEPTED;
    }
    return ahead->count < ATTO_AHEAD_SEARCHES ? begin (ahead, &unhurried) : BROKER_FULL;
}

struct atto_ahead *
atto_ahead_new (struct broker *broker, struct store *store)
{
    struct atto_ahead *ahead = calloc (1, sizeof *ahead);

    if (ahead != NULL) {
        ahead->broker = broker;
        ahead->store = store;
        TAILQ_INIT (&ahead->errands);
    }
    return ahead;
}

void
atto_ahead_free (struct atto_ahead *ahead)
{
    struct ahead_search *errand;

    if (ahead == NULL) {
        return;
    }
    while ((errand = TAILQ_FIRST (&ahead->errands)) != NULL) {
        broker_leave (errand->waiter);
        drop (errand);
    }
    free (ahead);
}
