/*
 * Exposition: metrics as text, in the format of Prometheus (text/plain; version=0.0.4) or
 * OpenMetrics 1.0.0, whose differences are kept in here. Families are written one after another:
 * first exposition_family, then its samples.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 *
 * Any thread, one at a time.
 */
#ifndef NODE_EXPOSITION_H
#define NODE_EXPOSITION_H

#include <event2/buffer.h>
#include <stdint.h>

#include "node/metrics/metrics.h"

enum exposition_format { EXPOSITION_PROMETHEUS, EXPOSITION_OPENMETRICS };

/*
 * The format that suits the value of an Accept header best, NULL being none: OpenMetrics where it
 * is named, in this version or any, and the plain one is not preferred to it.
 */
enum exposition_format exposition_choose (const char *accept);

/* The Content-Type that goes with it. Static. */
const char *exposition_type (enum exposition_format format);

enum exposition_kind {
    EXPOSITION_COUNTER,
    EXPOSITION_GAUGE,
    EXPOSITION_HISTOGRAM,
    EXPOSITION_INFO, /* the value is 1, the labels are the matter */
};

/* A label of a sample; a list of them ends with a NULL name. */
struct exposition_label {
    const char *name;
    const char *value; /* any bytes: those that are not UTF-8 become U+FFFD */
};

#define EXPOSITION_LABELS(...)        \
    (const struct exposition_label[]) \
    {                                 \
        __VA_ARGS__,                  \
        {                             \
            NULL, NULL                \
        }                             \
    }

struct exposition {
    enum exposition_format format;
    struct evbuffer *output; /* the caller's */
    enum exposition_kind kind;
    const char *family;
};

void exposition_init (struct exposition *exposition, enum exposition_format format,
                      struct evbuffer *output);

/*
 * Begins a family. `name` (kept until the next) goes without "_total" or "_info", which are added
 * where they belong, and ends with its unit, if any; `help` is one line of plain text.
 */
void exposition_family (struct exposition *exposition, enum exposition_kind kind, const char *name,
                        const char *help);

/* A sample of the family; NULL is no labels. */
void exposition_whole (struct exposition *exposition, const struct exposition_label *labels,
                       uint64_t value);
void exposition_real (struct exposition *exposition, const struct exposition_label *labels,
                      double value);
void exposition_histogram (struct exposition *exposition, const struct exposition_label *labels,
                           const struct histogram *histogram);

/* Ends the text. */
void exposition_end (struct exposition *exposition);

#endif
