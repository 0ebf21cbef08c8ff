#include "fake_forward.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ERRANDS = 256 };

struct errand {
    struct forward_question question;
    forward_done_fn done;
    void *data;
    bool open;
};

struct forward {
    bool cannot[PEERS_LISTS];
    bool refusing;
    struct errand errands[MAX_ERRANDS];
    size_t started;
    size_t dropped;
};

static struct forward the_forward;

struct forward *
fake_forward (void)
{
    return &the_forward;
}

void
fake_forward_reset (void)
{
    memset (&the_forward, 0, sizeof the_forward);
}

void
fake_forward_set_can (enum peers_list list, bool can)
{
    the_forward.cannot[list] = !can;
}

void
fake_forward_set_refusing (bool refusing)
{
    the_forward.refusing = refusing;
}

size_t
fake_forward_started (void)
{
    return the_forward.started;
}

size_t
fake_forward_dropped (void)
{
    return the_forward.dropped;
}

static struct errand *
at (size_t index)
{
    assert_true (index < the_forward.started);
    return &the_forward.errands[index];
}

const struct forward_question *
fake_forward_question (size_t index)
{
    return &at (index)->question;
}

bool
fake_forward_open (size_t index)
{
    return index < the_forward.started && at (index)->open;
}

static void
answer (size_t index, const struct forward_answer *with)
{
    struct errand *errand = at (index);

    assert_true (errand->open);
    errand->open = false;
    errand->done (errand->data, with);
}

void
fake_forward_find (size_t index, uint64_t value)
{
    answer (index, &(struct forward_answer){
                       .found = true, .work = index, .value = value, .peer = "peer:7000"});
}

void
fake_forward_fail (size_t index)
{
    answer (index, &(struct forward_answer){.found = false});
}

/* In the place of node/search/forward.c. */

bool
forward_can (const struct forward *forward, enum peers_list list)
{
    return !forward->cannot[list];
}

struct errand *
forward_start (struct forward *forward, const struct forward_question *question,
               forward_done_fn done, void *data)
{
    struct errand *errand = &forward->errands[forward->started];

    if (forward->refusing) {
        return NULL;
    }
    assert_true (forward->started < MAX_ERRANDS);
    forward->started++;
    *errand = (struct errand){.question = *question, .done = done, .data = data, .open = true};
    return errand;
}

void
forward_drop (struct errand *errand)
{
    assert_true (errand->open);
    errand->open = false;
    the_forward.dropped++;
}
