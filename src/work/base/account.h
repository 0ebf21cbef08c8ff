/*
 * Account numbers: text to public key and back. Pure; any thread.
 *
 * An account is a prefix ("nano_", "xrb_", "ban_"; every fork has its own), 52 characters of base
 * 32 (alphabet 13456789abcdefghijkmnopqrstuwxyz) for the 256-bit key with four zero bits before it,
 * and 8 characters for a 40-bit BLAKE2b checksum of the key, its bytes reversed
 * (nano/lib/numbers.cpp). The prefix says nothing of the key: one key has an account on every
 * network.
 */
#ifndef WORK_ACCOUNT_H
#define WORK_ACCOUNT_H

#include <stdint.h>

#define ACCOUNT_PREFIX_MAX 8                        /* characters, the separator among them */
#define ACCOUNT_TEXT_SIZE (ACCOUNT_PREFIX_MAX + 61) /* 60 characters and the terminating zero */

/*
 * Reads an account of any network: a prefix of 1 to 7 lower-case letters or digits, and '_' or, as
 * in old software, '-'. Returns 0, or -1 with `key` untouched: wrong prefix, length, first digit
 * (it must be 1 or 3), character or checksum.
 */
int account_parse (const char *text, uint8_t key[32]);

/*
 * Writes the account with `prefix`, a network's: at most ACCOUNT_PREFIX_MAX characters, the
 * separator among them.
 */
void account_print (const uint8_t key[32], const char *prefix, char text[ACCOUNT_TEXT_SIZE]);

#endif
