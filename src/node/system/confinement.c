#include "node/system/confinement.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "rpc/base/memory.h"

/* By name: what this machine's kernel or library does not have is passed over. */
static const char *const refused[] = {
    /* The file system's tree and its namespaces. */
    "mount", "umount", "umount2", "pivot_root", "chroot", "mount_setattr", "move_mount",
    "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "setns", "unshare", "open_by_handle_at",
    "quotactl", "quotactl_fd", "fanotify_init",
    /* Other processes. */
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd",
    /* The kernel itself. */
    "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
    "create_module", "reboot", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup",
    "io_uring_enter", "io_uring_register", "syslog", "lookup_dcookie", "nfsservctl", "_sysctl",
    "uselib", "acct", "swapon", "swapoff", "vhangup",
    /* Keys that the kernel holds. */
    "add_key", "request_key", "keyctl",
    /* The machine's clock and name, and its ports. */
    "settimeofday", "clock_settime", "clock_settime64", "adjtimex", "clock_adjtime",
    "clock_adjtime64", "stime", "sethostname", "setdomainname", "iopl", "ioperm", "modify_ldt",
    /* Whom the process runs as: that is settled. */
    "setuid", "setuid32", "setgid", "setgid32", "setreuid", "setreuid32", "setregid", "setregid32",
    "setresuid", "setresuid32", "setresgid", "setresgid32", "setfsuid", "setfsuid32", "setfsgid",
    "setfsgid32", "setgroups", "setgroups32", "capset"};

static const char *const programs[] = {"execve", "execveat"};

/* A thread or a process of its own is fine; one in a namespace of its own is a way around. */
static const uint32_t namespaces[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                      CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* Refuses those of `names` that there are, and counts them. Returns 0, or a negative error. */
static int
refuse (scmp_filter_ctx filter, const char *const *names, size_t count, int *refusals)
{
    int failed = 0;

    for (size_t i = 0; failed == 0 && i < count; i++) {
        const int number = seccomp_syscall_resolve_name (names[i]);

        if (number >= 0) {
            failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), number, 0);
            (*refusals)++;
        }
    }
    return failed;
}

/* What counts is with which arguments it is called. Returns 0, or a negative error. */
static int
refuse_some (scmp_filter_ctx filter)
{
    /* Asking what the personality is, is fine. */
    int failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), SCMP_SYS (personality), 1,
                                   SCMP_A0 (SCMP_CMP_NE, UINT32_MAX, 0));

    for (size_t i = 0; failed == 0 && i < COUNT (namespaces); i++) {
        failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), SCMP_SYS (clone), 1,
                                   SCMP_A0 (SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
    }
    /*
     * clone3's flags are in memory, where no filter looks. Whoever hears that it is not there calls
     * clone, as the C library does.
     */
    return failed != 0 ? failed
                       : seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (clone3), 0);
}

static int
load (scmp_filter_ctx filter, bool no_programs)
{
    int count = 0;
    int failed = refuse (filter, refused, COUNT (refused), &count);

    if (failed == 0 && no_programs) {
        failed = refuse (filter, programs, COUNT (programs), &count);
    }
    if (failed != 0 || (failed = refuse_some (filter)) != 0 ||
        /* Calls in the manner of another machine would go around the list. no_new_privs is set. */
        (failed = seccomp_attr_set (filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO (EPERM))) !=
            0 ||
        (failed = seccomp_attr_set (filter, SCMP_FLTATR_CTL_NNP, 0)) != 0) {
        return failed;
    }
    (void)seccomp_attr_set (filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, where it knows how */
    failed = seccomp_load (filter);
    return failed != 0 ? failed : count;
}

bool
confinement_is_built_in (void)
{
    return true;
}

int
confinement_put_up (bool no_programs, char error[CONFINEMENT_TEXT_SIZE])
{
    const scmp_filter_ctx filter = memory_need (seccomp_init (SCMP_ACT_ALLOW));
    const int count = load (filter, no_programs);

    seccomp_release (filter);
    memory_require (count != -ENOMEM);
    if (count < 0) {
        (void)snprintf (error, CONFINEMENT_TEXT_SIZE, "%s", strerror (-count));
        return -1;
    }
    return count;
}
