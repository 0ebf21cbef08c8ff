/*
 * What the tests of the configuration share: loading with the messages checked, from the test data
 * or from a directory of the test's own. All of them fail the running test when something goes
 * wrong; all memory they return is the caller's to free.
 */
#ifndef SUPPORT_CONFIG_H
#define SUPPORT_CONFIG_H

#include "node/config/config.h"

/* Group set-up and teardown: the directory; and every test's teardown: what is in it. */
int support_make_directory (void **state);
int support_remove_directory (void **state);
int support_empty_directory (void **state);

/* The path of a file of the source tree, by $srcdir. */
char *support_source_path (const char *name);

/* The path of a configuration file in the directory. */
char *support_written_path (enum config_file file);

char *support_read (const char *path);
void support_write (enum config_file file, const char *text);

/*
 * Loads and checks that exactly the messages in `expected` come, each a line, "error: " or
 * "warning: " before it and without the data path; and that they agree with the result.
 */
const struct config *support_load_sources (const struct config_sources *sources,
                                           const char *expected);

/* The same from the directory and these overrides. Each list is NULL or ends with a NULL. */
const struct config *support_load (const char *const *overrides, const char *const *rpc_overrides,
                                   const char *expected);

void support_assert_endpoint (const struct config_endpoints *list, size_t index,
                              const char *expected);
void support_assert_number (double value, double expected);

/* That every setting is what the documentation says it is by default. */
void support_assert_defaults (const struct config *config);

#endif
