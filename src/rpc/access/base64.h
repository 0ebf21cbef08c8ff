/*
 * Base64 as RFC 4648 section 4 has it, read strictly: no blanks, with its padding, and nothing in
 * the bits that count for nothing. Pure; any thread.
 */
#ifndef RPC_BASE64_H
#define RPC_BASE64_H

#include <stddef.h>

/*
 * Decodes the `length` characters at `text` into `bytes`, which has room for `size`. Returns 0 and
 * how many there are in `count`; or -1, when it is not Base64 or does not fit.
 */
int base64_decode (const char *text, size_t length, char *bytes, size_t size, size_t *count);

#endif
