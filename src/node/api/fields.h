/*
 * The fields that several actions share, read and checked as nano_node does. Each function returns
 * true, or false with the error to answer in `fault` and its result untouched; an absent optional
 * field leaves the result as it is.
 */
#ifndef NODE_FIELDS_H
#define NODE_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/base/fault.h"
#include "work/base/difficulty.h"

/* Why a waiter's request did not succeed, in nano_node's words. */
#define FIELDS_CANCELLED "Cancelled"
#define FIELDS_FAILED "Work generation cancellation or failure"

/* What a client is told when the broker does not accept its request. */
#define FIELDS_FULL "Work queue is full"
#define FIELDS_LOCAL_DISABLED "Local work generation is disabled"

/* A mandatory field that is not there: for actions of nano_node, which calls that unparsable. */
bool fields_missing (const char *name, struct fault *fault);

/* The same for Workpeer's own actions: `error` says after a colon what would do. */
bool fields_needed (const char *error, struct fault *fault);

/* What stands in the field `name` is not good: `error`. */
bool fields_bad (const char *name, const char *error, struct fault *fault);

/* `hash`, mandatory. */
bool fields_hash (const json_t *fields, uint8_t root[32], struct fault *fault);

/* `version`, optional: there is only work_1. */
bool fields_version (const json_t *fields, struct fault *fault);

/* `account`, optional: its public key. */
bool fields_account (const json_t *fields, uint8_t key[32], bool *given, struct fault *fault);

/* `work`, optional. */
bool fields_work (const json_t *fields, uint64_t *work, struct fault *fault);

/* `difficulty` and `multiplier` (of `base`, and stronger than `difficulty`), optional. */
bool fields_difficulty (const json_t *fields, uint64_t *difficulty, bool *given,
                        struct fault *fault);
bool fields_multiplier (const json_t *fields, uint64_t base, uint64_t *difficulty, bool *given,
                        struct fault *fault);

/* `subtype`, optional: which of the network's thresholds a block of that kind has to reach. */
bool fields_subtype (const json_t *fields, const struct difficulty_network *network,
                     uint64_t *difficulty, bool *given, struct fault *fault);

/* `name`, optional: a whole number from `least` to `most`; else the error is `otherwise`. */
bool fields_count (const json_t *fields, const char *name, uint64_t least, uint64_t most,
                   const char *otherwise, uint64_t *count, struct fault *fault);

/* Whether `difficulty` lies between the network's entry threshold and `max_multiplier` times its
 * base. */
bool fields_limit (const struct difficulty_network *network, double max_multiplier,
                   uint64_t difficulty, struct fault *fault);

#endif
