/*
 * The calls that can be made to fail, each by its own name: the linker takes these for everything
 * in the process. Each counts, and then fails or calls the one that the libraries have.
 *
 * This file has no sanitizer in it and knows no built-in functions: it is called before there is
 * anything else.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fault.h"

/* What one of these calls within itself is not counted again. */
static __thread unsigned within;

static void *
real_of (const char *name)
{
    void *const address = dlsym (RTLD_NEXT, name);

    if (address == NULL) {
        abort ();
    }
    return address;
}

/*
 * `fail` is run in the place of the call that fails, its value the result; calls for which
 * `counted` is false never are.
 */
#define FAULTY_IF(counted, type, name, kind, fail, parameters, arguments) \
    type name parameters;                                                 \
    type name parameters                                                  \
    {                                                                     \
        static type (*real) parameters;                                   \
        type result;                                                      \
                                                                          \
        if (real == NULL) {                                               \
            *(void **)&real = real_of (#name);                            \
        }                                                                 \
        if (within == 0 && (counted) && fault_now (kind, #name)) {        \
            return fail;                                                  \
        }                                                                 \
        within++;                                                         \
        result = real arguments;                                          \
        within--;                                                         \
        return result;                                                    \
    }

#define FAULTY(type, name, kind, fail, parameters, arguments) \
    FAULTY_IF (true, type, name, kind, fail, parameters, arguments)

static int
fail_with (int reason)
{
    errno = reason;
    return -1;
}

static void *
no_memory (void)
{
    errno = ENOMEM;
    return NULL;
}

/*
 * Eventfds, and the pipe that libevent tells itself of signals with: both ends are in this process.
 * What is read from them or written to them fails on no system, and is not counted.
 */
static bool
is_outer (int fd)
{
    struct stat status;

    return fd <= STDERR_FILENO || fstat (fd, &status) != 0 ||
           ((status.st_mode & S_IFMT) != 0 && !S_ISFIFO (status.st_mode));
}

static int
fail_io (int fd, int of_socket, int of_file)
{
    struct stat status;

    return fail_with (fstat (fd, &status) == 0 && S_ISSOCK (status.st_mode) ? of_socket : of_file);
}

/* Memory. What fails within another call of the C library's counts too: not `within`. */

#define FAULTY_ALLOC(name, parameters, arguments) \
    void *name parameters;                        \
    void *name parameters                         \
    {                                             \
        static void *(*real)parameters;           \
                                                  \
        if (real == NULL) {                       \
            *(void **)&real = real_of (#name);    \
        }                                         \
        if (fault_now (FAULT_ALLOC, #name)) {     \
            return no_memory ();                  \
        }                                         \
        return real arguments;                    \
    }

FAULTY_ALLOC (malloc, (size_t size), (size))
FAULTY_ALLOC (calloc, (size_t count, size_t size), (count, size))
FAULTY_ALLOC (realloc, (void *memory, size_t size), (memory, size))
FAULTY_ALLOC (aligned_alloc, (size_t alignment, size_t size), (alignment, size))

int
posix_memalign (void **memory, size_t alignment, size_t size)
{
    static int (*real) (void **, size_t, size_t);

    if (real == NULL) {
        *(void **)&real = real_of ("posix_memalign");
    }
    return fault_now (FAULT_ALLOC, "posix_memalign") ? ENOMEM : real (memory, alignment, size);
}

/* These two are the sanitizers' own, where there are any, and call none of the above. */

char *
strdup (const char *text)
{
    const size_t size = strlen (text) + 1;
    char *const copy = malloc (size);

    return copy != NULL ? memcpy (copy, text, size) : NULL;
}

char *
strndup (const char *text, size_t most)
{
    const size_t length = strnlen (text, most);
    char *const copy = malloc (length + 1);

    if (copy != NULL) {
        memcpy (copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

void *
reallocarray (void *memory, size_t count, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow (count, size, &bytes) ? no_memory () : realloc (memory, bytes);
}

FAULTY (void *, mmap, FAULT_MAP, (no_memory (), MAP_FAILED),
        (void *address, size_t size, int protection, int flags, int fd, off_t offset),
        (address, size, protection, flags, fd, offset))

/* Connections. */

FAULTY (int, accept4, FAULT_ACCEPT, fail_with (EMFILE),
        (int fd, struct sockaddr *address, socklen_t *size, int flags), (fd, address, size, flags))
FAULTY (int, accept, FAULT_ACCEPT, fail_with (EMFILE),
        (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))
FAULTY (int, connect, FAULT_CONNECT, fail_with (ECONNREFUSED),
        (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
FAULTY (int, bind, FAULT_CONNECT, fail_with (EADDRINUSE),
        (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
FAULTY (int, listen, FAULT_CONNECT, fail_with (EADDRINUSE), (int fd, int backlog), (fd, backlog))
FAULTY (int, setsockopt, FAULT_CONNECT, fail_with (ENOBUFS),
        (int fd, int level, int name, const void *value, socklen_t size),
        (fd, level, name, value, size))
FAULTY (int, getsockopt, FAULT_CONNECT, fail_with (ENOBUFS),
        (int fd, int level, int name, void *value, socklen_t *size), (fd, level, name, value, size))
FAULTY (int, getsockname, FAULT_CONNECT, fail_with (ENOBUFS),
        (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))
FAULTY (int, getpeername, FAULT_CONNECT, fail_with (ENOTCONN),
        (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))

/* Reading and writing. */

FAULTY_IF (is_outer (fd), ssize_t, read, FAULT_READ, fail_io (fd, ECONNRESET, EIO),
           (int fd, void *to, size_t size), (fd, to, size))
FAULTY_IF (is_outer (fd), ssize_t, readv, FAULT_READ, fail_io (fd, ECONNRESET, EIO),
           (int fd, const struct iovec *parts, int count), (fd, parts, count))
FAULTY (ssize_t, recv, FAULT_READ, fail_with (ECONNRESET),
        (int fd, void *to, size_t size, int flags), (fd, to, size, flags))
FAULTY (ssize_t, pread, FAULT_READ, fail_with (EIO), (int fd, void *to, size_t size, off_t offset),
        (fd, to, size, offset))
FAULTY_IF (is_outer (fd), ssize_t, write, FAULT_WRITE, fail_io (fd, EPIPE, ENOSPC),
           (int fd, const void *from, size_t size), (fd, from, size))
FAULTY_IF (is_outer (fd), ssize_t, writev, FAULT_WRITE, fail_io (fd, EPIPE, ENOSPC),
           (int fd, const struct iovec *parts, int count), (fd, parts, count))
FAULTY (ssize_t, send, FAULT_WRITE, fail_with (EPIPE),
        (int fd, const void *from, size_t size, int flags), (fd, from, size, flags))
FAULTY (ssize_t, sendto, FAULT_WRITE, fail_with (ENOBUFS),
        (int fd, const void *from, size_t size, int flags, const struct sockaddr *to,
         socklen_t to_size),
        (fd, from, size, flags, to, to_size))
FAULTY (ssize_t, pwrite, FAULT_WRITE, fail_with (ENOSPC),
        (int fd, const void *from, size_t size, off_t offset), (fd, from, size, offset))
FAULTY (int, fsync, FAULT_SYNC, fail_with (EIO), (int fd), (fd))
FAULTY (int, fdatasync, FAULT_SYNC, fail_with (EIO), (int fd), (fd))
FAULTY (int, msync, FAULT_SYNC, fail_with (EIO), (void *address, size_t size, int flags),
        (address, size, flags))

/* Files and descriptors. */

FAULTY (int, ftruncate, FAULT_FILE, fail_with (ENOSPC), (int fd, off_t size), (fd, size))
FAULTY (int, mkdir, FAULT_FILE, fail_with (ENOSPC), (const char *path, mode_t mode), (path, mode))
FAULTY (int, rename, FAULT_FILE, fail_with (ENOSPC), (const char *from, const char *to), (from, to))
FAULTY (FILE *, fopen, FAULT_FILE, (fail_with (EMFILE), NULL), (const char *path, const char *mode),
        (path, mode))
FAULTY (FILE *, fopen64, FAULT_FILE, (fail_with (EMFILE), NULL),
        (const char *path, const char *mode), (path, mode))

int
open (const char *path, int flags, ...)
{
    static int (*real) (const char *, int, ...);
    va_list arguments;
    mode_t mode = 0;

    if (real == NULL) {
        *(void **)&real = real_of ("open");
    }
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_start (arguments, flags);
        mode = va_arg (arguments, mode_t);
        va_end (arguments);
    }
    return within == 0 && fault_now (FAULT_FILE, "open") ? fail_with (EMFILE)
                                                         : real (path, flags, mode);
}

FAULTY (int, socket, FAULT_DESCRIPTOR, fail_with (EMFILE), (int family, int type, int protocol),
        (family, type, protocol))
FAULTY (int, socketpair, FAULT_DESCRIPTOR, fail_with (EMFILE),
        (int family, int type, int protocol, int pair[2]), (family, type, protocol, pair))
FAULTY (int, pipe2, FAULT_DESCRIPTOR, fail_with (EMFILE), (int pair[2], int flags), (pair, flags))
FAULTY (int, eventfd, FAULT_DESCRIPTOR, fail_with (EMFILE), (unsigned first, int flags),
        (first, flags))
FAULTY (int, epoll_create1, FAULT_DESCRIPTOR, fail_with (EMFILE), (int flags), (flags))
FAULTY (int, epoll_create, FAULT_DESCRIPTOR, fail_with (EMFILE), (int size), (size))
FAULTY (int, epoll_ctl, FAULT_EPOLL, fail_with (ENOMEM),
        (int epoll, int operation, int fd, struct epoll_event *event),
        (epoll, operation, fd, event))

struct thread {
    void *(*run) (void *data);
    void *data;
};

static void *
run_thread (void *data)
{
    const struct thread thread = *(struct thread *)data;

    free (data);
    fault_enter_thread ();
    return thread.run (thread.data);
}

int
pthread_create (pthread_t *id, const pthread_attr_t *attributes, void *(*run) (void *data),
                void *data)
{
    static int (*real) (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    struct thread *thread;
    int failed;

    if (real == NULL) {
        *(void **)&real = real_of ("pthread_create");
    }
    thread = fault_now (FAULT_THREAD, "pthread_create") ? NULL : malloc (sizeof *thread);
    if (thread == NULL) {
        return EAGAIN;
    }
    *thread = (struct thread){run, data};
    failed = real (id, attributes, run_thread, thread);
    if (failed != 0) {
        free (thread);
    }
    return failed;
}

/* LMDB. */

/* As it fails itself: the transaction is over either way. */
static int
fail_commit (MDB_txn *txn)
{
    mdb_txn_abort (txn);
    return ENOSPC;
}

FAULTY (int, mdb_env_create, FAULT_MDB, ENOMEM, (MDB_env * *env), (env))
FAULTY (int, mdb_env_open, FAULT_MDB, EIO,
        (MDB_env * env, const char *path, unsigned flags, mdb_mode_t mode),
        (env, path, flags, mode))
FAULTY (int, mdb_env_set_mapsize, FAULT_MDB, ENOMEM, (MDB_env * env, size_t size), (env, size))
FAULTY (int, mdb_env_set_maxdbs, FAULT_MDB, EINVAL, (MDB_env * env, MDB_dbi count), (env, count))
FAULTY (int, mdb_env_info, FAULT_MDB, EINVAL, (MDB_env * env, MDB_envinfo *info), (env, info))
FAULTY (int, mdb_env_stat, FAULT_MDB, EINVAL, (MDB_env * env, MDB_stat *stat), (env, stat))
FAULTY (int, mdb_reader_check, FAULT_MDB, EIO, (MDB_env * env, int *dead), (env, dead))
FAULTY (int, mdb_txn_begin, FAULT_MDB, MDB_READERS_FULL,
        (MDB_env * env, MDB_txn *parent, unsigned flags, MDB_txn **txn), (env, parent, flags, txn))
FAULTY (int, mdb_txn_renew, FAULT_MDB, MDB_BAD_RSLOT, (MDB_txn * txn), (txn))
FAULTY (int, mdb_txn_commit, FAULT_MDB, fail_commit (txn), (MDB_txn * txn), (txn))
FAULTY (int, mdb_dbi_open, FAULT_MDB, MDB_DBS_FULL,
        (MDB_txn * txn, const char *name, unsigned flags, MDB_dbi *dbi), (txn, name, flags, dbi))
FAULTY (int, mdb_stat, FAULT_MDB, EINVAL, (MDB_txn * txn, MDB_dbi dbi, MDB_stat *stat),
        (txn, dbi, stat))
FAULTY (int, mdb_get, FAULT_MDB, MDB_CORRUPTED,
        (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), (txn, dbi, key, data))
FAULTY (int, mdb_put, FAULT_MDB, MDB_MAP_FULL,
        (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags),
        (txn, dbi, key, data, flags))
FAULTY (int, mdb_del, FAULT_MDB, MDB_PAGE_NOTFOUND,
        (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), (txn, dbi, key, data))
FAULTY (int, mdb_dbi_flags, FAULT_MDB, EINVAL, (MDB_txn * txn, MDB_dbi dbi, unsigned *flags),
        (txn, dbi, flags))
FAULTY (int, mdb_env_sync, FAULT_MDB, EIO, (MDB_env * env, int force), (env, force))
FAULTY (int, mdb_cursor_open, FAULT_MDB, ENOMEM, (MDB_txn * txn, MDB_dbi dbi, MDB_cursor **cursor),
        (txn, dbi, cursor))
FAULTY (int, mdb_cursor_get, FAULT_MDB, MDB_CORRUPTED,
        (MDB_cursor * cursor, MDB_val *key, MDB_val *data, MDB_cursor_op operation),
        (cursor, key, data, operation))
