/*
 * What settings are made of: a type is a row of functions, an option a row of the options table
 * that has a type and a field in struct config. Values are reached by pointers to their fields.
 *
 * Constant data; any thread. For the files of this room, and tests.
 */
#ifndef NODE_CONFIG_TYPE_H
#define NODE_CONFIG_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "node/config/config.h"
#include "node/config/config_report.h"
#include "node/config/toml.h"

#define CONFIG_EXPECTED_SIZE 256

struct config_option {
    const char *path; /* "table.key"; of a member of a table in a list, the key alone */
    const struct config_type *type;
    double min;                 /* of wholes and numbers; wholes are exact below 2^53 */
    double max;                 /* INFINITY means no bound, yet the value must be finite */
    const char *const *choices; /* of choices and names; ends with NULL */
    /*
     * As --config takes it. Without it `sample` is shown, and `absent` says what then holds: the
     * field is 0, or where there is no `absent` either, one for every CPU.
     */
    const char *initial;
    const char *sample;
    const char *absent;
    const char *unit;      /* what its numbers count, or NULL */
    const char *help;      /* its meaning, for the example file and the manual page; see below */
    const char *more;      /* what only the page has room for, or NULL */
    const char *alias;     /* another path that it may have, or NULL */
    bool in_rpc_file;      /* it may stand in config-rpc.toml too, by its key */
    enum config_part part; /* what another value starts anew */
    size_t offset;         /* of its field in struct config, or in what the table is read into */
    size_t set;            /* of the bool that says whether anybody gave it, or 0 */
};

/*
 * Texts are plain sentences; "\n\n" parts paragraphs, and a line that begins with "- " is an item
 * of a list. The page sets paths and keys with a '_', --options, names of tables and name(1) in
 * their own face; a word without such a mark, and anything with a blank in it, goes in
 * `backquotes`.
 */

/* What reading one value comes to. */
enum config_outcome {
    CONFIG_READ,
    CONFIG_READ_TWO, /* an item of a list that stands for two, the second behind the first */
    CONFIG_OTHER,    /* no such value; whoever called says what was expected */
    CONFIG_REPORTED, /* a wrong one, which has been reported */
};

/* What is to be read. */
struct config_input {
    const struct config_option *option;
    const struct toml_entry *entry; /* the option's, or that of an item of its list */
    const struct config_context *context;
};

struct config_type {
    size_t size;
    /* What it takes, to be read after "expected": "true or false". Or what writes that. */
    const char *expected;
    void (*expect) (const struct config_option *option, char text[CONFIG_EXPECTED_SIZE]);
    /* Leaves `value` as it is unless the outcome is a value, which is the caller's to clear. */
    enum config_outcome (*read) (const struct config_input *input, void *value);
    /* Writes it as a file would have it. */
    void (*print) (const struct config_option *option, const void *value, FILE *stream);

    /*
     * What is NULL of the functions above, and how values are compared, copied and cleared, follows
     * from what they are made of. Where nothing below says more, that is bytes. A text, char *, is
     * kept as it was written if it is good:
     */
    bool is_text;
    bool (*is_good) (const struct config_input *input);

    /* A list is struct { item *items; size_t count; }: */
    const struct config_type *item;
    bool or_one; /* a string will do for a list of one */
    bool not_empty;
    bool unique; /* what is there already is passed over */
    size_t most; /* or 0 */

    /*
     * A table in a list has members, the last row without a type. A string stands for a table with
     * the first member alone, which must be there; its `sample` is what to write.
     */
    const struct config_option *members;
    /* Looks at all members together and completes the value. Returns whether it is right. */
    bool (*finish) (const struct toml_entry *entry, const struct config_context *context,
                    void *value);
};

#define CONFIG_IS_TEXT(good) .size = sizeof (char *), .is_text = true, .is_good = good

extern const struct config_type config_whole;     /* uint64_t */
extern const struct config_type config_number;    /* double */
extern const struct config_type config_switch;    /* bool */
extern const struct config_type config_choice;    /* an enum whose values count `choices` */
extern const struct config_type config_name;      /* char *, one of `choices` */
extern const struct config_type config_file_path; /* char *, "" for none, like the next */
extern const struct config_type config_user;      /* whom system_user_find knows */
extern const struct config_type config_group;
extern const struct config_type config_url;       /* as url_parse reads it */
extern const struct config_type config_endpoints; /* struct config_endpoints */
extern const struct config_type config_addresses; /* struct text_list, like the next */
extern const struct config_type config_accounts;
extern const struct config_type config_networks;  /* as cidr_parse reads them */
extern const struct config_type config_words;     /* none of them empty */
extern const struct config_type config_peer_list; /* struct config_peers */
extern const struct config_type config_key_list;  /* struct config_access_keys */

/* Writes what the option takes: "a whole number from 0 to 65535". */
void config_option_expected (const struct config_option *option, char text[CONFIG_EXPECTED_SIZE]);

/* Reads as its type does; reports what is wrong. Returns 0, or -1 with `value` as it was. */
int config_option_read (const struct config_option *option, const struct toml_entry *entry,
                        const struct config_context *context, void *value);

/* For a list with a `read` of its own: the items are read, and nothing else is done. */
enum config_outcome config_list_read (const struct config_input *input, void *value);

bool config_value_same (const struct config_type *type, const void *a, const void *b);

/* `to` is overwritten, not cleared. */
void config_value_copy (const struct config_type *type, const void *from, void *to);

/* Frees what `value` owns; it is then all zero. */
void config_value_clear (const struct config_type *type, void *value);

/* The same of the option's field and whether it was given; what was there is freed. */
bool config_option_same (const struct config_option *option, const struct config *a,
                         const struct config *b);
void config_option_copy (const struct config_option *option, const struct config *from,
                         struct config *to);

/*
 * The option's value in `config` as a file would have it, what is secret as "(hidden)"; of a long
 * one the beginning and "...". The caller frees it.
 */
char *config_option_shown (const struct config_option *option, const struct config *config);

/* The part of a dotted path after the last dot. Points into `path`. */
const char *config_path_key (const char *path);

/* The member called `name` of the table at `entry`, or NULL; so for what is no table. */
const struct toml_entry *config_member (const struct toml_entry *entry, const char *name);

/* A table of config-node.toml, with the options that stand directly in it. */
struct config_section {
    const char *path;
    const char *help; /* or NULL; as an option's */
    const char *more;
    const struct config_option *options;
    size_t count;
};

extern const struct config_section config_section_node;
extern const struct config_section config_section_experimental;
extern const struct config_section config_section_opencl;
extern const struct config_section config_section_rpc;
extern const struct config_section config_section_access;
extern const struct config_section config_section_work;
extern const struct config_section config_section_peers;
extern const struct config_section config_section_tls;
extern const struct config_section config_section_store;
extern const struct config_section config_section_precache;
extern const struct config_section config_section_atto;
extern const struct config_section config_section_management;
extern const struct config_section config_section_log;
extern const struct config_section config_section_web;
extern const struct config_section config_section_daemon;

/* How rows are written. */

#define CONFIG_OPTIONS(rows) .options = rows, .count = sizeof rows / sizeof rows[0]

/* The pointers' types have to agree: a field of another type does not compile. */
#define CONFIG_FIELD(field_type, field)         \
    .offset = offsetof (struct config, field) + \
              0 * sizeof (1 ? &((struct config *)0)->field : (field_type *)0)

#define CONFIG_WHOLE(field, least, most) \
    .type = &config_whole, CONFIG_FIELD (uint64_t, field), .min = least, .max = most
#define CONFIG_NUMBER(field, least, most) \
    .type = &config_number, CONFIG_FIELD (double, field), .min = least, .max = most
#define CONFIG_SWITCH(field) .type = &config_switch, CONFIG_FIELD (bool, field)
#define CONFIG_CHOICE(field, names) \
    .type = &config_choice, CONFIG_FIELD (unsigned, field), .choices = names
#define CONFIG_NAME(field, names) \
    .type = &config_name, CONFIG_FIELD (char *, field), .choices = names
#define CONFIG_TEXT(text_type, field) .type = &text_type, CONFIG_FIELD (char *, field)
#define CONFIG_TEXTS(list_type, field) .type = &list_type, CONFIG_FIELD (struct text_list, field)
#define CONFIG_SET(field) .set = offsetof (struct config, field)

/* The longest day that a time-out may have, in seconds. */
#define CONFIG_A_DAY 86400

#endif
