#include "node/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/ownership.h"
#include "node/config/config_check.h"
#include "node/config/config_keys.h"
#include "node/config/config_override.h"
#include "node/config/config_report.h"
#include "node/config/config_table.h"
#include "rpc/base/memory.h"

/* No file that a person or a node writes comes near it; anything larger is another file. */
enum { FILE_SIZE_MAX = 1024 * 1024 };

static const struct toml_place nowhere = {0, 0};

/*
 * Who gave an option its value, in the order in which they are read: each may replace what the ones
 * before it gave.
 */
enum layer {
    LAYER_DEFAULT,
    LAYER_ENVIRONMENT, /* the last to be read: for what all others leave at its default */
    LAYER_RPC_FILE,
    LAYER_NODE_FILE,
    LAYER_RPC_OVERRIDE,
    LAYER_NODE_OVERRIDE,
};

struct loader {
    struct config *config;
    struct config scratch; /* a value that was read and is not in `config` yet; else all zero */
    struct config_report *report;
    unsigned char layers[sizeof (struct config)]; /* of each option, by its field's offset */
};

/* One layer being read into the loader's configuration. */
struct reading {
    struct loader *loader;
    struct config_context context;
    enum layer layer;
};

/*
 * A file of each kind, or an override of each kind, may disagree; config-node.toml's side, which is
 * read later, wins. That an override replaces what a file says is its purpose and needs no words.
 */
static bool
is_conflict (enum layer now, enum layer before)
{
    return (now == LAYER_NODE_FILE && before == LAYER_RPC_FILE) ||
           (now == LAYER_NODE_OVERRIDE && before == LAYER_RPC_OVERRIDE) ||
           (now == LAYER_NODE_FILE && before == LAYER_NODE_FILE);
}

static void
warn_of_conflict (const struct reading *reading, const struct config_option *option,
                  const struct toml_entry *entry, enum layer before)
{
    if (before == reading->layer) {
        config_report_warning (&reading->context, entry->place,
                               "%s and %s are the same setting but differ; %s is used",
                               option->path, option->alias, entry->path);
        return;
    }
    config_report_warning (&reading->context, entry->place, "%s is used, though %s in %s differs",
                           entry->path, config_option_path (option, CONFIG_FILE_RPC),
                           before == LAYER_RPC_FILE ? config_file_name (CONFIG_FILE_RPC)
                                                    : "--rpcconfig");
}

/* Reads what `entry` holds into the scratch. Returns 0, or -1 after having reported why not. */
static int
read_scratch (const struct reading *reading, const struct config_option *option,
              const struct toml_entry *entry)
{
    return config_option_read (option, entry, &reading->context,
                               (char *)&reading->loader->scratch + option->offset);
}

/* Moves the value in the scratch to its place. */
static void
take_scratch (struct loader *loader, const struct config_option *option)
{
    char *const from = (char *)&loader->scratch + option->offset;
    char *const to = (char *)loader->config + option->offset;

    config_value_clear (option->type, to);
    memcpy (to, from, option->type->size);
    memset (from, 0, option->type->size);
}

/* Gives `option` the value that `entry` holds, or reports why not. */
static void
set_option (const struct reading *reading, const struct config_option *option,
            const struct toml_entry *entry)
{
    struct loader *const loader = reading->loader;
    const enum layer before = loader->layers[option->offset];

    if (read_scratch (reading, option, entry) != 0) {
        return;
    }
    if (is_conflict (reading->layer, before) &&
        !config_value_same (option->type, (char *)loader->config + option->offset,
                            (char *)&loader->scratch + option->offset)) {
        warn_of_conflict (reading, option, entry, before);
    }
    take_scratch (loader, option);
    if (option->set != 0 && reading->layer != LAYER_DEFAULT) {
        *(bool *)((char *)loader->config + option->set) = true;
    }
    loader->layers[option->offset] = (unsigned char)reading->layer;
}

/* A table of ours that is not where it belongs. */
static void
warn_of_place (const struct reading *reading, const struct toml_entry *entry, const char *table)
{
    if (reading->context.file == CONFIG_FILE_RPC && strcmp (table, "rpc") == 0) {
        config_report_warning (&reading->context, entry->key,
                               "%s is not read here: its keys belong at the top level of this file",
                               entry->path);
    } else {
        config_report_warning (&reading->context, entry->key,
                               "%s is not read here: the table is [%s] of config-node.toml",
                               entry->path, table);
    }
}

static void
warn_of_unknown (const struct reading *reading, const struct toml_entry *entry)
{
    const bool is_table = entry->type == TOML_TYPE_TABLE;
    const char *const nearest = config_keys_nearest (reading->context.file, entry->path, is_table);
    const char *const kind = is_table ? "table" : "key";
    const char *const table = is_table ? config_keys_table (entry->path) : NULL;

    if (table != NULL) {
        warn_of_place (reading, entry, table);
    } else if (nearest != NULL) {
        config_report_warning (&reading->context, entry->key,
                               "%s is not a known %s and is ignored; did you mean %s?", entry->path,
                               kind, nearest);
    } else {
        config_report_warning (&reading->context, entry->key, "%s is not a known %s and is ignored",
                               entry->path, kind);
    }
}

/*
 * Reads one entry, and what is below it unless that is to be read next. Returns how many were read.
 */
static size_t
read_entry (const struct reading *reading, const struct toml_entry *entry)
{
    const enum config_file file = reading->context.file;
    const struct config_option *const option = config_option_at (file, entry->path);

    if (option != NULL) {
        set_option (reading, option, entry);
    } else if (config_keys_is_table (file, entry->path)) {
        if (entry->type == TOML_TYPE_TABLE) {
            return 1;
        }
        config_report_mismatch (&reading->context, entry, "a table");
    } else if (!config_keys_is_foreign (file, entry->path)) {
        warn_of_unknown (reading, entry);
    }
    return entry->span;
}

static void
read_entries (const struct reading *reading, const struct toml_entry *entries, size_t count)
{
    for (size_t i = 0; i < count;) {
        i += read_entry (reading, &entries[i]);
    }
}

/*
 * Reads the file at `path` into memory that the caller frees. Returns 0; or -1 with errno set.
 * Nothing that stands there can make it wait.
 */
static int
read_file (const char *path, char **text, size_t *length)
{
    const int descriptor = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    FILE *stream;

    if (descriptor < 0) {
        return -1;
    }
    stream = memory_need (fdopen (descriptor, "r"));
    *text = memory_new (FILE_SIZE_MAX + 1, 1);
    errno = 0;
    *length = fread (*text, 1, FILE_SIZE_MAX + 1, stream);

    const int fault = *length > FILE_SIZE_MAX ? EFBIG : errno;

    (void)fclose (stream);
    if (fault != 0) {
        free (*text);
        errno = fault;
    }
    return fault == 0 ? 0 : -1;
}

static void
load_text (const struct reading *reading, const char *text, size_t length)
{
    const struct toml_document *document;
    struct toml_error error;

    if (toml_parse (text, length, &document, &error) != 0) {
        /* Most of the parser's errors say what it expected. */
        config_report_error (&reading->context, error.place, "%s%s", error.text,
                             strstr (error.text, "expected") == NULL ? ", expected valid TOML"
                                                                     : "");
        return;
    }
    read_entries (reading, document->entries, document->count);
    toml_free (document);
}

/* Loads `file` from `directory`; that it is not there is fine. */
static void
load_file (struct loader *loader, const char *directory, enum config_file file, enum layer layer)
{
    char *path;
    char *text;
    size_t length;

    memory_require (asprintf (&path, "%s/%s", directory, config_file_name (file)) >= 0);
    const struct reading reading = {loader, {loader->report, path, file}, layer};

    if (read_file (path, &text, &length) == 0) {
        load_text (&reading, text, length);
        free (text);
    } else if (errno == EFBIG) {
        config_report_error (&reading.context, nowhere, "%s, expected at most %d bytes",
                             strerror (EFBIG), FILE_SIZE_MAX);
    } else if (errno == EACCES) {
        char user[OWNERSHIP_USER_SIZE];

        ownership_user (user);
        config_report_error (
            &reading.context, nowhere,
            "%s, expected a file that %s can read, for example with its group and mode 0640",
            strerror (EACCES), user);
    } else if (errno != ENOENT) {
        config_report_error (&reading.context, nowhere, "%s", strerror (errno));
    }
    free (path);
}

/* What config_override_parse or config_override_make had to object to `text`. */
static void
report_bad_override (const struct reading *reading, const char *text, const char *expected)
{
    config_report_error (&reading->context, nowhere, "\"%s\" was given, expected %s", text,
                         expected);
}

static void
load_overrides (struct loader *loader, const char *const *overrides, size_t count,
                enum config_file file, enum layer layer)
{
    const char *const name = file == CONFIG_FILE_NODE ? "--config" : "--rpcconfig";
    const struct reading reading = {loader, {loader->report, name, file}, layer};

    for (size_t i = 0; i < count; i++) {
        struct config_override override;
        const char *const expected = config_override_parse (overrides[i], &override);

        if (expected != NULL) {
            report_bad_override (&reading, overrides[i], expected);
            continue;
        }
        read_entries (&reading, override.entries, override.entries[0].span);
        config_override_clear (&override);
    }
}

/* By the same way as an override. */
static void
load_defaults (struct loader *loader)
{
    const struct reading reading = {
        loader, {loader->report, "default", CONFIG_FILE_NODE}, LAYER_DEFAULT};
    const struct config_option *option;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        char text[CONFIG_INITIAL_SIZE];
        const char *const initial = config_option_initial (option, text);
        struct config_override override;

        if (initial != NULL && config_override_make (option->path, initial, &override) == NULL) {
            set_option (&reading, option, &override.entries[0]);
            config_override_clear (&override);
        }
    }
}

/* Takes what a variable holds, a whole number, in the default's place; it may be too low for it. */
static void
set_from_environment (const struct reading *reading, const struct config_option *option,
                      size_t index, const struct toml_entry *entry)
{
    struct loader *const loader = reading->loader;
    const uint64_t *const value = (const void *)((char *)&loader->scratch + option->offset);
    const uint64_t *const initial = (const void *)((char *)loader->config + option->offset);

    if (read_scratch (reading, option, entry) == 0 &&
        (!config_variable (index)->may_only_raise || *value > *initial)) {
        take_scratch (loader, option);
        loader->config->from_environment |= 1U << index;
    }
}

/* An empty variable is one that is not there. */
static void
load_variable (struct loader *loader, size_t index)
{
    const struct config_variable *const variable = config_variable (index);
    const struct config_option *const option = config_option_at (CONFIG_FILE_NODE, variable->path);
    const struct reading reading = {
        loader, {loader->report, variable->name, CONFIG_FILE_NODE}, LAYER_ENVIRONMENT};
    const char *const text = getenv (variable->name);
    struct config_override override;
    const char *expected;

    if (text == NULL || text[0] == '\0' || loader->layers[option->offset] != LAYER_DEFAULT) {
        return;
    }
    expected = config_override_make (option->path, text, &override);
    if (expected != NULL) {
        report_bad_override (&reading, text, expected);
        return;
    }
    set_from_environment (&reading, option, index, &override.entries[0]);
    config_override_clear (&override);
}

static void
load_all (struct loader *loader, const struct config_sources *sources)
{
    load_defaults (loader);
    if (sources->data_path != NULL) {
        load_file (loader, sources->data_path, CONFIG_FILE_RPC, LAYER_RPC_FILE);
        load_file (loader, sources->data_path, CONFIG_FILE_NODE, LAYER_NODE_FILE);
    }
    load_overrides (loader, sources->rpc_overrides, sources->rpc_override_count, CONFIG_FILE_RPC,
                    LAYER_RPC_OVERRIDE);
    load_overrides (loader, sources->overrides, sources->override_count, CONFIG_FILE_NODE,
                    LAYER_NODE_OVERRIDE);
    for (size_t i = 0; loader->config->atto_enable && config_variable (i) != NULL; i++) {
        load_variable (loader, i);
    }
}

/* For a reload. Warnings say, in the log's words for settings, what stays as it was. */
static void
keep_present (struct loader *loader, const struct config_sources *sources)
{
    const struct config_context context = {.report = loader->report};
    const struct config *const present = sources->present;
    const struct config_option *option;

    for (size_t i = 0; present != NULL && (option = config_option (i)) != NULL; i++) {
        if (option->part == CONFIG_PART_DAEMON &&
            !config_option_same (option, loader->config, present)) {
            char *const value = config_option_shown (option, loader->config);

            config_report_warning (
                &context, nowhere,
                "Setting: %s = %s requires a restart; the old value stays in force", option->path,
                value);
            free (value);
            config_option_copy (option, present, loader->config);
        }
    }
    if (sources->keep_opencl_off && loader->config->opencl_enable) {
        config_report_warning (&context, nowhere,
                               "Setting: opencl.enable = true requires a restart: drivers may need "
                               "to start programs, and none can be started now (daemon.confine)");
        loader->config->opencl_enable = false;
    }
}

static void
clear (struct config *config)
{
    const struct config_option *option;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        config_value_clear (option->type, (char *)config + option->offset);
    }
}

const struct config *
config_load (const struct config_sources *sources, struct config_report *report)
{
    struct loader loader = {.config = memory_new (1, sizeof *loader.config), .report = report};

    *report = (struct config_report){0};
    load_all (&loader, sources);
    clear (&loader.scratch);
    if (report->errors == 0) {
        config_check (loader.config, report);
    }
    if (report->errors != 0) {
        config_free (loader.config);
        return NULL;
    }
    keep_present (&loader, sources);
    return loader.config;
}

void
config_free (const struct config *config)
{
    struct config *const own = (struct config *)(uintptr_t)config; /* as it was while loaded */

    if (own != NULL) {
        clear (own);
        free (own);
    }
}

bool
config_differs (const struct config *a, const struct config *b, enum config_part part)
{
    const struct config_option *option;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        if (option->part == part && !config_option_same (option, a, b)) {
            return true;
        }
    }
    return false;
}

void
config_show_changes (const struct config *config, const struct config *defaults,
                     void (*show) (void *data, const char *path, const char *value), void *data)
{
    const struct config_option *option;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        if (!config_option_same (option, config, defaults)) {
            char *const value = config_option_shown (option, config);

            show (data, option->path, value);
            free (value);
        }
    }
}

void
config_show_environment (const struct config *config,
                         void (*show) (const char *variable, const char *path, const char *value))
{
    const struct config_variable *variable;

    for (size_t i = 0; (variable = config_variable (i)) != NULL; i++) {
        if ((config->from_environment & 1U << i) != 0) {
            char *const value =
                config_option_shown (config_option_at (CONFIG_FILE_NODE, variable->path), config);

            show (variable->name, variable->path, value);
            free (value);
        }
    }
}
