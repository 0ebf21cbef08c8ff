#define _GNU_SOURCE 1 /* asprintf */

#include "node/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/ownership.h"
#include "node/config/config_keys.h"
#include "node/config/config_override.h"
#include "node/config/config_report.h"
#include "node/config/config_table.h"
#include "node/config/config_value.h"
#include "node/config/toml.h"
#include "work/base/cpus.h"

/* No file that a person or a node writes comes near it; anything larger is another file. */
enum { FILE_SIZE_MAX = 1024 * 1024 };

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
    struct config_report *report;
    enum layer *layers; /* of each option, in the table's order */
};

/* One layer being read into the loader's configuration. */
struct reading {
    struct loader *loader;
    struct config_context context;
    enum layer layer;
};

uint64_t
config_default_threads (void)
{
    return cpus_available ();
}

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
                               "%s and %s are one setting and differ; %s is used", option->path,
                               option->alias, entry->path);
        return;
    }
    config_report_warning (&reading->context, entry->place, "%s is used, though %s in %s differs",
                           entry->path, option->rpc_path,
                           before == LAYER_RPC_FILE ? config_file_name (CONFIG_FILE_RPC)
                                                    : "--rpcconfig");
}

/* Gives `option` the value that `entry` holds, or reports why not. */
static void
set_option (const struct reading *reading, const struct config_option *option,
            const struct toml_entry *entry)
{
    struct config *const config = reading->loader->config;
    size_t count;
    enum layer *const layer = &reading->loader->layers[option - config_options (&count)];
    union config_value value;

    if (config_value_read (option, entry, &reading->context, &value) != 0) {
        return;
    }
    if (is_conflict (reading->layer, *layer) && !config_value_is (config, option, &value)) {
        warn_of_conflict (reading, option, entry, *layer);
    }
    config_value_put (config, option, &value);
    if (option->flag != CONFIG_NO_FLAG && reading->layer != LAYER_DEFAULT) {
        const bool is_set = true;

        memcpy ((char *)config + option->flag, &is_set, sizeof is_set);
    }
    *layer = reading->layer;
}

static void
warn_of_unknown (const struct reading *reading, const struct toml_entry *entry)
{
    const char *const nearest = config_keys_nearest (reading->context.file, entry->path);
    const char *const kind = entry->type == TOML_TYPE_TABLE ? "table" : "key";

    if (nearest != NULL) {
        config_report_warning (&reading->context, entry->key,
                               "%s is no known %s and is ignored; did you mean %s?", entry->path,
                               kind, nearest);
    } else {
        config_report_warning (&reading->context, entry->key, "%s is no known %s and is ignored",
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
        config_value_mismatch (entry, &reading->context, "a table");
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

/* Reads up to `size` bytes. Returns how many there were, or -1 with errno set. */
static ssize_t
read_all (int descriptor, char *buffer, size_t size)
{
    size_t used = 0;

    while (used < size) {
        const ssize_t got = read (descriptor, buffer + used, size - used);

        if (got == 0) {
            break;
        }
        if (got > 0) {
            used += (size_t)got;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return (ssize_t)used;
}

/*
 * Reads the file at `path` into memory that the caller frees. Returns 0; or -1 with errno set.
 * Nothing that stands there can make it wait.
 */
static int
read_file (const char *path, char **text, size_t *length)
{
    const int descriptor = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (descriptor < 0) {
        return -1;
    }
    char *const buffer = malloc (FILE_SIZE_MAX + 1);
    const ssize_t got = buffer != NULL ? read_all (descriptor, buffer, FILE_SIZE_MAX + 1) : -1;
    int saved = errno;

    close (descriptor);
    if (got > FILE_SIZE_MAX) {
        saved = EFBIG;
    }
    if (got < 0 || got > FILE_SIZE_MAX) {
        free (buffer);
        errno = saved;
        return -1;
    }
    *text = buffer;
    *length = (size_t)got;
    return 0;
}

static void
load_text (const struct reading *reading, const char *text, size_t length)
{
    const struct toml_document *document;
    struct toml_error error;

    if (toml_parse (text, length, &document, &error) != 0) {
        /* Most of the parser's errors say what it expected. */
        const bool is_vague = error.place.line != 0 && strstr (error.text, "expected") == NULL;

        config_report_error (&reading->context, error.place, "%s%s", error.text,
                             is_vague ? ", expected valid TOML" : "");
        return;
    }
    read_entries (reading, document->entries, document->count);
    toml_free (document);
}

/* Loads `file` from `directory`; that it is not there is fine. */
static void
load_file (struct loader *loader, const char *directory, enum config_file file, enum layer layer)
{
    const struct toml_place nowhere = {0, 0};
    char *path;
    char *text;
    size_t length;

    if (asprintf (&path, "%s/%s", directory, config_file_name (file)) < 0) {
        config_report_no_memory (loader->report);
        return;
    }
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
            "%s, expected a file that %s may read, as with its group and mode 0640",
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
    const struct toml_place nowhere = {0, 0};

    if (expected != NULL) {
        config_report_error (&reading->context, nowhere, "\"%s\" was given, expected %s", text,
                             expected);
    } else {
        config_report_no_memory (reading->loader->report);
    }
}

static void
load_overrides (struct loader *loader, const char *const *overrides, size_t count,
                enum config_file file, enum layer layer)
{
    const char *const name = file == CONFIG_FILE_NODE ? "--config" : "--rpcconfig";
    const struct reading reading = {loader, {loader->report, name, file}, layer};

    for (size_t i = 0; i < count; i++) {
        struct config_override override;
        const char *expected;

        if (config_override_parse (overrides[i], &override, &expected) == 0) {
            read_entries (&reading, override.entries, override.entries[0].span);
            config_override_clear (&override);
        } else {
            report_bad_override (&reading, overrides[i], expected);
        }
    }
}

/* Gives one option its default, by the same way as an override. */
static void
load_default (const struct reading *reading, const struct config_option *option)
{
    const char *initial = option->initial;
    struct config_override override;
    const char *expected;
    char threads[24];

    if (initial == NULL && option->absent != NULL) {
        return;
    }
    if (initial == NULL) {
        snprintf (threads, sizeof threads, "%" PRIu64, config_default_threads ());
        initial = threads;
    }
    if (config_override_make (option->path, initial, &override, &expected) != 0) {
        config_report_no_memory (reading->loader->report);
        return;
    }
    set_option (reading, option, &override.entries[0]);
    config_override_clear (&override);
}

static void
load_defaults (struct loader *loader)
{
    const struct reading reading = {
        loader, {loader->report, "default", CONFIG_FILE_NODE}, LAYER_DEFAULT};
    size_t count;
    const struct config_option *const options = config_options (&count);

    for (size_t i = 0; i < count; i++) {
        load_default (&reading, &options[i]);
    }
}

/* Whether a variable's value, a whole number, may take the default's place. */
static bool
may_replace (const struct loader *loader, const struct config_option *option,
             const struct config_variable *variable, const union config_value *value)
{
    uint64_t initial;

    memcpy (&initial, (const char *)loader->config + option->offset, sizeof initial);
    return !variable->may_only_raise || value->whole > initial;
}

static void
set_from_environment (const struct reading *reading, const struct config_option *option,
                      const struct config_variable *variable, const struct toml_entry *entry)
{
    struct loader *loader = reading->loader;
    const bool is_set = true;
    union config_value value;

    if (config_value_read (option, entry, &reading->context, &value) == 0 &&
        may_replace (loader, option, variable, &value)) {
        config_value_put (loader->config, option, &value);
        memcpy ((char *)loader->config + variable->flag, &is_set, sizeof is_set);
    }
}

/* An empty variable is one that is not there. */
static void
load_variable (struct loader *loader, const struct config_variable *variable)
{
    const struct config_option *const option = config_option_at (CONFIG_FILE_NODE, variable->path);
    const struct reading reading = {
        loader, {loader->report, variable->name, CONFIG_FILE_NODE}, LAYER_ENVIRONMENT};
    const char *const text = getenv (variable->name);
    struct config_override override;
    const char *expected;
    size_t count;

    if (text == NULL || text[0] == '\0' ||
        loader->layers[option - config_options (&count)] != LAYER_DEFAULT) {
        return;
    }
    if (config_override_make (option->path, text, &override, &expected) != 0) {
        report_bad_override (&reading, text, expected);
        return;
    }
    set_from_environment (&reading, option, variable, &override.entries[0]);
    config_override_clear (&override);
}

static void
load_environment (struct loader *loader)
{
    size_t count;
    const struct config_variable *const variables = config_variables (&count);

    for (size_t i = 0; loader->config->atto_enable && i < count; i++) {
        load_variable (loader, &variables[i]);
    }
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
    load_environment (loader);
}

struct config *
config_load (const struct config_sources *sources, struct config_report *report)
{
    size_t count;
    struct loader loader = {.report = report};

    *report = (struct config_report){0};
    config_options (&count);
    loader.config = calloc (1, sizeof *loader.config);
    loader.layers = calloc (count, sizeof *loader.layers);
    if (loader.config != NULL && loader.layers != NULL) {
        load_all (&loader, sources);
    } else {
        config_report_no_memory (report);
    }
    free (loader.layers);
    if (report->errors != 0) {
        config_free (loader.config);
        return NULL;
    }
    return loader.config;
}

bool
config_differs (const struct config *a, const struct config *b, const char *prefix)
{
    size_t count;
    const struct config_option *const options = config_options (&count);

    for (size_t i = 0; i < count; i++) {
        const union config_value value = config_value_of (b, &options[i]);

        if (strncmp (options[i].path, prefix, strlen (prefix)) == 0 &&
            !config_value_is (a, &options[i], &value)) {
            return true;
        }
    }
    return false;
}

void
config_keep_fixed (struct config *next, struct config *present,
                   void (*tell) (void *data, const char *path), void *data)
{
    size_t count;
    const struct config_option *const options = config_options (&count);

    for (size_t i = 0; i < count; i++) {
        const union config_value value = config_value_of (present, &options[i]);

        if (options[i].fixed && !config_value_is (next, &options[i], &value)) {
            tell (data, options[i].path);
            config_value_swap (next, present, &options[i]);
        }
    }
}

void
config_free (struct config *config)
{
    size_t count;
    const struct config_option *const options = config_options (&count);

    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        config_value_drop (config, &options[i]);
    }
    free (config);
}
