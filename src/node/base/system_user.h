/*
 * The system's users and groups, by name or by number. Any thread; may ask a directory service over
 * the network, so not the event loop's.
 */
#ifndef NODE_SYSTEM_USER_H
#define NODE_SYSTEM_USER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define SYSTEM_USER_NAME_SIZE 256

struct system_user {
    uid_t uid;
    gid_t gid;                        /* the user's own group, if `is_known` */
    char name[SYSTEM_USER_NAME_SIZE]; /* "" unless `is_known` */
    char home[PATH_MAX];              /* likewise */
    bool is_known;                    /* or no more than a number */
};

/*
 * Finds who `text` names. Digits are a number first of all, which may be nobody's. Returns 0, or -1
 * when there is no such user or the system cannot tell.
 */
int system_user_find (const char *text, struct system_user *user);

/* The same for a group; a number may be no group's. */
int system_user_find_group (const char *text, gid_t *gid);

#endif
