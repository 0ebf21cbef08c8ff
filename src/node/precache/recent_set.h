/*
 * The set of what pre-caching follows, by key, and in the order in which it was last heard of. What
 * is known of each is its user's, who has the entry as the first member of a larger struct.
 *
 * Event-loop thread.
 */
#ifndef NODE_RECENT_SET_H
#define NODE_RECENT_SET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* Why something is followed; of accounts the first, the one that stays longest. */
enum recent_kind {
    RECENT_PINNED, /* an account that stays */
    RECENT_TOLD,   /* an account that a node has told of */
    RECENT_NAMED,  /* an account that nobody but clients has named */
    RECENT_ROOT,   /* a root that was asked for by itself: it is its own key */
    RECENT_KINDS,
};

struct recent_entry {
    TAILQ_ENTRY (recent_entry) link;
    enum recent_kind kind;
    uint8_t key[32];
};

TAILQ_HEAD (recent_list, recent_entry);

struct recent_set {
    void *tree;                             /* tsearch's, roots apart from accounts, by key */
    struct recent_list lists[RECENT_KINDS]; /* each with the one heard of last first */
    size_t counts[RECENT_KINDS];
};

void recent_set_init (struct recent_set *set);

/* NULL when there is none. */
struct recent_entry *recent_set_account (const struct recent_set *set, const uint8_t key[32]);
struct recent_entry *recent_set_root (const struct recent_set *set, const uint8_t key[32]);

/* Adds an entry, whose kind and key are set and not there yet, as the one heard of last. */
void recent_set_add (struct recent_set *set, struct recent_entry *entry);

/* Takes it out. */
void recent_set_remove (struct recent_set *set, struct recent_entry *entry);

/* It has just been heard of, and is of this kind from now on: an account remains one. */
void recent_set_bump (struct recent_set *set, struct recent_entry *entry, enum recent_kind kind);

/* The account to make room for another with: one that only clients have named before one that a
 * node has told of, and the one heard of longest ago. NULL when all are pinned. */
struct recent_entry *recent_set_last (const struct recent_set *set);

/* Of any kind but RECENT_ROOT. */
size_t recent_set_accounts (const struct recent_set *set);

#endif
