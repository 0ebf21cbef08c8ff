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
void config_report_add (const struct config_context *context, bool error, struct toml_place place,
                        const char *format, ...) __attribute__ ((format (printf, 4, 5)));

#define config_report_error(context, ...) config_report_add (context, true, __VA_ARGS__)
#define config_report_warning(context, ...) config_report_add (context, false, __VA_ARGS__)

/* The error that `entry` holds something else than was `expected`. */
void config_report_mismatch (const struct config_context *context, const struct toml_entry *entry,
                             const char *expected);

/* The length of the longest start of `text` that has at most `most` bytes and whole characters. */
size_t config_report_start (const char *text, size_t most);

#endif
