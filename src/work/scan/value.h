/*
 * The oracle: what one nonce is worth, by libb2, on the CPU, one call at a time. Every result that
 * leaves the engine, whoever found it, is checked here.
 *
 * value = BLAKE2b with an 8-byte digest over (nonce, 8 bytes little-endian || root, 32 bytes), the
 * digest read little-endian (nano/secure/config.cpp, work_v1::value). Any thread.
 */
#ifndef WORK_VALUE_H
#define WORK_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "work/scan/scan.h"

/* The value of `nonce` for `root`. */
uint64_t value_of (const uint8_t root[32], uint64_t nonce);

/*
 * Whether `nonce` satisfies `target`. When `value` is not NULL it receives the nonce's value, also
 * when the answer is no.
 */
bool value_reaches (const struct scan_target *target, uint64_t nonce, uint64_t *value);

#endif
