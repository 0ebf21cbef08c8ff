#include "work/base/sample.h"

#include <math.h>
#include <stdlib.h>

/* The mean and the squares are kept by Welford's method, which loses no digits to a long series. */
int
sample_add (struct sample *sample, double value)
{
    double difference = value - sample->mean;

    if (sample->count == sample->capacity) {
        size_t capacity = sample->capacity > 0 ? 2 * sample->capacity : 64;
        double *values = reallocarray (sample->values, capacity, sizeof *values);
        if (values == NULL) {
            return -1;
        }
        sample->values = values;
        sample->capacity = capacity;
    }
    sample->values[sample->count++] = value;
    sample->mean += difference / (double)sample->count;
    sample->squares += difference * (value - sample->mean);
    return 0;
}

double
sample_deviation (const struct sample *sample)
{
    return sample->count > 1 ? sqrt (sample->squares / (double)(sample->count - 1)) : 0;
}

static int
compare_doubles (const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

double
sample_median_of (double *values, size_t count)
{
    size_t middle = count / 2;

    if (count == 0) {
        return 0;
    }
    qsort (values, count, sizeof *values, compare_doubles);
    return count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double
sample_median (struct sample *sample)
{
    return sample_median_of (sample->values, sample->count);
}

void
sample_clear (struct sample *sample)
{
    free (sample->values);
    *sample = (struct sample){0};
}
