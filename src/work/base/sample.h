/* The values of a series of measurements, with their mean, spread and median. One thread. */
#ifndef WORK_SAMPLE_H
#define WORK_SAMPLE_H

#include <stddef.h>

/* Starts as {0}. */
struct sample {
    double *values; /* every one; sample_median sorts them */
    size_t count;
    size_t capacity;
    double mean;    /* of all; 0 when there is none */
    double squares; /* the sum of squared differences from the mean */
};

/* Returns 0, or -1 for want of memory with the sample unchanged. */
int sample_add (struct sample *sample, double value);

/* The standard deviation of what is sampled; 0 of fewer than two values. */
double sample_deviation (const struct sample *sample);

/* The middle one, or the mean of the two in the middle; 0 when there is none. */
double sample_median (struct sample *sample);

/* The same of `count` values, which it sorts. */
double sample_median_of (double *values, size_t count);

/* Frees what the sample holds and leaves it empty. */
void sample_clear (struct sample *sample);

#endif
