/*
 * The fields that several actions share, read and checked as nano_node does. Each function returns
 * NULL, or the error to answer, with its result untouched; an absent optional field leaves the
 * result as it is.
 */
#ifndef NODE_FIELDS_H
#define NODE_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/base/difficulty.h"

/* Why a waiter's request did not succeed, in nano_node's words. */
#define FIELDS_CANCELLED "Cancelled"
#define FIELDS_FAILED "Work generation cancellation or failure"

/* What a client is told when the broker does not accept its request. */
#define FIELDS_FULL "Work queue is full"
#define FIELDS_LOCAL_DISABLED "Local work generation is disabled"

#define FIELDS_BAD_ACCOUNT "Bad account number"

/* A mandatory field that is not there is what nano_node calls unparsable. */
#define FIELDS_MISSING "Unable to parse JSON"

/* `hash`, mandatory. */
const char *fields_hash (const json_t *fields, uint8_t root[32]);

/* `version`, optional: there is only work_1. */
const char *fields_version (const json_t *fields);

/* `account`, optional: its public key. */
const char *fields_account (const json_t *fields, uint8_t key[32], bool *given);

/* `work`, optional. */
const char *fields_work (const json_t *fields, uint64_t *work);

/* `difficulty` and `multiplier` (of `base`, and stronger than `difficulty`), optional. */
const char *fields_difficulty (const json_t *fields, uint64_t *difficulty, bool *given);
const char *fields_multiplier (const json_t *fields, uint64_t base, uint64_t *difficulty,
                               bool *given);

/* `subtype`, optional: which of the network's thresholds a block of that kind has to reach. */
const char *fields_subtype (const json_t *fields, const struct difficulty_network *network,
                            uint64_t *difficulty, bool *given);

/* `name`, optional: a whole number from `least` to `most`; else the error is `otherwise`. */
const char *fields_count (const json_t *fields, const char *name, uint64_t least, uint64_t most,
                          const char *otherwise, uint64_t *count);

/* Whether `difficulty` lies between the network's entry threshold and `max_multiplier` times its
 * base. */
const char *fields_limit (const struct difficulty_network *network, double max_multiplier,
                          uint64_t difficulty);

#endif
