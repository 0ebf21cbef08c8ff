/*
 * Loaded into a program of ours by LD_PRELOAD, this sees it keep the rule for locks
 * (CONTRIBUTING.md, "Threads and locks"): who holds one of ours takes no second one, and no library
 * takes one meanwhile but LMDB. A breach is told on standard error, with both places as addr2line
 * takes them, and ends the program with status 99.
 *
 * Ours is a lock that the program itself or libworkpeer takes: by the call's return address. A wait
 * for a condition gives its lock back before it returns, so it needs no look.
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BROKEN 99 /* the exit status */

typedef int lock_fn (pthread_mutex_t *mutex);

/* Where an object of ours lies. */
struct range {
    uintptr_t first;
    uintptr_t end;
};

static struct range ours[2];
static size_t ours_count;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static lock_fn *real_lock;
static lock_fn *real_trylock;
static lock_fn *real_unlock;

/* What this thread holds, and which call took it. */
static _Thread_local const pthread_mutex_t *held;
static _Thread_local const void *holder;

static int
note_object (struct dl_phdr_info *info, size_t size, void *data)
{
    bool *first = data;
    const bool is_ours = *first || strstr (info->dlpi_name, "/libworkpeer.so") != NULL;

    (void)size;
    *first = false; /* the program comes first */
    for (size_t i = 0; is_ours && i < info->dlpi_phnum; i++) {
        const ElfW (Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0 && ours_count < 2) {
            const uintptr_t start = info->dlpi_addr + part->p_vaddr;
            ours[ours_count++] = (struct range){start, start + part->p_memsz};
        }
    }
    return 0;
}

static lock_fn *
find (const char *name)
{
    lock_fn *function;
    void *const symbol = dlsym (RTLD_NEXT, name);

    if (symbol == NULL) {
        abort ();
    }
    memcpy (&function, &symbol, sizeof function); /* ISO C has no cast for this */
    return function;
}

static void
prepare (void)
{
    bool first = true;

    real_lock = find ("pthread_mutex_lock");
    real_trylock = find ("pthread_mutex_trylock");
    real_unlock = find ("pthread_mutex_unlock");
    (void)dl_iterate_phdr (note_object, &first);
}

static bool
is_ours (const void *caller)
{
    for (size_t i = 0; i < ours_count; i++) {
        if ((uintptr_t)caller >= ours[i].first && (uintptr_t)caller < ours[i].end) {
            return true;
        }
    }
    return false;
}

/* "object+offset", as addr2line -e object offset wants it. */
static void
name_place (const void *address, char *text, size_t size)
{
    Dl_info info = {0};

    if (dladdr (address, &info) != 0) {
        (void)snprintf (text, size, "%s+%#tx", info.dli_fname,
                        (const char *)address - (const char *)info.dli_fbase);
    } else {
        (void)snprintf (text, size, "%p", address);
    }
}

static _Noreturn void
complain (const char *what, const void *caller)
{
    char here[512];
    char there[512];
    char line[1200];

    name_place (caller, here, sizeof here);
    name_place (holder, there, sizeof there);
    const int length = snprintf (line, sizeof line, "LOCK RULE BROKEN: %s at %s; held since %s\n",
                                 what, here, held != NULL ? there : "never");
    (void)!write (STDERR_FILENO, line, (size_t)length);
    _exit (BROKEN);
}

static bool
is_lmdb (const void *caller)
{
    Dl_info info = {0};

    return dladdr (caller, &info) != 0 && strstr (info.dli_fname, "/liblmdb.so") != NULL;
}

/* Before a lock is taken. */
static void
look (const pthread_mutex_t *mutex, const void *caller)
{
    (void)pthread_once (&prepared, prepare);
    if (held == NULL) {
        return;
    }
    if (held == mutex) {
        complain ("a lock is taken twice", caller);
    }
    if (is_ours (caller)) {
        complain ("a second lock is taken", caller);
    }
    if (!is_lmdb (caller)) {
        complain ("a library that has locks is called with one of ours held", caller);
    }
}

static void
note (const pthread_mutex_t *mutex, const void *caller)
{
    if (is_ours (caller)) {
        held = mutex;
        holder = caller;
    }
}

int
pthread_mutex_lock (pthread_mutex_t *mutex)
{
    const void *const caller = __builtin_return_address (0);

    look (mutex, caller);
    const int failed = real_lock (mutex);

    if (failed == 0) {
        note (mutex, caller);
    }
    return failed;
}

int
pthread_mutex_trylock (pthread_mutex_t *mutex)
{
    const void *const caller = __builtin_return_address (0);

    look (mutex, caller);
    const int failed = real_trylock (mutex);

    if (failed == 0) {
        note (mutex, caller);
    }
    return failed;
}

int
pthread_mutex_unlock (pthread_mutex_t *mutex)
{
    const void *const caller = __builtin_return_address (0);

    (void)pthread_once (&prepared, prepare);
    if (held == mutex) { /* whoever the caller seems to be: a function's last call is a jump */
        held = NULL;
        holder = NULL;
    } else if (is_ours (caller)) {
        complain ("a lock is given back that this thread does not hold", caller);
    }
    return real_unlock (mutex);
}
