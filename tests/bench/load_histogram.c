#include "load_histogram.h"

#include <math.h>
#include <stddef.h>

/* Values below two parts have a bucket each; above, as many leading bits as tell the parts. */
static unsigned
shift_of (uint64_t value)
{
    return value < 2 * LOAD_HISTOGRAM_PARTS
               ? 0
               : (unsigned)(__builtin_clzll (LOAD_HISTOGRAM_PARTS) - __builtin_clzll (value));
}

static size_t
bucket_of (uint64_t value)
{
    const unsigned shift = shift_of (value);

    return (size_t)shift * LOAD_HISTOGRAM_PARTS + (size_t)(value >> shift);
}

/* The largest value of a bucket. */
static uint64_t
top_of (size_t bucket)
{
    const size_t shift = bucket < 2 * LOAD_HISTOGRAM_PARTS ? 0 : bucket / LOAD_HISTOGRAM_PARTS - 1;
    const uint64_t leading = bucket - shift * LOAD_HISTOGRAM_PARTS;

    return (leading << shift) + ((UINT64_C (1) << shift) - 1);
}

void
load_histogram_add (struct load_histogram *histogram, uint64_t value)
{
    histogram->counts[bucket_of (value)]++;
    histogram->count++;
    if (value > histogram->largest) {
        histogram->largest = value;
    }
}

void
load_histogram_merge (struct load_histogram *histogram, const struct load_histogram *from)
{
    for (size_t i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++) {
        histogram->counts[i] += from->counts[i];
    }
    histogram->count += from->count;
    if (from->largest > histogram->largest) {
        histogram->largest = from->largest;
    }
}

uint64_t
load_histogram_quantile (const struct load_histogram *histogram, double part)
{
    const double exact = ceil (part * (double)histogram->count);
    const uint64_t rank = exact < 1 ? 1 : (uint64_t)exact;
    uint64_t seen = 0;

    for (size_t i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen >= rank) {
            return top_of (i) < histogram->largest ? top_of (i) : histogram->largest;
        }
    }
    return histogram->largest;
}
