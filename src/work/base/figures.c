#include "work/base/figures.h"

#include <math.h>
#include <stdlib.h>

/* The mean and the squares are kept by Welford's method, which loses no digits to a long series. */
int
figures_add (struct figures *figures, double value)
{
    double difference = value - figures->mean;

    if (figures->count == figures->capacity) {
        size_t capacity = figures->capacity > 0 ? 2 * figures->capacity : 64;
        double *values = reallocarray (figures->values, capacity, sizeof *values);
        if (values == NULL) {
            return -1;
        }
        figures->values = values;
        figures->capacity = capacity;
    }
    figures->values[figures->count++] = value;
    figures->mean += difference / (double)figures->count;
    figures->squares += difference * (value - figures->mean);
    return 0;
}

double
figures_deviation (const struct figures *figures)
{
    return figures->count > 1 ? sqrt (figures->squares / (double)(figures->count - 1)) : 0;
}

static int
compare_doubles (const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

double
figures_median_of (double *values, size_t count)
{
    size_t middle = count / 2;

    if (count == 0) {
        return 0;
    }
    qsort (values, count, sizeof *values, compare_doubles);
    return count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double
figures_median (struct figures *figures)
{
    return figures_median_of (figures->values, figures->count);
}

void
figures_clear (struct figures *figures)
{
    free (figures->values);
    *figures = (struct figures){0};
}
