/*
 * A crowd: members in groups, one for each id that any member has. It knows no more groups than
 * there are members. Event-loop thread.
 */
#ifndef RPC_CROWD_H
#define RPC_CROWD_H

#include <stddef.h>
#include <sys/queue.h>

#include "rpc/access/callers.h"

struct crowd_group;

/* Part of whatever joins, all zero until then. */
struct crowd_member {
    TAILQ_ENTRY (crowd_member) link;
    struct crowd_group *group;
    void *owner;
};

/* All zero is an empty one. */
struct crowd {
    void *tree; /* tsearch's */
};

/*
 * Adds `member`, whose owner is `owner`, to the group of `id`. Returns 0, or -1 for want of memory.
 */
int crowd_join (struct crowd *crowd, const struct callers_id *id, struct crowd_member *member,
                void *owner);

/* Takes it out, if it is in. */
void crowd_leave (struct crowd *crowd, struct crowd_member *member);

/* How many are in the group of a member that is in one. */
size_t crowd_size (const struct crowd_member *member);

/* The first of the group, and after one the next, or NULL. Who came first is first. */
struct crowd_member *crowd_first (const struct crowd_member *member);
struct crowd_member *crowd_next (const struct crowd_member *member);

#endif
