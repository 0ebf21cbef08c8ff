/*
 * Small things about texts. Pure; any thread.
 */
#ifndef RPC_TEXT_H
#define RPC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `c` is printable ASCII: no terminal and no log takes it for anything but itself. */
bool text_is_printable (char c);

/* Whether both are the same, or both NULL. */
bool text_same (const char *a, const char *b);

/* Copies as much of `text` as fits into `size` bytes, with '?' for what is not printable. */
void text_clean (char *to, size_t size, const char *text);

#endif
