#include "node/precache/recent_set.h"

#include <search.h>
#include <string.h>

#include "rpc/base/memory.h"

static int
compare_entries (const void *a, const void *b)
{
    const struct recent_entry *left = a;
    const struct recent_entry *right = b;

    if ((left->kind == RECENT_ROOT) != (right->kind == RECENT_ROOT)) {
        return left->kind == RECENT_ROOT ? 1 : -1;
    }
    return memcmp (left->key, right->key, sizeof left->key);
}

void
recent_set_init (struct recent_set *set)
{
    set->tree = NULL;
    for (enum recent_kind kind = 0; kind < RECENT_KINDS; kind++) {
        TAILQ_INIT (&set->lists[kind]);
        set->counts[kind] = 0;
    }
}

static struct recent_entry *
find (const struct recent_set *set, const uint8_t key[32], enum recent_kind kind)
{
    struct recent_entry wanted = {.kind = kind};
    struct recent_entry **found;

    memcpy (wanted.key, key, sizeof wanted.key);
    found = tfind (&wanted, &set->tree, compare_entries);
    return found != NULL ? *found : NULL;
}

struct recent_entry *
recent_set_account (const struct recent_set *set, const uint8_t key[32])
{
    return find (set, key, RECENT_NAMED);
}

struct recent_entry *
recent_set_root (const struct recent_set *set, const uint8_t key[32])
{
    return find (set, key, RECENT_ROOT);
}

static void
enlist (struct recent_set *set, struct recent_entry *entry)
{
    TAILQ_INSERT_HEAD (&set->lists[entry->kind], entry, link);
    set->counts[entry->kind]++;
}

static void
unlist (struct recent_set *set, struct recent_entry *entry)
{
    TAILQ_REMOVE (&set->lists[entry->kind], entry, link);
    set->counts[entry->kind]--;
}

void
recent_set_add (struct recent_set *set, struct recent_entry *entry)
{
    (void)memory_need (tsearch (entry, &set->tree, compare_entries));
    enlist (set, entry);
}

void
recent_set_remove (struct recent_set *set, struct recent_entry *entry)
{
    (void)tdelete (entry, &set->tree, compare_entries);
    unlist (set, entry);
}

void
recent_set_bump (struct recent_set *set, struct recent_entry *entry, enum recent_kind kind)
{
    unlist (set, entry);
    entry->kind = kind;
    enlist (set, entry);
}

struct recent_entry *
recent_set_last (const struct recent_set *set)
{
    struct recent_entry *last = TAILQ_LAST (&set->lists[RECENT_NAMED], recent_list);

    return last != NULL ? last : TAILQ_LAST (&set->lists[RECENT_TOLD], recent_list);
}

size_t
recent_set_accounts (const struct recent_set *set)
{
    return set->counts[RECENT_PINNED] + set->counts[RECENT_TOLD] + set->counts[RECENT_NAMED];
}
