#include "node/base/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A pool's jobs are some megabytes. This is glibc's own default, which it raises unless it is set.
 */
#define LARGE (128 * 1024)

void
process_return_memory (void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt (M_MMAP_THRESHOLD, LARGE); /* where it fails, all works as well */
#endif
}

static double
cpu_seconds (void)
{
    struct timespec time = {.tv_sec = 0};

    (void)clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time); /* cannot fail for ourselves */
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* proc(5): the first two numbers of statm are the sizes, in pages. */
static bool
read_memory (struct process *process)
{
    const long page = sysconf (_SC_PAGESIZE);
    FILE *file = fopen ("/proc/self/statm", "re");
    uint64_t pages = 0;
    uint64_t resident = 0;
    bool good;

    if (file == NULL) {
        return false;
    }
    good = fscanf (file, "%" SCNu64 " %" SCNu64, &pages, &resident) == 2 && page > 0;
    (void)fclose (file);
    process->virtual_bytes = good ? pages * (uint64_t)page : 0;
    process->resident_bytes = good ? resident * (uint64_t)page : 0;
    return good;
}

/* Kernels before 6.2 do not have the count as the directory's size. */
static bool
count_entries (uint64_t *count)
{
    DIR *directory = opendir ("/proc/self/fd");
    uint64_t entries = 0;

    if (directory == NULL) {
        return false;
    }
    while (readdir (directory) != NULL) {
        entries++;
    }
    (void)closedir (directory);
    *count = entries > 3 ? entries - 3 : 0; /* ".", "..", and the directory's own */
    return true;
}

static bool
read_descriptors (struct process *process)
{
    struct rlimit limit;
    struct stat status;

    if (getrlimit (RLIMIT_NOFILE, &limit) != 0) {
        return false;
    }
    process->max_descriptors = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
    if (stat ("/proc/self/fd", &status) == 0 && status.st_size > 0) {
        process->descriptors = (uint64_t)status.st_size;
        return true;
    }
    return count_entries (&process->descriptors);
}

void
process_read (struct process *process)
{
    *process = (struct process){.cpu_seconds = cpu_seconds ()};
    process->has_memory = read_memory (process);
    process->has_descriptors = read_descriptors (process);
}
