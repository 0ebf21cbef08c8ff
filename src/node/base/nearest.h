/* The known name that a mistyped word most likely meant, for hints. Pure; any thread. */
#ifndef NODE_NEAREST_H
#define NODE_NEAREST_H

#include <stddef.h>

/*
 * Returns the one of the `count` strings in `names` that takes the fewest edits to reach from
 * `word`, the first of them when several take as few; NULL when none is near, that is within one
 * edit for every three characters of `word` (two at the least for words of four and more, one for
 * shorter). An edit inserts, deletes or replaces one character or swaps two neighbours; the case of
 * ASCII letters does not count. Words and names longer than 64 bytes are near nothing.
 */
const char *nearest_name (const char *word, const char *const *names, size_t count);

/* The same, with no name near that takes more than `most_edits`. */
const char *nearest_within (const char *word, const char *const *names, size_t count,
                            size_t most_edits);

#endif
