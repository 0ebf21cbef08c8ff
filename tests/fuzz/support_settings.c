#include "support_settings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "node/config/config_table.h"

static void
check_messages (const struct config_report *report)
{
    size_t errors = 0;

    for (size_t i = 0; i < report->count; i++) {
        const char *text = report->messages[i].text;

        FUZZ_CHECK (text != NULL && text[0] != '\0');
        for (const char *next = text; *next != '\0'; next++) {
            /* One line, that does nothing to a terminal. */
            FUZZ_CHECK ((unsigned char)*next >= ' ' && *next != 0x7f);
        }
        errors += report->messages[i].error;
    }
    FUZZ_CHECK (errors == report->errors);
}

const struct config *
settings_load (const struct config_sources *sources)
{
    struct config_report report;
    const struct config *config = config_load (sources, &report);

    check_messages (&report);
    FUZZ_CHECK ((config != NULL) == (report.errors == 0));
    config_report_clear (&report);
    return config;
}

/* A path on the command line may be any bytes, a file is UTF-8. */
static bool
is_utf8 (const char *text)
{
    json_t *string = json_string (text);
    bool is = string != NULL;

    json_decref (string);
    return is;
}

/* Whether the shown text is the whole value. A key of a peer is not shown, nor is that it has one.
 */
static bool
is_whole (const struct config_option *option, const char *text)
{
    return option->type != &config_key_list && option->type != &config_peer_list &&
           strstr (text, "...") == NULL && is_utf8 (text);
}

static void
check_option (const struct config *config, const struct config_option *option, const char *path)
{
    const struct config_sources sources = {.data_path = fuzz_directory ()};
    char *text = config_option_shown (option, config);
    const struct config *read;
    char *again;
    FILE *file;

    if (is_whole (option, text)) {
        file = fopen (path, "w");
        FUZZ_CHECK (file != NULL);
        FUZZ_CHECK (fprintf (file, "%s = %s\n", option->path, text) > 0);
        FUZZ_CHECK (fclose (file) == 0);
        read = settings_load (&sources);
        FUZZ_CHECK (read != NULL);
        again = config_option_shown (option, read);
        FUZZ_CHECK (strcmp (text, again) == 0);
        free (again);
        config_free (read);
    }
    free (text);
}

void
settings_check_shown (const struct config *config)
{
    const struct config_sources none = {0};
    const struct config *defaults = settings_load (&none);
    char path[4096];
    const struct config_option *option;

    FUZZ_CHECK (defaults != NULL);
    snprintf (path, sizeof path, "%s/%s", fuzz_directory (), config_file_name (CONFIG_FILE_NODE));
    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        if (!config_option_same (option, config, defaults)) {
            check_option (config, option, path);
        }
    }
    config_free (defaults);
    (void)remove (path);
}
