/*
 * Random lives of searches against a model of what broker.h and search.h promise: who is answered
 * how and when, and what the devices and the peers have under way.
 *
 * The model knows each waiter's route and nothing of searches: what ought to be under way follows
 * from those who wait. A life is one broker with its settings; SEARCH_MODEL_LIVES is how many there
 * are. Each list has one peer at the most, so that one ask is one peer search (test_search.c has
 * the others).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "seed.h"
#include "support_search.h"

enum { DEFAULT_LIVES = 400, STEPS = 100, ROOTS = 5, STEPS_OF_ROUTE = 3, MOST_ASKS = 4 };

/* Sources, as the model has them. */
enum place { DEVICES, PRIMARY, SECONDARY, PLACES };

struct waiter {
    struct client *client;
    unsigned route[STEPS_OF_ROUTE]; /* sets of places */
    uint64_t since;
    const char *hops; /* one of the table's, or NULL */
    bool ahead;
    bool live;
};

struct model {
    struct bench *bench;
    struct seed *seed;
    bool down;
    bool devices;
    struct waiter waiters[MAX_CLIENTS]; /* as bench->clients */
    uint64_t asked_at[STEPS * ROOTS * 4];
    size_t asks; /* whose times are known */
};

/* Of all lives, to show that each kind of thing has happened. */
struct totals {
    unsigned long results[BROKER_DOWN + 1];
    unsigned long outcomes[BROKER_FAILED + 1];
    unsigned long asks;
    unsigned long waits_for_room;
};

static struct totals totals;

static unsigned
below (struct model *model, unsigned limit)
{
    return seed_below (model->seed, limit);
}

static bool
chance (struct model *model, unsigned percent)
{
    return below (model, 100) < percent;
}

/* Routes. */

static unsigned
place_now (const struct waiter *waiter)
{
    for (unsigned i = 0; i < STEPS_OF_ROUTE; i++) {
        if (waiter->route[i] != 0) {
            return waiter->route[i];
        }
    }
    return 0;
}

static bool
is_at (const struct waiter *waiter, unsigned root, enum place place)
{
    return waiter->live && waiter->client->root == root && (place_now (waiter) & 1U << place) != 0;
}

/* Only the present step: the ones before it are empty. */
static void
strike (struct waiter *waiter, enum place place)
{
    for (unsigned i = 0; i < STEPS_OF_ROUTE; i++) {
        if (waiter->route[i] != 0) {
            waiter->route[i] &= ~(1U << place);
            return;
        }
    }
}

static size_t
waiter_count (const struct model *model)
{
    return model->bench->client_count;
}

static void
strike_all (struct model *model, unsigned root, enum place place)
{
    for (size_t i = 0; i < waiter_count (model); i++) {
        if (is_at (&model->waiters[i], root, place)) {
            strike (&model->waiters[i], place);
        }
    }
}

/* Ends. */

static void
expect (struct waiter *waiter, enum broker_outcome outcome)
{
    waiter->live = false;
    totals.outcomes[outcome]++;
    assert_int_equal (waiter->client->answers, 1);
    assert_int_equal (waiter->client->answer.outcome, outcome);
}

static void
expect_found (struct model *model, unsigned root, unsigned bits)
{
    for (size_t i = 0; i < waiter_count (model); i++) {
        struct waiter *waiter = &model->waiters[i];

        if (waiter->live && waiter->client->root == root && waiter->client->bits <= bits) {
            expect (waiter, BROKER_FOUND);
        }
    }
}

static bool
is_late (const struct model *model, const struct waiter *waiter)
{
    const double timeout = model->bench->settings.broker.request_timeout;

    return !waiter->ahead && clock_now () > waiter->since + clock_from_seconds (timeout);
}

/*
 * What time and failures have brought about: after every step. Of the two the other may have been
 * first. Returns whether anybody's wait has ended.
 */
static bool
expect_ends (struct model *model)
{
    bool any = false;

    for (size_t i = 0; i < waiter_count (model); i++) {
        struct waiter *waiter = &model->waiters[i];

        if (!waiter->live) {
            continue;
        }
        if ((model->down || !model->devices) && (place_now (waiter) & 1U << DEVICES) != 0) {
            strike (waiter, DEVICES);
        }
        if (is_late (model, waiter) &&
            (place_now (waiter) != 0 || waiter->client->answer.outcome == BROKER_EXPIRED)) {
            expect (waiter, BROKER_EXPIRED);
        } else if (place_now (waiter) == 0) {
            expect (waiter, BROKER_FAILED);
        } else if (waiter->client->waiter == NULL) {
            fail_msg ("a waiter has ended that should not have");
        }
        any |= !waiter->live;
    }
    return any;
}

/* What is under way. */

static enum place
place_of (const struct fake_ask *ask)
{
    return ask->peer[0] == 'p' ? PRIMARY : SECONDARY;
}

static bool
is_open (size_t index, unsigned root, enum place place)
{
    const struct fake_ask *ask = fake_peers_ask (index);

    return ask->open && ask->target.root[31] == root && place_of (ask) == place;
}

static bool
covers (size_t index, const struct waiter *waiter)
{
    const struct fake_ask *ask = fake_peers_ask (index);
    char hops[HOPS_TEXT_SIZE];

    hops_print (&ask->hops, hops);
    return waiter->client->bits >= bench_bits (ask->target.threshold) &&
           (waiter->hops == NULL || strcmp (hops, waiter->hops) == 0);
}

/* Whether one of the open asks, save `except`, is good for the waiter. */
static bool
is_covered (const struct waiter *waiter, enum place place, size_t except)
{
    for (size_t i = 0; i < fake_peers_asks (); i++) {
        if (i != except && is_open (i, waiter->client->root, place) && covers (i, waiter)) {
            return true;
        }
    }
    return false;
}

static size_t
count_open (unsigned root, enum place place)
{
    size_t count = 0;

    for (size_t i = 0; i < fake_peers_asks (); i++) {
        count += is_open (i, root, place);
    }
    return count;
}

static void
check_peers (struct model *model, unsigned root, enum place place)
{
    const size_t open = count_open (root, place);
    bool wanted = false;

    for (size_t i = 0; i < waiter_count (model); i++) {
        if (is_at (&model->waiters[i], root, place)) {
            wanted = true;
            assert_true (open == MOST_ASKS || is_covered (&model->waiters[i], place, SIZE_MAX));
        }
    }
    assert_true (wanted ? open > 0 && open <= MOST_ASKS : open == 0);
}

static bool
is_full (const struct model *model)
{
    return fake_pool_places (model->bench->pool) >= model->bench->settings.room;
}

static void
check_devices (struct model *model, unsigned root)
{
    const struct pool_request *job = bench_job (model->bench, root);
    unsigned easiest = UINT32_MAX;
    bool people = false;

    for (size_t i = 0; i < waiter_count (model); i++) {
        const struct waiter *waiter = &model->waiters[i];

        if (is_at (waiter, root, DEVICES)) {
            people |= !waiter->ahead;
            easiest = waiter->client->bits < easiest ? waiter->client->bits : easiest;
        }
    }
    if (easiest == UINT32_MAX) {
        assert_null (job);
        return;
    }
    if (is_full (model)) {
        totals.waits_for_room += job == NULL;
        return;
    }
    assert_non_null (job);
    assert_true (bench_bits (job->target.threshold) <= easiest);
    assert_int_equal (job->class, people ? POOL_ASKED : POOL_AHEAD);
}

static size_t
count_people (const struct model *model)
{
    size_t count = 0;

    for (size_t i = 0; i < waiter_count (model); i++) {
        count += model->waiters[i].live && !model->waiters[i].ahead;
    }
    return count;
}

static void
settle (struct model *model)
{
    do { /* whoever waits for room has looked for it, in turn */
        bench_turn (model->bench);
        bench_wait (model->bench, 0.015);
    } while (expect_ends (model));
    while (model->asks < fake_peers_asks ()) {
        model->asked_at[model->asks++] = clock_now ();
        totals.asks++;
    }
    for (unsigned root = 0; root < ROOTS; root++) {
        check_devices (model, root);
        check_peers (model, root, PRIMARY);
        check_peers (model, root, SECONDARY);
    }
    assert_int_equal (broker_waiters (model->bench->broker), count_people (model));
}

/* Asking. */

static bool
is_waited_for (const struct model *model, unsigned root, bool by_people)
{
    for (size_t i = 0; i < waiter_count (model); i++) {
        const struct waiter *waiter = &model->waiters[i];

        if (waiter->live && waiter->client->root == root && (!by_people || !waiter->ahead)) {
            return true;
        }
    }
    return false;
}

static bool
is_anybody_at_devices (const struct model *model, unsigned root)
{
    for (size_t i = 0; i < waiter_count (model); i++) {
        if (is_at (&model->waiters[i], root, DEVICES)) {
            return true;
        }
    }
    return false;
}

/* As broker.h has it, word by word. */
static enum broker_result
make_route (const struct model *model, const struct broker_question *question,
            unsigned route[STEPS_OF_ROUTE])
{
    const struct bench_settings *settings = &model->bench->settings;
    const bool secondary = question->use_peers && question->secondary;
    const unsigned peers = secondary ? 1U << SECONDARY : 1U << PRIMARY;
    const bool there = (secondary ? settings->secondary : settings->primary) > 0 &&
                       !question->local_only && (question->use_peers || settings->broker.stand_in);
    const unsigned devices = model->devices ? 1U << DEVICES : 0;

    if (there && !question->looped && question->use_peers) {
        route[0] = peers;
        if (settings->broker.local == CONFIG_PEERS_LOCAL_BESIDE) {
            route[0] |= devices;
        } else if (settings->broker.local == CONFIG_PEERS_LOCAL_FALLBACK) {
            route[1] = devices;
        }
        return BROKER_ACCEPTED;
    }
    if (devices == 0 && there) {
        route[0] = peers;
        return question->looped ? BROKER_LOOPED : BROKER_ACCEPTED;
    }
    if (devices == 0) {
        return question->use_peers ? BROKER_DISABLED : BROKER_LOCAL_DISABLED;
    }
    route[0] = devices;
    route[1] = there && !question->looped ? peers : 0;
    return BROKER_ACCEPTED;
}

static enum broker_result
expected_result (struct model *model, unsigned root, const struct broker_question *question,
                 struct waiter *waiter)
{
    const enum broker_result result = make_route (model, question, waiter->route);
    size_t roots = 0;

    for (unsigned each = 0; each < ROOTS; each++) {
        roots += is_waited_for (model, each, true);
    }
    if (result != BROKER_ACCEPTED) {
        return result;
    }
    if (!is_waited_for (model, root, false) && !question->ahead &&
        roots >= model->bench->settings.broker.max_searches) {
        return BROKER_FULL;
    }
    if (model->down && (place_now (waiter) & 1U << DEVICES) != 0) {
        strike (waiter, DEVICES);
        return place_now (waiter) != 0 ? BROKER_ACCEPTED : BROKER_DOWN;
    }
    return place_now (waiter) == 1U << DEVICES && is_full (model) &&
                   bench_job (model->bench, root) == NULL && !is_anybody_at_devices (model, root)
               ? BROKER_FULL
               : BROKER_ACCEPTED;
}

static void
ask (struct model *model)
{
    static const unsigned bits[] = {0, 4, 8, 8, 12, 20, 30, 40};
    static const char *const hops[] = {NULL, NULL, NULL, "x", "y,x"};
    struct waiter *waiter = &model->waiters[waiter_count (model)];
    struct broker_question question = {
        .use_peers = chance (model, 50),
        .secondary = chance (model, 30),
        .local_only = chance (model, 10),
        .looped = chance (model, 10),
        .ahead = chance (model, 25),
    };
    const unsigned root = below (model, ROOTS);
    enum broker_result expected;

    *waiter = (struct waiter){
        .hops = hops[below (model, 5)], .since = clock_now (), .ahead = question.ahead};
    hops_parse (waiter->hops, &question.hops);
    expected = expected_result (model, root, &question, waiter);
    totals.results[expected]++;
    assert_int_equal (
        bench_ask (model->bench, root, bits[below (model, 8)], &question, &waiter->client),
        expected);
    waiter->live = expected == BROKER_ACCEPTED;
}

/* The other steps. */

static struct waiter *
random_live (struct model *model)
{
    struct waiter *chosen = NULL;
    unsigned seen = 0;

    for (size_t i = 0; i < waiter_count (model); i++) {
        if (model->waiters[i].live && below (model, ++seen) == 0) {
            chosen = &model->waiters[i];
        }
    }
    return chosen;
}

static void
leave (struct model *model)
{
    struct waiter *waiter = random_live (model);

    if (waiter != NULL) {
        waiter->live = false;
        bench_leave (waiter->client);
    }
}

static void
cancel (struct model *model)
{
    const unsigned root = below (model, ROOTS);
    size_t count = bench_cancel (model->bench, root);

    for (size_t i = 0; i < waiter_count (model); i++) {
        if (model->waiters[i].live && model->waiters[i].client->root == root) {
            expect (&model->waiters[i], BROKER_CANCELLED);
            count--;
        }
    }
    assert_int_equal (count, 0);
}

static void
end_job (struct model *model)
{
    const unsigned root = below (model, ROOTS);
    const struct pool_request *job = bench_job (model->bench, root);
    unsigned bits;

    if (job == NULL) {
        return;
    }
    if (chance (model, 25)) {
        bench_device_fails (model->bench, root);
        strike_all (model, root, DEVICES);
        return;
    }
    bits = bench_bits (job->target.threshold) + below (model, 10);
    bench_device_finds (model->bench, root, bits);
    if (chance (model, 30)) { /* too late to matter for the work */
        cancel (model);
    }
    bench_turn (model->bench);
    expect_found (model, root, bits);
}

/* Those who have had their time with the peers, and have no other ask that is good for them. */
static void
fail_ask (struct model *model, size_t index)
{
    const struct fake_ask *ask = fake_peers_ask (index);
    const unsigned root = ask->target.root[31];
    const enum place place = place_of (ask);
    const bool last = count_open (root, place) == 1;

    for (size_t i = 0; i < waiter_count (model); i++) {
        struct waiter *waiter = &model->waiters[i];

        if (is_at (waiter, root, place) && waiter->since <= model->asked_at[index] &&
            (last || (waiter->client->bits <= bench_bits (ask->target.threshold) &&
                      !is_covered (waiter, place, index)))) {
            strike (waiter, place);
        }
    }
    fake_peers_fail (index);
}

static void
end_ask (struct model *model)
{
    size_t chosen = SIZE_MAX;
    unsigned seen = 0;
    unsigned bits;

    for (size_t i = 0; i < fake_peers_asks (); i++) {
        if (fake_peers_ask (i)->open && below (model, ++seen) == 0) {
            chosen = i;
        }
    }
    if (chosen == SIZE_MAX) {
        return;
    }
    if (chance (model, 60)) {
        fail_ask (model, chosen);
        return;
    }
    bits = bench_bits (fake_peers_ask (chosen)->target.threshold) + below (model, 10);
    fake_peers_find (chosen, bench_threshold (bits));
    expect_found (model, fake_peers_ask (chosen)->target.root[31], bits);
}

static void
change_devices (struct model *model)
{
    if (chance (model, 40)) {
        model->devices = chance (model, 80);
        model->down = false;
        bench_move (model->bench, model->devices);
    } else {
        model->down = !model->down && chance (model, 50);
        fake_pool_set_down (model->bench->pool, model->down);
    }
}

static void
act (struct model *model)
{
    const unsigned choice = below (model, 100);

    still_clock_advance (1000); /* nobody comes when an ask was begun */
    if (choice < 50) {
        ask (model);
    } else if (choice < 62) {
        leave (model);
    } else if (choice < 75) {
        end_job (model);
    } else if (choice < 90) {
        end_ask (model);
    } else if (choice < 93) {
        cancel (model);
    } else if (choice < 96) {
        change_devices (model);
    } else {
        bench_wait (model->bench, below (model, 40) / 10.0);
    }
}

static struct bench_settings
random_settings (struct model *model)
{
    return (struct bench_settings){
        .devices = chance (model, 80),
        .room = chance (model, 50) ? 64 : 1 + below (model, ROOTS),
        .primary = chance (model, 80),
        .secondary = chance (model, 50),
        .broker = {.max_searches = 1 + below (model, ROOTS + 1),
                   .request_timeout = 5,
                   .local = below (model, CONFIG_PEERS_LOCAL_NEVER + 1),
                   .mode = below (model, CONFIG_PEERS_HEDGE + 1),
                   .stand_in = chance (model, 50)},
    };
}

static void
live (struct seed *seed)
{
    struct model *model = calloc (1, sizeof *model);
    struct bench_settings settings;

    assert_non_null (model);
    model->seed = seed;
    settings = random_settings (model);
    model->devices = settings.devices > 0;
    model->bench = bench_new (&settings);
    for (unsigned i = 0; i < STEPS; i++) {
        act (model);
        settle (model);
    }
    bench_free (model->bench);
    free (model);
}

static void
test_lives (void **state)
{
    const char *text = getenv ("SEARCH_MODEL_LIVES");
    const unsigned long lives = text != NULL ? strtoul (text, NULL, 10) : DEFAULT_LIVES;
    struct seed seed = seed_new ();

    (void)state;
    log_set_level (LOG_LEVEL_OFF);
    for (unsigned long i = 0; i < lives; i++) {
        live (&seed);
    }
    for (unsigned i = 0; i <= BROKER_DOWN; i++) {
        assert_true (totals.results[i] > 0);
    }
    for (unsigned i = 0; i <= BROKER_FAILED; i++) {
        assert_true (totals.outcomes[i] > 0);
    }
    assert_true (totals.asks > 0 && totals.waits_for_room > 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test (test_lives)};
    int failed = cmocka_run_group_tests (tests, NULL, NULL);

    libevent_global_shutdown ();
    return failed;
}
