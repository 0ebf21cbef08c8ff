#include "rpc/server/crowd.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct crowd_group {
    struct callers_id id; /* the first: the tree compares these */
    TAILQ_HEAD (, crowd_member) members;
    size_t count;
};

static int
compare (const void *a, const void *b)
{
    return memcmp (a, b, sizeof (struct callers_id));
}

static struct crowd_group *
add_group (struct crowd *crowd, const struct callers_id *id)
{
    struct crowd_group *group = calloc (1, sizeof *group);

    if (group == NULL) {
        return NULL;
    }
    group->id = *id;
    TAILQ_INIT (&group->members);
    if (tsearch (group, &crowd->tree, compare) == NULL) {
        free (group);
        return NULL;
    }
    return group;
}

int
crowd_join (struct crowd *crowd, const struct callers_id *id, struct crowd_member *member,
            void *owner)
{
    struct crowd_group *const *const found = tfind (id, &crowd->tree, compare);
    struct crowd_group *const group = found != NULL ? *found : add_group (crowd, id);

    if (group == NULL) {
        return -1;
    }
    TAILQ_INSERT_TAIL (&group->members, member, link);
    group->count++;
    member->group = group;
    member->owner = owner;
    return 0;
}

void
crowd_leave (struct crowd *crowd, struct crowd_member *member)
{
    struct crowd_group *const group = member->group;

    if (group == NULL) {
        return;
    }
    TAILQ_REMOVE (&group->members, member, link);
    member->group = NULL;
    if (--group->count == 0) {
        (void)tdelete (group, &crowd->tree, compare);
        free (group);
    }
}

size_t
crowd_size (const struct crowd_member *member)
{
    return member->group->count;
}

struct crowd_member *
crowd_first (const struct crowd_member *member)
{
    return TAILQ_FIRST (&member->group->members);
}

struct crowd_member *
crowd_next (const struct crowd_member *member)
{
    return TAILQ_NEXT (member, link);
}
