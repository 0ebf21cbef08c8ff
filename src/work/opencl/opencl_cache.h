/*
 * Compiled kernels in a directory: one file for one key. A file is written under another name and
 * then renamed, so no reader ever sees half of it; what is in it is trusted only if its digest is
 * right. Any thread; several processes may share a directory.
 */
#ifndef WORK_OPENCL_CACHE_H
#define WORK_OPENCL_CACHE_H

#include <stddef.h>
#include <stdint.h>

#define OPENCL_CACHE_DIGEST 32

/* What the texts, `count` of them, amount to; where one ends counts too. */
void opencl_cache_key (const char *const *texts, size_t count, uint8_t key[OPENCL_CACHE_DIGEST]);

/* Reads what is kept under `key`, the caller's. NULL when there is nothing, or nothing whole. */
unsigned char *opencl_cache_read (const char *directory, const uint8_t key[OPENCL_CACHE_DIGEST],
                                  size_t *size);

/*
 * Keeps `data` under `key`, in place of what was there; makes the directory, and those it is in,
 * if need be. Returns 0, or -1 with errno: there is then what was there before.
 */
int opencl_cache_write (const char *directory, const uint8_t key[OPENCL_CACHE_DIGEST],
                        const unsigned char *data, size_t size);

#endif
