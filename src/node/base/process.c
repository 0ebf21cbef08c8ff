#include "node/base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* A pool's jobs are some megabytes. This is glibc's own default, which it raises unless it is set.
 */
#define LARGE (128 * 1024)

void
process_open_standard (void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl (fd, F_GETFD) < 0) { /* the lowest that is free is taken */
            (void)open ("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
        }
    }
}

void
process_return_memory (void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt (M_MMAP_THRESHOLD, LARGE); /* where it fails, all works as well */
#endif
}

/* proc(5): the first two numbers of statm are the sizes, in pages. */
static bool
read_memory (struct process *process)
{
    const uint64_t page = (uint64_t)sysconf (_SC_PAGESIZE);
    FILE *const file = fopen ("/proc/self/statm", "re");
    bool good;

    if (file == NULL) {
        return false;
    }
    good = fscanf (file, "%" SCNu64 " %" SCNu64, &process->virtual_bytes,
                   &process->resident_bytes) == 2;
    (void)fclose (file);
    process->virtual_bytes *= page;
    process->resident_bytes *= page;
    return good;
}

static bool
read_descriptors (struct process *process)
{
    DIR *const directory = opendir ("/proc/self/fd");
    struct rlimit limit;

    if (directory == NULL || getrlimit (RLIMIT_NOFILE, &limit) != 0) {
        return false;
    }
    process->max_descriptors = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
    while (readdir (directory) != NULL) {
        process->descriptors++;
    }
    process->descriptors -= 3; /* ".", "..", and the directory's own */
    (void)closedir (directory);
    return true;
}

void
process_read (struct process *process)
{
    struct timespec time = {.tv_sec = 0};

    (void)clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time); /* cannot fail for ourselves */
    *process = (struct process){
        .cpu_seconds = (double)time.tv_sec + (double)time.tv_nsec * 1e-9,
    };
    process->has_memory = read_memory (process);
    process->has_descriptors = read_descriptors (process);
}
