/*
 * The terminal, if there is one: how wide it is, and a line at its bottom that says how far a
 * search is. Where the stream is no terminal, nothing is written that only a terminal understands.
 */
#ifndef NODE_SCREEN_H
#define NODE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* To a screen of the terminal's own beside what stands there, which comes back; and at its top. */
#define SCREEN_ENTER "\033[?1049h"
#define SCREEN_LEAVE "\033[?1049l"
#define SCREEN_CLEAR "\033[H\033[J"

/* The columns of the terminal that `stream` is, or 0 when it is none. */
size_t screen_width (FILE *stream);

/* Its lines, likewise. */
size_t screen_height (FILE *stream);

/* How far a search is. Searching has no memory: only the odds say something. */
struct screen_progress {
    double hashes;   /* tried so far */
    double rate;     /* hashes a second now */
    double seconds;  /* since the start */
    double expected; /* the mean number of hashes that it takes, at least 1 */
    bool about;      /* the hashes are an estimate */
};

/*
 * The odds that a search has come to its end by now: 1 - (1 - p)^n, p being one in `expected` and
 * n the hashes. From 0 to 1.
 */
double screen_odds (double hashes, double expected);

#define SCREEN_LINE_SIZE 512

/*
 * Writes "before", a bar of the odds, the hashes, the rate and the time, as far as `width` columns
 * allow.
 */
void screen_print_progress (const struct screen_progress *progress, const char *before,
                            size_t width, char line[SCREEN_LINE_SIZE]);

/* Replaces the terminal's last line, where `stream` is one; "" takes it away. */
void screen_show (FILE *stream, const char *line);

#endif
