/*
 * Whom the daemon runs as: what a start as root gives up, and for good. One thread, before any
 * other is started: capabilities are each thread's own.
 */
#ifndef NODE_PRIVILEGES_H
#define NODE_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "node/base/system_user.h"

#define PRIVILEGES_TEXT_SIZE 512

/* Who runs the process, to the kernel. */
struct privileges_identity {
    uid_t uid;
    gid_t gid;
};

enum privileges_act {
    PRIVILEGES_KEEP,      /* there is nothing to give up */
    PRIVILEGES_STAY_ROOT, /* nobody was named: the operator should hear of it */
    PRIVILEGES_DROP,
};

struct privileges_plan {
    enum privileges_act act;
    struct system_user user; /* to become; for PRIVILEGES_DROP */
    gid_t gid;               /* the group to become, likewise */
};

struct privileges_identity privileges_now (void);

/*
 * What a process that is `now` has to do so that it runs as `user`, in `group`; each a name or a
 * number, "" when nobody said so. Asks the system's user database. Returns 0, or -1 with what is
 * wrong and what would be right in `error`.
 */
int privileges_plan (const char *user, const char *group, struct privileges_identity now,
                     struct privileges_plan *plan, char error[PRIVILEGES_TEXT_SIZE]);

/*
 * Becomes the user of a plan that says PRIVILEGES_DROP, with the groups that the system's database
 * gives the user, and sees to it that nothing brings root back: no capabilities, none to be had
 * from programs, and no core or tracer to read the process's memory. HOME, USER and LOGNAME become
 * that user's: drivers keep what they compile below HOME. Returns 0; or -1 with the reason in
 * `error`, after which the process can only exit.
 */
int privileges_drop (const struct privileges_plan *plan, char error[PRIVILEGES_TEXT_SIZE]);

/* No program that is started from now on has more rights than this process. Returns 0, or -1. */
int privileges_allow_no_new (void);

#endif
