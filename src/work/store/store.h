/*
 * The store: work that was found before, by network and root, on disk and across restarts.
 *
 * A cache, not a ledger. Nothing in it is believed: every work is checked by the oracle before it
 * is handed out, and one that is not worth what its record says is removed. Better work replaces
 * worse, never the other way round; work too weak for a request is kept until it is beaten. Each
 * account of a network has at most one current frontier; when it moves, the old one's work goes.
 *
 * Bounds: entries, accounts, bytes and age. The least recently used goes first. A use is written
 * down at most every STORE_TOUCH_SECONDS for an entry, so reading costs no writing.
 *
 * Threads: one thread, the owner (the event loop), calls everything in here. A writer thread
 * gathers what was put: one transaction, one sync to the disk, about every 0.1 s. The next
 * store_get sees it at once. What was put more than a second ago survives a kill at any moment, and
 * a loss of power as far as the disk keeps its word; where the disk is slower, store_statistics
 * says how far behind it is (`lag`). tests/README.md has figures.
 *
 * On disk: a directory with LMDB's data.mdb and lock.mdb, and store.lock, which keeps a second
 * daemon out. It must be on a local file system. One store object for one directory in a process;
 * fork before store_open, not after.
 *
 * LMDB believes its file: a damaged page can crash the process, when it is read or only when it is
 * written. So store_open has a child process read the file first. What it cannot read is put aside.
 * A store that was not closed, or met errors, is also written anew, row by row: a process that died
 * may have died of it. So a damaged file costs one start at the most.
 */
#ifndef WORK_STORE_H
#define WORK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/scan/scan.h"

/* A source's text, with the terminating zero. Longer ones are cut. */
#define STORE_SOURCE_SIZE 64

/* Enough for any message of the store's. */
#define STORE_ERROR_SIZE 512

/* The smallest bound in bytes. */
#define STORE_MIN_BYTES (UINT64_C (4) << 20)

/* An entry is noted as used again no sooner than this after the last time. */
#define STORE_TOUCH_SECONDS 300

/* What an entry with its account takes of the file, at the most, on the average: the bound in bytes
 * is kept as a bound in entries. See tests/bench/bench_store.c for what it is in truth. */
#define STORE_ENTRY_BYTES 768

/* Whose work it is. The numbers are the file's and never change. */
enum store_network {
    STORE_NANO_LIVE = 1,
    STORE_NANO_BETA = 2,
    STORE_NANO_TEST = 3,
    STORE_NANO_DEV = 4,
    STORE_BANANO = 5,
    STORE_ATTO_LIVE = 17,
    STORE_ATTO_BETA = 18,
    STORE_ATTO_DEV = 19,
    STORE_ATTO_LOCAL = 20,
};

/*
 * Whoever uses the store may remember 32 bytes of any account or root beside its frontier and its
 * work, as the frontier of an account of another network: the network with one of these added.
 */
enum { STORE_NOTE_WATCHED = 0x40, STORE_NOTE_QUEUED = 0x80 };

struct store_entry {
    enum store_network network;
    uint8_t root[32];
    uint64_t work;  /* the nonce */
    uint64_t value; /* what it is worth; the store works it out, store_put does not read it */
    uint64_t found; /* unix time, seconds */
    bool has_account;
    uint8_t account[32];            /* whose frontier the root is, if has_account */
    char source[STORE_SOURCE_SIZE]; /* where it came from: a device's name, "host:port" */
};

struct store_account {
    enum store_network network;
    uint8_t account[32];
    uint8_t frontier[32];
};

struct store_settings {
    uint64_t max_entries;  /* at least 1 */
    uint64_t max_bytes;    /* of the file; 0 is no bound, else at least STORE_MIN_BYTES. A file that
                              is larger already gets no larger, but no smaller either */
    uint64_t max_age;      /* seconds; 0 is no bound. No work found longer ago is handed out; it is
                              off the disk after twice that at the latest */
    uint64_t max_accounts; /* 0: as many as entries */
    size_t max_pending;    /* changes that may wait for the writer; at most 2^24, 0 is 32768 */
    uint64_t (*now) (void); /* unix time in seconds; NULL is the system's. On two threads */
};

struct store;

/*
 * Opens the store in the directory `path`, which is made (mode 0700), with those above it, if it is
 * not there. `error` is empty then, or says that a damaged file, data.mdb, is now called
 * data.mdb.damaged, in the place of an earlier one, and that the store begins anew: to be told to
 * whoever runs the program. NULL with a message in `error`, the file untouched, when it cannot be
 * used: another daemon has it, it cannot be read or written, is of a newer format, or no store's
 * and in a directory that was never one's.
 */
struct store *store_open (const char *path, const struct store_settings *settings, char *error,
                          size_t error_size);

/* Writes what is pending, trying once, and closes. NULL is fine. */
void store_close (struct store *store);

/*
 * Work for `target` on `network`: true when there is one that the oracle says reaches it, in
 * `*entry` then. The target's order is the network's (store_order). Counts a hit or a miss. Reads
 * mapped memory: microseconds, unless the page has to come from the disk.
 */
bool store_get (struct store *store, enum store_network network, const struct scan_target *target,
                struct store_entry *entry);

/* Whatever work there is for `root`, checked by the oracle for no more than its own value. Neither
 * counts nor is a use. */
bool store_peek (struct store *store, enum store_network network, const uint8_t root[32],
                 struct store_entry *entry);

enum store_put_result {
    STORE_PUT,     /* taken */
    STORE_WORSE,   /* no better than what is there, which stays */
    STORE_DROPPED, /* too many changes wait for the writer; counted */
};

/* Puts work. Never waits. Does not move the frontier of the entry's account: see store_frontier. */
enum store_put_result store_put (struct store *store, const struct store_entry *entry);

/* Forgets the work for `root`. Returns 0, or -1 when too many changes wait; counted. */
int store_remove (struct store *store, enum store_network network, const uint8_t root[32]);

/* Tells the account's current frontier; if it was another, that one's work goes. Returns as
 * store_remove. */
int store_frontier (struct store *store, enum store_network network, const uint8_t account[32],
                    const uint8_t frontier[32]);

/* Forgets the account, not the work for its frontier. Returns as store_remove. */
int store_forget (struct store *store, enum store_network network, const uint8_t account[32]);

/* The account's current frontier as it was last told. False when the account is not known. */
bool store_account (struct store *store, enum store_network network, const uint8_t account[32],
                    uint8_t frontier[32]);

/* The accounts of `network` that were told of last, the latest first, `capacity` at the most.
 * Returns how many. Of what is on disk: for the start, right after store_open. */
size_t store_recent_accounts (struct store *store, enum store_network network,
                              struct store_account *accounts, size_t capacity);

/* Waits until everything put so far is on the disk. Returns 0, or -1 when the writer has failed
 * meanwhile; it goes on trying. For tests: it blocks. */
int store_sync (struct store *store);

struct store_statistics {
    uint64_t entries;    /* on the disk */
    uint64_t accounts;   /* likewise */
    uint64_t bytes;      /* of the file */
    uint64_t live_bytes; /* of these, in use; the rest is used again */
    uint64_t pending;    /* changes that wait for the writer */
    double lag;          /* seconds that the first of these has waited; 0 when there is none */
    uint64_t hits;
    uint64_t misses;
    uint64_t weak;         /* of the misses: there was work, but too weak */
    uint64_t corrupt;      /* records that were not what they said, removed */
    uint64_t puts;         /* taken */
    uint64_t dropped;      /* changes refused, too many waiting */
    uint64_t evicted;      /* entries that had to go for the bounds' sake */
    uint64_t expired;      /* entries that were too old */
    uint64_t commits;      /* transactions written */
    uint64_t write_errors; /* transactions that failed; each is tried again */
    uint64_t read_errors;
    uint64_t troubles;            /* times that writing has begun to fail: log when this grows */
    bool failing;                 /* the last transaction failed */
    char error[STORE_ERROR_SIZE]; /* the last one's message; "" when there was none */
};

void store_statistics (struct store *store, struct store_statistics *statistics);

/* Which way works of `network` compare. */
enum difficulty_order store_order (enum store_network network);

#endif
