/*
 * Account numbers: text to public key and back. Pure; any thread.
 *
 * An account is a prefix ("nano_", "xrb_" or "node_"), 52 characters of base 32 (alphabet
 * 13456789abcdefghijkmnopqrstuwxyz) for the 256-bit key with four zero bits before it, and 8
 * characters for a 40-bit BLAKE2b checksum of the key, its bytes reversed (nano/lib/numbers.cpp).
 */
#ifndef WORK_ACCOUNT_H
#define WORK_ACCOUNT_H

#include <stdint.h>

#define ACCOUNT_TEXT_SIZE 66 /* "nano_", 60 characters and the terminating zero */

/*
 * Reads an account. The separator after "nano" or "xrb" may be '_' or, as in old software, '-';
 * after "node" only '_'. Returns 0, or -1 with `key` untouched: wrong prefix, length, first digit
 * (it must be 1 or 3), character or checksum, or libb2 refuses.
 */
int account_parse (const char *text, uint8_t key[32]);

/* Writes the "nano_" form. Returns 0, or -1 with `text` untouched when libb2 refuses. */
int account_print (const uint8_t key[32], char text[ACCOUNT_TEXT_SIZE]);

#endif
