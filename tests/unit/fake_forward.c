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

static struct forward forward;

struct forward *
fake_forward (void)
{
    return &forward;
}

void
fake_forward_reset (void)
{
    memset (&forward, 0, sizeof forward);
}

void
fake_forward_set_can (enum peers_list list, bool can)
{
    forward.cannot[list] = !can;
}

void
fake_forward_set_refusing (bool refusing)
{
    forward.refusing = refusing;
}

size_t
fake_forward_started (void)
{
    return forward.started;
}

size_t
fake_forward_dropped (void)
{
    return forward.dropped;
}

static struct errand *
at (size_t index)
{
    assert_true (index < forward.started);
    return &forward.errands[index];
}

const struct forward_question *
fake_forward_question (size_t index)
{
    return &at (index)->question;
}

bool
fake_forward_open (size_t index)
{
    return index < forward.started && at (index)->open;
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

/* In the place of node/forward.c. */

bool
forward_can (const struct forward *of, enum peers_list list)
{
    return !of->cannot[list];
}

struct errand *
forward_start (struct forward *of, const struct forward_question *question, forward_done_fn done,
               void *data)
{
    struct errand *errand = &of->errands[of->started];

    if (of->refusing) {
        return NULL;
    }
    assert_true (of->started < MAX_ERRANDS);
    of->started++;
    *errand = (struct errand){.question = *question, .done = done, .data = data, .open = true};
    return errand;
}

void
forward_drop (struct errand *errand)
{
    assert_true (errand->open);
    errand->open = false;
    forward.dropped++;
}
