/*
 * What store.c (the owner's side) and store_writer.c (the writer's thread) share.
 */
#ifndef WORK_STORE_INTERNAL_H
#define WORK_STORE_INTERNAL_H

#include <pthread.h>

#include "work/store/store_file.h"
#include "work/store/store_pending.h"

struct store {
    struct store_settings settings; /* constant, with the defaults filled in */
    uint64_t max_rows[STORE_KINDS]; /* what the bound in bytes leaves of theirs */
    int lock_fd;
    struct store_file file;
    pthread_t thread;

    /* The owner's. */
    struct store_statistics statistics; /* what the owner counts */

    /* Guarded by `lock`. A change is in `filling`, then in `writing`, then on the disk. */
    pthread_mutex_t lock;
    pthread_cond_t wake; /* for the writer; on the monotonic clock */
    pthread_cond_t done; /* for store_sync: an attempt to write has ended */
    bool stopping;
    bool hurry;                    /* write without gathering or waiting to try again */
    struct store_pending *filling; /* the owner adds to it */
    struct store_pending *writing; /* constant while the writer writes it; NULL when it does not */
    struct store_statistics written; /* what the writer counts */

    /* The writer's. */
    struct store_pending tables[2];
    size_t position;             /* changes of `writing` on the disk */
    size_t batch;                /* changes in the next transaction */
    size_t most_batch;           /* what it may become */
    bool behind;                 /* there may be more entries that are too old */
    uint64_t stamp;              /* the last one given */
    uint64_t retry;              /* clock_now when to try again after a failure */
    uint64_t retry_pause;        /* nanoseconds */
    struct store_statistics now; /* becomes `written` */
};

/* Unix time, seconds. */
static inline uint64_t
store_now (const struct store *store)
{
    return store->settings.now ();
}

/* Finds the last stamp and the counts, of an open file. Before the thread starts. Returns 0 or an
 * error. */
int store_writer_init (struct store *store);

/* The writer's thread. `data` is the store. */
void *store_writer_run (void *data);

#endif
