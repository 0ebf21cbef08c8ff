/*
 * Figures of a series of measurements: mean, spread and median.
 *
 * Not for two threads at once; functions of constant figures may share them.
 */
#ifndef WORK_FIGURES_H
#define WORK_FIGURES_H

#include <stddef.h>

/* Starts as {0}. */
struct figures {
    double *values; /* every one; figures_median sorts them */
    size_t count;
    size_t capacity;
    double mean;    /* of all; 0 when there is none */
    double squares; /* the sum of squared differences from the mean */
};

/* Returns 0, or -1 for want of memory with the figures unchanged. */
int figures_add (struct figures *figures, double value);

/* The standard deviation of what is sampled; 0 of fewer than two values. */
double figures_deviation (const struct figures *figures);

/* The middle one, or the mean of the two in the middle; 0 when there is none. */
double figures_median (struct figures *figures);

/* The same of `count` values, which it sorts. */
double figures_median_of (double *values, size_t count);

/* Frees what the figures hold and leaves them empty. */
void figures_clear (struct figures *figures);

#endif
