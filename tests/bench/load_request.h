/*
 * The requests of a load, as bytes, and the judging of their answers. Every work is checked by the
 * engine's oracle.
 *
 * All functions are pure; any thread.
 */
#ifndef BENCH_LOAD_REQUEST_H
#define BENCH_LOAD_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "load_plan.h"

/* Room for the longest request, a pipeline's. */
#define LOAD_REQUEST_SIZE 2048

/* How many requests a pipeline has. */
#define LOAD_PIPELINE_DEPTH 4

/* How hard the searches are: values that their works have to reach. */
struct load_difficulty {
    uint64_t easy; /* of what is to be found */
    uint64_t hard; /* of what is to be cancelled, and of clients that leave */
};

/* Writes the bytes that an arrival sends; returns how many. LOAD_HALF's are cut off. */
size_t load_request_print (const struct load_arrival *arrival,
                           const struct load_difficulty *difficulty, char text[LOAD_REQUEST_SIZE]);

/* How many answers an arrival gets; none for clients that leave. */
unsigned load_request_answers (enum load_kind kind);

/*
 * How long the HTTP answer is that begins at `text`, its head included, and in `head` how long that
 * is. 0 as long as it is not whole; -1 when it is no answer with status 200 and a Content-Length.
 */
ptrdiff_t load_answer_length (const char *text, size_t length, size_t *head);

enum load_verdict {
    LOAD_GOOD,
    LOAD_GOOD_STORED, /* good, and from the store, as it says */
    LOAD_REFUSED,     /* an error, where work or the like was asked for */
    LOAD_WRONG,       /* no answer to what was asked, or work that is none */
};

/* What the body of an answer is worth. */
enum load_verdict load_answer_judge (const struct load_arrival *arrival,
                                     const struct load_difficulty *difficulty, const char *body,
                                     size_t length);

#endif
