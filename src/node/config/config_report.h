/*
 * Adding to a config_report: what was found, and where. For the files that make up config_load
 * only.
 */
#ifndef NODE_CONFIG_REPORT_H
#define NODE_CONFIG_REPORT_H

#include "node/config/config.h"
#include "node/config/toml.h"

/* Which text is being read, and where its messages go. */
struct config_context {
    struct config_report *report;
    const char *name; /* a file's path as opened, "--config" or "--rpcconfig"; NULL for none */
    enum config_file file;
};

/*
 * Adds "NAME:LINE:COLUMN: message", without what there is none of. Control characters are shown as
 * "\xNN", so a message is one line whatever a file holds.
 */
void config_report_error (const struct config_context *context, struct toml_place place,
                          const char *format, ...) __attribute__ ((format (printf, 3, 4)));
void config_report_warning (const struct config_context *context, struct toml_place place,
                            const char *format, ...) __attribute__ ((format (printf, 3, 4)));

/* The error that `entry` holds something else than was `expected`. */
void config_report_mismatch (const struct config_context *context, const struct toml_entry *entry,
                             const char *expected);

#endif
