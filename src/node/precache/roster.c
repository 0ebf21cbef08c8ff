#include "node/precache/roster.h"

#include <search.h>
#include <string.h>

static int
compare_entries (const void *a, const void *b)
{
    const struct roster_entry *left = a;
    const struct roster_entry *right = b;

    if ((left->kind == ROSTER_ROOT) != (right->kind == ROSTER_ROOT)) {
        return left->kind == ROSTER_ROOT ? 1 : -1;
    }
    return memcmp (left->key, right->key, sizeof left->key);
}

void
roster_init (struct roster *roster)
{
    roster->tree = NULL;
    for (enum roster_kind kind = 0; kind < ROSTER_KINDS; kind++) {
        TAILQ_INIT (&roster->lists[kind]);
        roster->counts[kind] = 0;
    }
}

static struct roster_entry *
find (const struct roster *roster, const uint8_t key[32], enum roster_kind kind)
{
    struct roster_entry wanted = {.kind = kind};
    struct roster_entry **found;

    memcpy (wanted.key, key, sizeof wanted.key);
    found = tfind (&wanted, &roster->tree, compare_entries);
    return found != NULL ? *found : NULL;
}

struct roster_entry *
roster_account (const struct roster *roster, const uint8_t key[32])
{
    return find (roster, key, ROSTER_NAMED);
}

struct roster_entry *
roster_root (const struct roster *roster, const uint8_t key[32])
{
    return find (roster, key, ROSTER_ROOT);
}

static void
enlist (struct roster *roster, struct roster_entry *entry)
{
    TAILQ_INSERT_HEAD (&roster->lists[entry->kind], entry, link);
    roster->counts[entry->kind]++;
}

static void
unlist (struct roster *roster, struct roster_entry *entry)
{
    TAILQ_REMOVE (&roster->lists[entry->kind], entry, link);
    roster->counts[entry->kind]--;
}

int
roster_add (struct roster *roster, struct roster_entry *entry)
{
    if (tsearch (entry, &roster->tree, compare_entries) == NULL) {
        return -1;
    }
    enlist (roster, entry);
    return 0;
}

void
roster_remove (struct roster *roster, struct roster_entry *entry)
{
    (void)tdelete (entry, &roster->tree, compare_entries);
    unlist (roster, entry);
}

void
roster_bump (struct roster *roster, struct roster_entry *entry, enum roster_kind kind)
{
    unlist (roster, entry);
    entry->kind = kind;
    enlist (roster, entry);
}

struct roster_entry *
roster_last (const struct roster *roster)
{
    struct roster_entry *last = TAILQ_LAST (&roster->lists[ROSTER_NAMED], roster_list);

    return last != NULL ? last : TAILQ_LAST (&roster->lists[ROSTER_TOLD], roster_list);
}

size_t
roster_accounts (const struct roster *roster)
{
    return roster->counts[ROSTER_PINNED] + roster->counts[ROSTER_TOLD] +
           roster->counts[ROSTER_NAMED];
}
