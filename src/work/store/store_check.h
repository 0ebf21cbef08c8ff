/*
 * Reads a store's file from end to end before it is used: LMDB maps the file and believes it, and
 * ends or crashes the process that meets a damaged page. So a child process reads, and what becomes
 * of it is the answer. Any thread; it takes as long as reading the file does.
 */
#ifndef WORK_STORE_CHECK_H
#define WORK_STORE_CHECK_H

#include <stddef.h>

enum store_check {
    STORE_CHECK_GOOD,
    STORE_CHECK_DAMAGED, /* or no store's file; `reason` says how that was seen */
    STORE_CHECK_EMPTY,   /* nothing was ever put into it */
    STORE_CHECK_UNSURE,  /* no file, another format's, or no means to read it */
};

/*
 * Reads every row of the file `path`, which nobody else has open. With `copy`, puts them into a new
 * file of that name, in the place of what had it, as large as needed and sound in every part: what
 * only writing to the old one would trip over is not in it. That file is whole and on the disk if
 * the answer is STORE_CHECK_GOOD, and is not there else.
 */
enum store_check store_check (const char *path, const char *copy, char *reason, size_t reason_size);

#endif
