#define _GNU_SOURCE 1 /* setresuid, setresgid, setgroups */

#include "node/system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rpc/base/memory.h"

struct privileges_identity
privileges_now (void)
{
    return (struct privileges_identity){.uid = geteuid (), .gid = getegid ()};
}

__attribute__ ((format (printf, 2, 3))) static int
fail (char error[PRIVILEGES_TEXT_SIZE], const char *format, ...)
{
    va_list arguments;

    va_start (arguments, format);
    (void)vsnprintf (error, PRIVILEGES_TEXT_SIZE, format, arguments);
    va_end (arguments);
    return -1;
}

/* Planning. */

static int
find_group (const char *group, gid_t *gid, char error[PRIVILEGES_TEXT_SIZE])
{
    return system_user_find_group (group, gid) == 0
               ? 0
               : fail (error, "there is no group %.100s (daemon.group)", group);
}

/* For root. */
static int
plan_drop (const char *group, struct privileges_plan *plan, char error[PRIVILEGES_TEXT_SIZE])
{
    plan->gid = plan->user.gid;
    plan->act = plan->user.uid == 0 ? PRIVILEGES_KEEP : PRIVILEGES_DROP;
    if (*group != '\0') {
        return find_group (group, &plan->gid, error);
    }
    return plan->user.is_known ? 0
                               : fail (error, "daemon.user is a number that belongs to no known "
                                              "user: set daemon.group, too");
}

/* For a process that cannot switch to anybody else. */
static int
compare (const char *user, const char *group, struct privileges_identity now,
         const struct privileges_plan *plan, char error[PRIVILEGES_TEXT_SIZE])
{
    gid_t gid = now.gid;

    if (plan->user.uid != now.uid) {
        return fail (error,
                     "only root can switch to %.100s (daemon.user), and this is user %u: start the "
                     "daemon as root or as that user, or remove daemon.user",
                     user, (unsigned)now.uid);
    }
    if (*group != '\0' && find_group (group, &gid, error) != 0) {
        return -1;
    }
    if (gid != now.gid) {
        return fail (error,
                     "only root can change to the group %.100s (daemon.group), and this is group "
                     "%u: start the daemon as root or in that group, or remove daemon.group",
                     group, (unsigned)now.gid);
    }
    return 0;
}

int
privileges_plan (const char *user, const char *group, struct privileges_identity now,
                 struct privileges_plan *plan, char error[PRIVILEGES_TEXT_SIZE])
{
    *plan = (struct privileges_plan){.act = now.uid == 0 ? PRIVILEGES_STAY_ROOT : PRIVILEGES_KEEP};
    if (*user == '\0') {
        return *group == '\0'
                   ? 0
                   : fail (error, "daemon.group requires daemon.user: set both or neither");
    }
    if (system_user_find (user, &plan->user) != 0) {
        return fail (error, "there is no user %.100s (daemon.user)", user);
    }
    return now.uid == 0 ? plan_drop (group, plan, error) : compare (user, group, now, plan, error);
}

/* Dropping. */

/* What no program started later can have, whoever owns it. */
static int
empty_bounding_set (char error[PRIVILEGES_TEXT_SIZE])
{
    for (unsigned long capability = 0; prctl (PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
         capability++) {
        /* A container may have taken the right to do this; then no_new_privs alone sees to it. */
        if (prctl (PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EPERM) {
            return fail (error, "cannot remove capability %lu from the bounding set: %s",
                         capability, strerror (errno));
        }
    }
    return 0;
}

static int
change_groups (const struct privileges_plan *plan, char error[PRIVILEGES_TEXT_SIZE])
{
    const int failed =
        plan->user.is_known ? initgroups (plan->user.name, plan->gid) : setgroups (1, &plan->gid);

    return failed == 0 ? 0 : fail (error, "cannot change the groups: %s", strerror (errno));
}

static int
change_user (const struct privileges_plan *plan, char error[PRIVILEGES_TEXT_SIZE])
{
    const uid_t uid = plan->user.uid;

    if (setresgid (plan->gid, plan->gid, plan->gid) != 0) {
        return fail (error, "cannot change to group %u: %s", (unsigned)plan->gid, strerror (errno));
    }
    if (setresuid (uid, uid, uid) != 0) {
        return fail (error, "cannot change to user %u: %s", (unsigned)uid, strerror (errno));
    }
    return 0;
}

/* The change of user has emptied the others, but what is inherited stays. */
static int
clear_capabilities (char error[PRIVILEGES_TEXT_SIZE])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};

    if (syscall (SYS_capset, &header, sets) != 0) {
        return fail (error, "cannot drop capabilities: %s", strerror (errno));
    }
    return 0;
}

static bool
has_capabilities (void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

    if (syscall (SYS_capget, &header, sets) != 0) {
        return true;
    }
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        if ((sets[i].effective | sets[i].permitted | sets[i].inheritable) != 0) {
            return true;
        }
    }
    return false;
}

/* Believes none of the calls before. */
static int
verify (const struct privileges_plan *plan, char error[PRIVILEGES_TEXT_SIZE])
{
    uid_t uids[3];
    gid_t gids[3];

    if (getresuid (&uids[0], &uids[1], &uids[2]) != 0 ||
        getresgid (&gids[0], &gids[1], &gids[2]) != 0) {
        return fail (error, "cannot find out which user the process runs as: %s", strerror (errno));
    }
    for (int i = 0; i < 3; i++) {
        if (uids[i] != plan->user.uid || gids[i] != plan->gid) {
            return fail (error, "the process does not run entirely as user %u, group %u",
                         (unsigned)plan->user.uid, (unsigned)plan->gid);
        }
    }
    if (has_capabilities ()) {
        return fail (error, "the process still has capabilities");
    }
    if (setuid (0) == 0 || seteuid (0) == 0) {
        return fail (error, "the process can become root again");
    }
    return 0;
}

static void
change_environment (const struct system_user *user)
{
    if (user->is_known) {
        memory_require (setenv ("HOME", user->home, 1) == 0 &&
                        setenv ("USER", user->name, 1) == 0 &&
                        setenv ("LOGNAME", user->name, 1) == 0);
    }
}

int
privileges_allow_no_new (void)
{
    return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int
privileges_drop (const struct privileges_plan *plan, char error[PRIVILEGES_TEXT_SIZE])
{
    if (empty_bounding_set (error) != 0 || change_groups (plan, error) != 0 ||
        change_user (plan, error) != 0 || clear_capabilities (error) != 0) {
        return -1;
    }
    if (privileges_allow_no_new () != 0 || prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return fail (error, "cannot forbid new privileges: %s", strerror (errno));
    }
    if (verify (plan, error) != 0) {
        return -1;
    }
    change_environment (&plan->user);
    return 0;
}
