/*
 * Threads: any. The page's counter is atomic; a stack is written by the one call that fails.
 */
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FRAMES_MOST = 48 };

static struct fault_page *page;
static __thread enum fault_lane lane = FAULT_LANES;
static __thread bool exempt; /* what is called now does not count */

/* Before main, and after the constructors of libraries: those are not the program's. */
__attribute__ ((constructor)) static void
open_page (void)
{
    const char *const path = getenv ("FAULT_PAGE");
    void *frames[1];
    int fd;

    lane = FAULT_LOOP;
    if (path == NULL) {
        return;
    }
    (void)backtrace (frames, 1); /* the first one allocates */
    fd = open (path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        void *const shared = mmap (NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        (void)close (fd);
        if (shared != MAP_FAILED) {
            page = shared;
            return;
        }
    }
    fprintf (stderr, "fault: cannot map %s, which FAULT_PAGE names: %s\n", path, strerror (errno));
    _exit (125);
}

static void
write_stack (void)
{
    void *frames[FRAMES_MOST];
    const int count = backtrace (frames, FRAMES_MOST);
    size_t length = 0;

    for (int i = 2; i < count && length < sizeof page->stack; i++) {
        Dl_info where = {.dli_fname = NULL};
        const char *const name = dladdr (frames[i], &where) != 0 ? where.dli_fname : NULL;

        if (name != NULL) {
            const int added =
                snprintf (page->stack + length, sizeof page->stack - length, "%s %#zx %s\n", name,
                          (size_t)((const char *)frames[i] - (const char *)where.dli_fbase),
                          where.dli_sname != NULL ? where.dli_sname : "?");

            length += added > 0 ? (size_t)added : 0;
        }
    }
}

int __real_confinement_put_up (bool no_programs, char *error);
int __wrap_confinement_put_up (bool no_programs, char *error);

/*
 * libseccomp 2.5.4 frees twice what it has no memory to make larger, or goes round in circles in a
 * list without an end: nothing fails in it.
 */
int
__wrap_confinement_put_up (bool no_programs, char *error)
{
    int result;

    exempt = true;
    result = __real_confinement_put_up (no_programs, error);
    exempt = false;
    return result;
}

void
fault_enter_thread (void)
{
    lane = FAULT_THREADS;
}

bool
fault_now (enum fault_class kind, const char *call)
{
    int saved_errno;
    uint32_t number;

    if (page == NULL || exempt || lane == FAULT_LANES || atomic_load (&page->armed) == 0) {
        return false;
    }
    number = atomic_fetch_add (&page->counts[lane][kind], 1) + 1;
    if (page->kind != kind || page->lane != lane || page->number != number) {
        return false;
    }
    saved_errno = errno;
    exempt = true;
    (void)snprintf (page->call, sizeof page->call, "%s", call);
    write_stack ();
    exempt = false;
    atomic_store (&page->fired, 1);
    errno = saved_errno;
    return true;
}
