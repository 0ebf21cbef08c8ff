/* The end of an account's chain: blocks are numbers, each the next one's previous. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/precache/account_chain.h"
#include "seed.h"

enum { NOBODY = 0, START = 1000, NO_POLL = -1, LONGEST = 6 };

#define BEGIN (1000 * CLOCK_SECOND)
#define SOON (CLOCK_SECOND / 1000)

struct key {
    uint8_t bytes[32];
};

static struct key
block (unsigned number)
{
    struct key key = {{1}};

    memcpy (key.bytes + 8, &number, sizeof number);
    return key;
}

static void
tell (struct account_chain *chain, unsigned number, unsigned previous, uint64_t now)
{
    account_chain_tell (chain, block (number).bytes, block (previous).bytes, now);
}

static void
tell_next (struct account_chain *chain, unsigned number, uint64_t now)
{
    tell (chain, number, number - 1, now);
}

static void
poll (struct account_chain *chain, unsigned number, uint64_t now)
{
    account_chain_poll (chain, block (number).bytes, now);
}

static bool
is_head (const struct account_chain *chain, unsigned number)
{
    const struct account_chain_block *found = account_chain_find (chain, block (number).bytes);

    return found != NULL && found->head;
}

static size_t
count_heads (const struct account_chain *chain)
{
    size_t heads = 0;

    for (size_t i = 0; i < chain->count; i++) {
        heads += chain->blocks[i].head;
    }
    return heads;
}

/* That block is the only head. */
static void
assert_at (const struct account_chain *chain, unsigned number)
{
    assert_true (is_head (chain, number));
    assert_int_equal (count_heads (chain), 1);
    assert_ptr_equal (account_chain_frontier (chain),
                      account_chain_find (chain, block (number).bytes));
}

/* One order in which blocks START + 1 to START + count are told of, some of them more than once. */
struct order {
    unsigned blocks[2 * LONGEST];
    size_t told;
    unsigned count;
    bool start;      /* it is known that the account was at START */
    int poll_before; /* which of those told a node is asked before, or NO_POLL */
    unsigned polled; /* what it says */
    uint64_t pause;  /* between two that are told */
};

static unsigned
larger (unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static void
play (const struct order *order)
{
    struct account_chain chain = {0};
    unsigned frontier = order->start ? START : NOBODY;
    uint64_t now = BEGIN;

    if (order->start) {
        account_chain_set (&chain, block (START).bytes);
    }
    for (size_t i = 0; i < order->told; i++) {
        if (order->poll_before == (int)i) {
            poll (&chain, order->polled, now += order->pause);
            frontier = larger (frontier, order->polled);
            assert_true (is_head (&chain, frontier));
        }
        tell_next (&chain, order->blocks[i], now += order->pause);
        frontier = larger (frontier, order->blocks[i]);
        assert_true (is_head (&chain, frontier)); /* whatever else is */
    }
    assert_at (&chain, START + order->count);
    for (unsigned i = 1; i <= 3; i++) {
        tell_next (&chain, START + order->count + i, now += order->pause);
        assert_at (&chain, START + order->count + i);
    }
    account_chain_clear (&chain);
}

/* Without a poll, and with one at every place, that says what a node may say: what the frontier is
 * then, or, where blocks are told of at once, any other. */
static void
play_with_polls (struct order *order)
{
    unsigned least = START + 1;

    order->poll_before = NO_POLL;
    play (order);
    for (order->poll_before = 0; order->poll_before < (int)order->told; order->poll_before++) {
        for (order->polled = least; order->polled <= START + order->count; order->polled++) {
            play (order);
        }
        if (order->pause >= ACCOUNT_CHAIN_LAG) {
            least = larger (least, order->blocks[order->poll_before]);
        }
    }
}

static void
play_variants (struct order *order)
{
    for (int variant = 0; variant < 4; variant++) {
        order->start = variant % 2 == 0;
        order->pause = variant < 2 ? SOON : 2 * ACCOUNT_CHAIN_LAG;
        play_with_polls (order);
    }
}

/* Every order of those from `place` on. */
static void
permute (struct order *order, size_t place)
{
    if (place == order->told) {
        play_variants (order);
        return;
    }
    for (size_t i = place; i < order->told; i++) {
        const struct order before = *order;

        order->blocks[place] = before.blocks[i];
        order->blocks[i] = before.blocks[place];
        permute (order, place + 1);
        *order = before;
    }
}

static void
every_order_ends_at_the_last (void **state)
{
    (void)state;
    for (unsigned count = 1; count <= LONGEST; count++) {
        struct order order = {.told = count, .count = count};

        for (unsigned i = 0; i < count; i++) {
            order.blocks[i] = START + 1 + i;
        }
        permute (&order, 0);
    }
}

static void
what_is_told_twice_changes_nothing (void **state)
{
    (void)state;
    for (unsigned count = 1; count <= LONGEST / 2; count++) {
        struct order order = {.told = 2 * (size_t)count, .count = count};

        for (unsigned i = 0; i < 2 * count; i++) {
            order.blocks[i] = START + 1 + i % count;
        }
        permute (&order, 0);
    }
}

static void
gap_keeps_two_until_it_fills (void **state)
{
    struct account_chain chain = {0};

    (void)state;
    account_chain_set (&chain, block (1).bytes);
    tell_next (&chain, 5, BEGIN);
    assert_true (is_head (&chain, 1));
    assert_true (is_head (&chain, 5));
    tell_next (&chain, 3, BEGIN);
    assert_int_equal (count_heads (&chain), 3);
    tell_next (&chain, 2, BEGIN);
    assert_int_equal (count_heads (&chain), 2);
    assert_true (is_head (&chain, 3));
    tell_next (&chain, 4, BEGIN);
    assert_at (&chain, 5);
    account_chain_clear (&chain);
}

static void
both_of_a_fork_are_kept (void **state)
{
    struct account_chain chain = {0};

    (void)state;
    tell (&chain, 2, 1, BEGIN);
    tell (&chain, 12, 1, BEGIN);
    assert_true (is_head (&chain, 2) && is_head (&chain, 12));
    tell (&chain, 13, 12, BEGIN);
    assert_true (is_head (&chain, 2) && is_head (&chain, 13));
    poll (&chain, 13, BEGIN + 2 * ACCOUNT_CHAIN_LAG);
    assert_at (&chain, 13);
    account_chain_clear (&chain);
}

/* A node is asked. */

static void
poll_is_behind_what_was_told_meanwhile (void **state)
{
    struct account_chain chain = {0};

    (void)state;
    tell_next (&chain, 5, BEGIN);
    poll (&chain, 4, BEGIN + SOON); /* known to be old */
    assert_at (&chain, 5);
    poll (&chain, 3, BEGIN + SOON); /* older still, but nothing says so */
    assert_true (is_head (&chain, 3) && is_head (&chain, 5));
    tell_next (&chain, 4, BEGIN + SOON);
    assert_at (&chain, 5);
    account_chain_clear (&chain);
}

static void
poll_leaves_what_was_told_long_ago (void **state)
{
    struct account_chain chain = {0};

    (void)state;
    tell_next (&chain, 5, BEGIN);
    poll (&chain, 8, BEGIN + ACCOUNT_CHAIN_LAG - 1); /* 6 to 8 were not told of */
    assert_true (is_head (&chain, 5) && is_head (&chain, 8));
    poll (&chain, 8, BEGIN + ACCOUNT_CHAIN_LAG);
    assert_at (&chain, 8);
    poll (&chain, 9, BEGIN + ACCOUNT_CHAIN_LAG + SOON); /* one poll comes after another */
    assert_at (&chain, 9);
    account_chain_clear (&chain);
}

static void
rolled_back_block_is_left (void **state)
{
    struct account_chain chain = {0};
    uint64_t now = BEGIN;

    (void)state;
    tell_next (&chain, 4, now);
    tell_next (&chain, 5, now);
    poll (&chain, 4, now += ACCOUNT_CHAIN_LAG - 1);
    assert_at (&chain, 5);
    poll (&chain, 4, now += 1);
    assert_at (&chain, 4);
    tell_next (&chain, 4, now += SOON); /* told again */
    assert_at (&chain, 4);
    tell (&chain, 15, 4, now += SOON); /* what came instead */
    assert_at (&chain, 15);
    tell_next (&chain, 5, now += SOON); /* or not */
    assert_true (is_head (&chain, 5) && is_head (&chain, 15));
    account_chain_clear (&chain);
}

/* A node that is far behind is believed, until a block shows that it was. */
static void
believed_ancestor_is_left_again (void **state)
{
    struct account_chain chain = {0};

    (void)state;
    tell_next (&chain, 4, BEGIN);
    tell_next (&chain, 5, BEGIN);
    poll (&chain, 4, BEGIN + 2 * ACCOUNT_CHAIN_LAG);
    tell_next (&chain, 6, BEGIN + 2 * ACCOUNT_CHAIN_LAG);
    assert_at (&chain, 6);
    account_chain_clear (&chain);
}

/* Bounds. */

static void
long_chain_is_bounded (void **state)
{
    struct account_chain chain = {0};

    (void)state;
    for (unsigned i = 1; i <= 500; i++) {
        tell_next (&chain, i, BEGIN);
        assert_at (&chain, i);
        assert_in_range (chain.count, 1, ACCOUNT_CHAIN_BLOCKS);
    }
    for (unsigned i = 500 - ACCOUNT_CHAIN_BLOCKS; i < 500; i++) { /* late, and remembered */
        printf ("%u\n", i);
        tell_next (&chain, i, BEGIN);
        assert_at (&chain, 500);
    }
    tell_next (&chain, 100, BEGIN); /* forgotten */
    assert_true (is_head (&chain, 500));
    tell_next (&chain, 501, BEGIN);
    assert_true (is_head (&chain, 501) && !is_head (&chain, 500));
    assert_ptr_equal (account_chain_frontier (&chain), &chain.blocks[0]);
    account_chain_clear (&chain);
}

static void
heads_are_bounded (void **state)
{
    struct account_chain chain = {0};

    (void)state;
    for (unsigned i = 2; i <= 100; i += 2) {
        tell_next (&chain, i, BEGIN);
        assert_true (is_head (&chain, i));
        assert_in_range (count_heads (&chain), 1, ACCOUNT_CHAIN_HEADS);
        assert_in_range (chain.count, 1, ACCOUNT_CHAIN_BLOCKS);
    }
    assert_int_equal (count_heads (&chain), ACCOUNT_CHAIN_HEADS);
    assert_false (is_head (&chain, 100 - 2 * ACCOUNT_CHAIN_HEADS)); /* told of longest ago */
    tell_next (&chain, 101, BEGIN);
    assert_true (is_head (&chain, 101) && !is_head (&chain, 100));
    account_chain_clear (&chain);
}

/* As many blocks as there is room for, in any order. */
static void
as_many_as_fit_in_any_order (void **state)
{
    enum { MANY = ACCOUNT_CHAIN_BLOCKS - 1 };
    struct seed seed = seed_new ();

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct account_chain chain = {0};
        unsigned blocks[MANY];

        for (unsigned i = 0; i < MANY; i++) {
            const unsigned other = seed_below (&seed, i + 1);

            blocks[i] = blocks[other];
            blocks[other] = START + 1 + i;
        }
        account_chain_set (&chain, block (START).bytes);
        for (unsigned i = 0; i < MANY; i++) {
            tell_next (&chain, blocks[i], BEGIN);
        }
        assert_at (&chain, START + MANY);
        account_chain_clear (&chain);
    }
}

/* Whoever may tell can tell anything: it stays within its bounds, and gets over it. */
static void
circle_does_no_harm (void **state)
{
    struct account_chain chain = {0};

    (void)state;
    tell (&chain, 1, 1, BEGIN);
    tell (&chain, 3, 2, BEGIN);
    tell (&chain, 2, 3, BEGIN);
    assert_null (account_chain_frontier (&chain));
    tell (&chain, 4, 3, BEGIN);
    assert_at (&chain, 4);
    account_chain_clear (&chain);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (every_order_ends_at_the_last),
        cmocka_unit_test (what_is_told_twice_changes_nothing),
        cmocka_unit_test (gap_keeps_two_until_it_fills),
        cmocka_unit_test (both_of_a_fork_are_kept),
        cmocka_unit_test (poll_is_behind_what_was_told_meanwhile),
        cmocka_unit_test (poll_leaves_what_was_told_long_ago),
        cmocka_unit_test (rolled_back_block_is_left),
        cmocka_unit_test (believed_ancestor_is_left_again),
        cmocka_unit_test (long_chain_is_bounded),
        cmocka_unit_test (heads_are_bounded),
        cmocka_unit_test (as_many_as_fit_in_any_order),
        cmocka_unit_test (circle_does_no_harm),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
