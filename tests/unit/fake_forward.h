/*
 * Forwarding without peers: it takes the place of node/search/forward.c in a test program, and the
 * test answers each errand itself.
 */
#ifndef TESTS_FAKE_FORWARD_H
#define TESTS_FAKE_FORWARD_H

#include <stdbool.h>
#include <stddef.h>

#include "node/search/forward.h"

/* The one there is. Its lists have peers unless the test says otherwise. */
struct forward *fake_forward (void);

/* As it is at the start of a program, with no errand. */
void fake_forward_reset (void);

void fake_forward_set_can (enum peers_list list, bool can);

/* Whether forward_start fails, as for want of memory. */
void fake_forward_set_refusing (bool refusing);

/* Errands ever started, and of these dropped. */
size_t fake_forward_started (void);
size_t fake_forward_dropped (void);

/* What errand number `index`, in the order of their start, was asked. */
const struct forward_question *fake_forward_question (size_t index);

/* Whether it is neither answered nor dropped. */
bool fake_forward_open (size_t index);

/* Answers it with work of this value, or with failure. */
void fake_forward_find (size_t index, uint64_t value);
void fake_forward_fail (size_t index);

#endif
