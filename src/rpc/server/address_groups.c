#include "rpc/server/address_groups.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"

struct address_group {
    struct callers_id id; /* the first: the tree compares these */
    TAILQ_HEAD (, address_member) members;
    size_t count;
};

static int
compare (const void *a, const void *b)
{
    return memcmp (a, b, sizeof (struct callers_id));
}

static struct address_group *
add_group (struct address_groups *groups, const struct callers_id *id)
{
    struct address_group *group = memory_new (1, sizeof *group);

    group->id = *id;
    TAILQ_INIT (&group->members);
    (void)memory_need (tsearch (group, &groups->tree, compare));
    return group;
}

void
address_groups_join (struct address_groups *groups, const struct callers_id *id,
                     struct address_member *member, void *owner)
{
    struct address_group *const *const found = tfind (id, &groups->tree, compare);
    struct address_group *const group = found != NULL ? *found : add_group (groups, id);

    TAILQ_INSERT_TAIL (&group->members, member, link);
    group->count++;
    member->group = group;
    member->owner = owner;
}

void
address_groups_leave (struct address_groups *groups, struct address_member *member)
{
    struct address_group *const group = member->group;

    if (group == NULL) {
        return;
    }
    TAILQ_REMOVE (&group->members, member, link);
    member->group = NULL;
    if (--group->count == 0) {
        (void)tdelete (group, &groups->tree, compare);
        free (group);
    }
}

size_t
address_groups_size (const struct address_member *member)
{
    return member->group->count;
}

struct address_member *
address_groups_first (const struct address_member *member)
{
    return TAILQ_FIRST (&member->group->members);
}

struct address_member *
address_groups_next (const struct address_member *member)
{
    return TAILQ_NEXT (member, link);
}
