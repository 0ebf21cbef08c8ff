/*
 * One option's value: from an entry of a file or an override, checked, to its field in struct
 * config. For the files that make up config_load only.
 */
#ifndef NODE_CONFIG_VALUE_H
#define NODE_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "node/config/config.h"
#include "node/config/config_report.h"
#include "node/config/config_table.h"
#include "node/config/toml.h"

/* Which member counts is the option's type's to say. */
union config_value {
    uint64_t whole;
    double number;
    bool on;
    char *text;
    struct config_endpoints endpoints;
    struct text_list strings;
    struct config_peers peers;
    struct config_access_keys keys;
};

/*
 * Reads `entry` as a value for `option`. A quoted number or bool is as good as a bare one. Returns
 * 0 and a value that the caller gives to config_value_put or config_value_clear; or -1 with `value`
 * untouched, after having reported all that is wrong with it.
 */
int config_value_read (const struct config_option *option, const struct toml_entry *entry,
                       const struct config_context *context, union config_value *value);

/* The option's field in `config`, which keeps what it owns. */
union config_value config_value_of (const struct config *config,
                                    const struct config_option *option);

/* Whether the option's field in `config` is equal to `value`. */
bool config_value_is (const struct config *config, const struct config_option *option,
                      const union config_value *value);

/* Moves `value` into the option's field; what was there is freed. */
void config_value_put (struct config *config, const struct config_option *option,
                       union config_value *value);

/* Has both configurations change values of the option. */
void config_value_swap (struct config *a, struct config *b, const struct config_option *option);

/* Frees what `value` owns. */
void config_value_clear (const struct config_option *option, union config_value *value);

/* Frees what the option's field owns; the field is then zero. */
void config_value_drop (struct config *config, const struct config_option *option);

/* Whether it is a string without a NUL in it, which is nothing that any option takes. */
bool config_value_is_string (const struct toml_entry *entry);

/* Reports that `entry` holds something else than was `expected`. */
void config_value_mismatch (const struct toml_entry *entry, const struct config_context *context,
                            const char *expected);

#endif
