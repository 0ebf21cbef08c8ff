/*
 * What every fuzz target stands on. A target is one file with LLVMFuzzerTestOneInput, the function
 * that libFuzzer calls with bytes, and that replay.c calls with those of the corpus. It checks
 * properties with FUZZ_CHECK; the sanitizers check the rest.
 *
 * One thread.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The target. Returns 0. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Ends the process, as a find, unless `condition` holds. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail (__FILE__, __LINE__, #condition))

void fuzz_fail (const char *file, int line, const char *condition) __attribute__ ((noreturn));

/*
 * The bytes as a string of exactly their size, to be freed; what comes after a zero byte among them
 * is there, but not the string's.
 */
char *fuzz_text (const uint8_t *data, size_t size);

/* The next line, or what is left, of `*data`, as fuzz_text; NULL when nothing is left. */
char *fuzz_line (const uint8_t **data, size_t *size);

/* A directory of this process's own; what is in it goes with it, at exit. */
const char *fuzz_directory (void);

#endif
