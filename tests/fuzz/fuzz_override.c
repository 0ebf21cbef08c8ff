/*
 * --config and --rpcconfig: lines are overrides, those that begin with '%' are for config-rpc.toml.
 * Each is split as its header says; all of them together make a configuration, or lines that say
 * what is wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "node/config/config_override.h"
#include "support_settings.h"

enum { MOST = 32 };

static void
check_override (const char *text)
{
    struct config_override override = {0};
    const char *const expected = config_override_parse (text, &override);

    if (expected != NULL) {
        FUZZ_CHECK (override.entries == NULL && expected[0] != '\0');
        return;
    }
    FUZZ_CHECK (override.path[0] != '\0' && strchr (override.path, '=') == NULL);
    FUZZ_CHECK (override.entries[0].span >= 1);
    FUZZ_CHECK (override.entries[0].type == TOML_TYPE_ARRAY || override.entries[0].span == 1);
    for (size_t i = 0; i < override.entries[0].span; i++) {
        const struct toml_entry *entry = &override.entries[i];

        FUZZ_CHECK (strcmp (entry->path, override.path) == 0);
        FUZZ_CHECK (i == 0 || entry->type == TOML_TYPE_STRING);
        FUZZ_CHECK (entry->type != TOML_TYPE_STRING || strlen (entry->text) == entry->length);
        FUZZ_CHECK (entry->place.line == 0);
    }
    config_override_clear (&override);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *lines[MOST];
    const char *overrides[MOST];
    const char *rpc_overrides[MOST];
    struct config_sources sources = {.overrides = overrides, .rpc_overrides = rpc_overrides};
    size_t count = 0;
    const struct config *config;

    while (count < MOST && (lines[count] = fuzz_line (&data, &size)) != NULL) {
        const char *line = lines[count++];

        if (line[0] == '%') {
            rpc_overrides[sources.rpc_override_count++] = ++line;
        } else {
            overrides[sources.override_count++] = line;
        }
        check_override (line);
    }
    config = settings_load (&sources);
    if (config != NULL) {
        settings_check_shown (config);
    }
    config_free (config);
    while (count > 0) {
        free (lines[--count]);
    }
    return 0;
}
