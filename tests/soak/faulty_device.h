/*
 * The device behind faulty_opencl.c: the CPU, which runs one kernel, ours, by the portable scanner,
 * and which fails on demand.
 *
 * The file that FAULTY_OPENCL names has one word, looked at with every launch:
 *
 *     well     it does what it should
 *     refuse   a launch cannot be enqueued
 *     break    a launch ends with an error
 *     lie      a launch finds a nonce that is none
 *     absurd   a launch finds a nonce outside of what it was to try
 *     hang     a launch does not end before the word is another
 *     absent   the platform has no device; one that is open already refuses
 *
 * Threads: any may call. A context has a thread that runs its commands in their order.
 */
#ifndef SOAK_FAULTY_DEVICE_H
#define SOAK_FAULTY_DEVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "work/scan/scan.h"

typedef void (CL_CALLBACK *faulty_callback) (cl_event event, cl_int status, void *data);

/* What the kernel writes to: one number. */
struct _cl_mem {
    cl_uint value;
    SLIST_ENTRY (_cl_mem) link;
};

/* The kernel with its arguments. */
struct _cl_kernel {
    struct scan_midstate midstate;
    cl_ulong first;
    cl_uint count;
    cl_mem found;
};

struct _cl_event {
    unsigned references;
    bool ended;
    cl_int status;
    faulty_callback callback;
    void *data;
};

struct faulty_command {
    enum { LAUNCH, READ, WRITE } what;
    struct _cl_kernel launch;
    cl_mem buffer;
    cl_uint *to;
    cl_uint value;
    cl_event event;
    TAILQ_ENTRY (faulty_command) link;
};

struct _cl_context {
    pthread_t thread;
    pthread_mutex_t lock; /* of `commands` and `closing` */
    pthread_cond_t change;
    TAILQ_HEAD (, faulty_command) commands;
    SLIST_HEAD (, _cl_mem) buffers; /* of the callers; they live as long as the context */
    bool closing;
    cl_int status; /* the thread's: of the last launch; what is read after it ends so, too */
};

/* Whether that is the word now. */
bool faulty_device_is_told (const char *word);

/* Starts a zeroed context's thread. Returns 0, or -1. */
int faulty_device_start (cl_context context);

/* Runs what is enqueued, and ends the thread. */
void faulty_device_stop (cl_context context);

/* Copies the command. Returns CL_SUCCESS, or CL_OUT_OF_HOST_MEMORY. */
cl_int faulty_device_enqueue (cl_context context, const struct faulty_command *command);

/* Has `callback` called at the event's end, or now if that has been. */
void faulty_device_hear (cl_event event, faulty_callback callback, void *data);

/* Gives up one of an event's references; the last frees it. */
void faulty_device_forget (cl_event event);

#endif
