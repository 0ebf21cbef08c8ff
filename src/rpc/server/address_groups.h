/*
 * Connections in groups, one for each address that any of them comes from. There are no more groups
 * than members. Event-loop thread.
 */
#ifndef RPC_ADDRESS_GROUPS_H
#define RPC_ADDRESS_GROUPS_H

#include <stddef.h>
#include <sys/queue.h>

#include "rpc/access/callers.h"

struct address_group;

/* Part of whatever joins, all zero until then. */
struct address_member {
    TAILQ_ENTRY (address_member) link;
    struct address_group *group;
    void *owner;
};

/* All zero is an empty one. */
struct address_groups {
    void *tree; /* tsearch's */
};

/* Adds `member`, whose owner is `owner`, to the group of `id`. */
void address_groups_join (struct address_groups *groups, const struct callers_id *id,
                          struct address_member *member, void *owner);

/* Takes it out, if it is in. */
void address_groups_leave (struct address_groups *groups, struct address_member *member);

/* How many are in the group of a member that is in one. */
size_t address_groups_size (const struct address_member *member);

/* The first of the group, and after one the next, or NULL. Who came first is first. */
struct address_member *address_groups_first (const struct address_member *member);
struct address_member *address_groups_next (const struct address_member *member);

#endif
