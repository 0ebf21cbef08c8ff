#include "node/base/nearest.h"

#include <stdbool.h>
#include <string.h>

enum { LENGTH_MAX = 64 };

/* Not tolower: a hint must not depend on the locale. */
static char
fold (char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
same (char a, char b)
{
    return fold (a) == fold (b);
}

static size_t
smaller (size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * The optimal string alignment distance: three rows of the usual table, the third because a swap
 * looks two rows back. Neither length may exceed LENGTH_MAX.
 */
static size_t
edits (const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t storage[3][LENGTH_MAX + 1] = {{0}};
    size_t *before = storage[0];
    size_t *above = storage[1];
    size_t *row = storage[2];

    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t *const oldest = before;

        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = smaller (above[j], row[j - 1]) + 1;
            row[j] = smaller (row[j], above[j - 1] + (same (a[i - 1], b[j - 1]) ? 0 : 1));
            if (i > 1 && j > 1 && same (a[i - 1], b[j - 2]) && same (a[i - 2], b[j - 1])) {
                row[j] = smaller (row[j], before[j - 2] + 1);
            }
        }
    }
    return row[b_length];
}

static size_t
edits_allowed (size_t length)
{
    if (length < 4) {
        return 1;
    }
    return length < 6 ? 2 : length / 3;
}

const char *
nearest_name (const char *word, const char *const *names, size_t count)
{
    return nearest_within (word, names, count, LENGTH_MAX);
}

const char *
nearest_within (const char *word, const char *const *names, size_t count, size_t most_edits)
{
    const size_t word_length = strnlen (word, LENGTH_MAX + 1);
    const char *nearest = NULL;

    if (word_length > LENGTH_MAX) {
        return NULL;
    }
    size_t limit = smaller (edits_allowed (word_length), most_edits) + 1;

    for (size_t i = 0; i < count; i++) {
        const size_t length = strnlen (names[i], LENGTH_MAX + 1);

        if (length > LENGTH_MAX) {
            continue;
        }
        const size_t distance = edits (word, word_length, names[i], length);

        if (distance < limit) {
            limit = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
