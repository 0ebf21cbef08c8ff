/*
 * What real drivers do only now and then, failing, lying, never answering, put between a device and
 * the OpenCL library; and a count of the objects that the device holds. One test at a time uses it.
 */
#ifndef OPENCL_BETWEEN_H
#define OPENCL_BETWEEN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "work/opencl/opencl_api.h"

/* What is to happen, on top of the real thing. */
struct between {
    unsigned launches;         /* so far */
    unsigned fail_from;        /* launches from this number on fail; 0: none */
    unsigned stop_at;          /* the launch at which `stop` goes up; 0: none */
    unsigned launches_stopped; /* launches that were begun when it was up */
    bool mute;                 /* no event is ever told of */
    bool bad_status;           /* every event is told of as failed */
    const char *extensions;    /* that the device says it has; NULL: its own */
    const char *wrong;         /* options in the place of those for vendors' rotates */
    bool garbage;              /* launches answer what no item of theirs can have found */
    unsigned builds;
    unsigned sources; /* programs made of source, none from the cache */
};

extern struct between between;

/* The stop flag of whatever a test submits. */
extern atomic_bool stop;

/* Objects that OpenCL counts, made through api_between and not given back. */
extern atomic_int held;

/* The library with all this in it. */
extern struct opencl_api api_between;

/* A test's set-up: nothing is to happen. */
int between_set_up (void **state);

#endif
