/*
 * What may stand in a header: the one rule for names, and for values that come from a configuration
 * or a program, so that none of them can end a header and begin another. Pure; any thread.
 */
#ifndef RPC_HEADER_H
#define RPC_HEADER_H

#include <stdbool.h>

#define HEADER_MOST_NAME 64
#define HEADER_MOST_VALUE 2048

/* Whether `c` can stand in a token: RFC 9110, 5.6.2. */
bool header_is_token (char c);

/* Whether `name` is a token, of at most HEADER_MOST_NAME characters. */
bool header_is_name (const char *name);

/* Whether the client writes the header of this name itself, as it does Host and Content-Length. */
bool header_is_reserved (const char *name);

/*
 * Whether `value` has 1 to HEADER_MOST_VALUE characters, all printable ASCII, without a blank at
 * either end.
 */
bool header_is_value (const char *value);

/* Whether `list`, a value as "TE, close" or "text/html;q=0.9, *", has `word` in it, in any case. */
bool header_lists (const char *list, const char *word);

#endif
