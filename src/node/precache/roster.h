/*
 * The roster: what pre-caching follows, by key, and in the order in which it was last heard of.
 * What is known of each is its user's, who has the entry as the first member of a larger struct.
 *
 * Event-loop thread.
 */
#ifndef NODE_ROSTER_H
#define NODE_ROSTER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* Why something is followed; of accounts the first, the one that stays longest. */
enum roster_kind {
    ROSTER_PINNED, /* an account that stays */
    ROSTER_TOLD,   /* an account that a node has told of */
    ROSTER_NAMED,  /* an account that nobody but clients has named */
    ROSTER_ROOT,   /* a root that was asked for by itself: it is its own key */
    ROSTER_KINDS,
};

struct roster_entry {
    TAILQ_ENTRY (roster_entry) link;
    enum roster_kind kind;
    uint8_t key[32];
};

TAILQ_HEAD (roster_list, roster_entry);

struct roster {
    void *tree;                             /* tsearch's, roots apart from accounts, by key */
    struct roster_list lists[ROSTER_KINDS]; /* each with the one heard of last first */
    size_t counts[ROSTER_KINDS];
};

void roster_init (struct roster *roster);

/* NULL when there is none. */
struct roster_entry *roster_account (const struct roster *roster, const uint8_t key[32]);
struct roster_entry *roster_root (const struct roster *roster, const uint8_t key[32]);

/* Adds an entry, whose kind and key are set and not there yet, as the one heard of last. Returns 0,
 * or -1 for want of memory. */
int roster_add (struct roster *roster, struct roster_entry *entry);

/* Takes it out. */
void roster_remove (struct roster *roster, struct roster_entry *entry);

/* It has just been heard of, and is of this kind from now on: an account remains one. */
void roster_bump (struct roster *roster, struct roster_entry *entry, enum roster_kind kind);

/* The account to make room for another with: one that only clients have named before one that a
 * node has told of, and the one heard of longest ago. NULL when all are pinned. */
struct roster_entry *roster_last (const struct roster *roster);

/* Of any kind but ROSTER_ROOT. */
size_t roster_accounts (const struct roster *roster);

#endif
