/*
 * A floor below the daemon that needs no service manager: what it and GPU drivers never do, the
 * kernel refuses from then on. It is a list of what is refused, not of what is allowed: drivers are
 * other people's code, and what they call changes with their versions.
 *
 * A call that is refused fails with EPERM; nothing is killed. The list holds for threads and
 * programs started afterwards, so it is put up before any.
 */
#ifndef NODE_CONFINEMENT_H
#define NODE_CONFINEMENT_H

#include <stdbool.h>
#include <stddef.h>

#define CONFINEMENT_TEXT_SIZE 256

/* Whether there is anything to put up: not where libseccomp was missing when this was built. */
bool confinement_is_built_in (void);

/*
 * Puts it up, once no_new_privs is set. With `no_programs` no program can be started any more,
 * either. Returns how many system calls are refused, or -1 with the reason in `error`, in which
 * case all is as it was.
 */
int confinement_put_up (bool no_programs, char error[CONFINEMENT_TEXT_SIZE]);

#endif
