/*
 * Faults on order: the program's calls of a class are counted, and the one with a given number
 * fails as a real system makes it fail.
 *
 * Who drives the program and the program share a page of memory, a file that the environment names
 * (FAULT_PAGE); without one nothing is counted. The driver (control.py) writes what is to fail,
 * then `armed`; and reads how many calls there were, and which of them failed.
 *
 * The functions of the C library and of LMDB are replaced by name, by this program's own of that
 * name (fault_calls.c), so that libevent's, jansson's and LMDB's calls are counted with ours.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* In the order of control.py's. */
enum fault_class {
    FAULT_ALLOC,      /* memory */
    FAULT_MAP,        /* address space */
    FAULT_ACCEPT,     /* taking a connection */
    FAULT_CONNECT,    /* making one, and what is asked of a socket */
    FAULT_READ,       /* from a socket, a file */
    FAULT_WRITE,      /* to one */
    FAULT_SYNC,       /* to the disk */
    FAULT_FILE,       /* by its name */
    FAULT_DESCRIPTOR, /* that is no file */
    FAULT_EPOLL,      /* what the loop listens to */
    FAULT_THREAD,     /* a new one */
    FAULT_MDB,        /* LMDB */
    FAULT_OPENCL,     /* the driver (fault_opencl.c) */
    FAULT_CLASSES
};

/*
 * The two are counted apart: what the loop's thread does has an order. What a thread does before
 * its function runs is not the program's, and is not counted.
 */
enum fault_lane { FAULT_LOOP, FAULT_THREADS, FAULT_LANES };

struct fault_page {
    _Atomic uint32_t armed;
    uint32_t kind; /* an enum fault_class */
    uint32_t lane;
    uint32_t number;        /* of the call that fails, from 1; 0: none */
    _Atomic uint32_t fired; /* 1: it failed, and what follows says which it was */
    char call[32];
    char stack[8192];                                    /* a line a frame: object, offset, name */
    _Atomic uint32_t counts[FAULT_LANES][FAULT_CLASSES]; /* calls since `armed` */
};

/* A thread that the program has started calls this first. */
void fault_enter_thread (void);

/* Whether this call, of the class, is the one that fails. Any thread. errno is preserved. */
bool fault_now (enum fault_class kind, const char *call);

#endif
