/*
 * The options that are lists: reading, comparing and freeing them. For config_value.c only.
 *
 * Each read function takes the entry of a list, or of a string where one will do, and reads every
 * item, so that all wrong ones are reported. It returns 0, or -1 with `value` untouched, after
 * having reported.
 */
#ifndef NODE_CONFIG_LIST_H
#define NODE_CONFIG_LIST_H

#include <stdbool.h>

#include "node/config/config.h"
#include "node/config/config_report.h"
#include "node/config/toml.h"

/* Endpoints; an empty list has no memory. */
int config_list_read_endpoints (const struct toml_entry *entry,
                                const struct config_context *context,
                                struct config_endpoints *value);

/* Address literals in their canonical form, each once, at least one. */
int config_list_read_addresses (const struct toml_entry *entry,
                                const struct config_context *context, struct text_list *value);

/* Accounts, as they were written, each once. */
int config_list_read_accounts (const struct toml_entry *entry, const struct config_context *context,
                               struct text_list *value);

/* Strings of any kind that are not empty, as they were written and as often. */
int config_list_read_words (const struct toml_entry *entry, const struct config_context *context,
                            struct text_list *value);

/* Networks, as they were written, each once. */
int config_list_read_networks (const struct toml_entry *entry, const struct config_context *context,
                               struct text_list *value);

bool config_list_same_endpoints (const struct config_endpoints *a,
                                 const struct config_endpoints *b);
bool config_list_same_strings (const struct text_list *a, const struct text_list *b);

/* Frees what `strings` owns; it is then empty. */
void config_list_clear_strings (struct text_list *strings);

#endif
