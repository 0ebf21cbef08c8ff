/*
 * Hexadecimal text as the nodes read and write it. Pure; any thread.
 */
#ifndef WORK_HEX_H
#define WORK_HEX_H

#include <stddef.h>
#include <stdint.h>

#define HEX_ROOT_SIZE 65 /* 64 digits and the terminating zero */
#define HEX_U64_SIZE 17  /* 16 digits and the terminating zero */

/*
 * Reads a 64-bit number of 1 to 16 hexadecimal digits in either case, the whole of `text`. A
 * leading "0x" or "0X" is accepted and counts towards the 16 characters, as nano_node's reader has
 * it, but does not replace the digits; blanks and signs are not accepted. Returns 0, or -1 with
 * `value` untouched.
 */
int hex_parse_u64 (const char *text, uint64_t *value);

/*
 * Reads a number of 1 to 2 * `size` hexadecimal digits in either case into `size` bytes,
 * big-endian, padded on the left as nano_node pads it. Nothing but digits is accepted. Returns 0,
 * or -1 with `bytes` untouched.
 */
int hex_parse_bytes (const char *text, uint8_t *bytes, size_t size);

/* The same for a root: 1 to 64 characters, with a leading "0x", as in nano_node, among them. */
int hex_parse_root (const char *text, uint8_t root[32]);

/* 16 lower-case digits, zero-padded: works and difficulties. */
void hex_print_u64 (uint64_t value, char text[HEX_U64_SIZE]);

/* 64 upper-case digits: roots. */
void hex_print_root (const uint8_t root[32], char text[HEX_ROOT_SIZE]);

#endif
