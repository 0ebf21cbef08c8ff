/*
 * The configuration files: whatever is in them, config_load makes a configuration or says in single
 * lines what is wrong; and values that are shown to people are read again as the same.
 *
 * What comes before a line of "%%" is config-node.toml, what comes after it config-rpc.toml.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "node/config/config_table.h"
#include "node/config/toml.h"
#include "support_settings.h"

static const char mark[] = "\n%%\n";

static const char *
path_of (enum config_file file)
{
    static char path[4096];

    snprintf (path, sizeof path, "%s/%s", fuzz_directory (), config_file_name (file));
    return path;
}

static void
write_file (enum config_file file, const uint8_t *data, size_t size)
{
    FILE *stream = fopen (path_of (file), "wb");

    FUZZ_CHECK (stream != NULL);
    FUZZ_CHECK (fwrite (data, 1, size, stream) == size);
    FUZZ_CHECK (fclose (stream) == 0);
}

/* The entries are a tree: each with all below it lies within the one above. */
static void
check_entries (const struct toml_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i += entries[i].span) {
        const struct toml_entry *entry = &entries[i];

        FUZZ_CHECK (entry->span >= 1 && entry->span <= count - i);
        FUZZ_CHECK (entry->path != NULL && strlen (entry->path) <= TOML_PATH_MAX);
        FUZZ_CHECK (entry->text == NULL || entry->text[entry->length] == '\0');
        FUZZ_CHECK (entry->span == 1 || entry->type == TOML_TYPE_TABLE ||
                    entry->type == TOML_TYPE_ARRAY);
        check_entries (entry + 1, entry->span - 1);
    }
}

static void
check_toml (const uint8_t *data, size_t size)
{
    const struct toml_document *document = NULL;
    struct toml_error error = {.text = ""};

    if (toml_parse ((const char *)data, size, &document, &error) != 0) {
        FUZZ_CHECK (document == NULL && error.text[0] != '\0');
        FUZZ_CHECK (strnlen (error.text, sizeof error.text) < sizeof error.text);
        return;
    }
    check_entries (document->entries, document->count);
    toml_free (document);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    const struct config_sources sources = {.data_path = fuzz_directory ()};
    const uint8_t *end = size > 0 ? memmem (data, size, mark, sizeof mark - 1) : NULL;
    size_t length = end != NULL ? (size_t)(end - data) : size;
    const struct config *config;

    check_toml (data, length);
    write_file (CONFIG_FILE_NODE, data, length);
    if (end != NULL) {
        length += sizeof mark - 1;
        write_file (CONFIG_FILE_RPC, data + length, size - length);
    }
    config = settings_load (&sources);
    (void)remove (path_of (CONFIG_FILE_RPC));
    if (config != NULL) {
        settings_check_shown (config);
    }
    config_free (config);
    return 0;
}
