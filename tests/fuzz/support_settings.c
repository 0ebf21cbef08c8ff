#include "support_settings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "node/config/config_show.h"
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

struct config *
settings_load (const struct config_sources *sources)
{
    struct config_report report;
    struct config *config = config_load (sources, &report);

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
    return !option->secret && option->type != CONFIG_TYPE_PEERS && strstr (text, "...") == NULL &&
           is_utf8 (text);
}

static void
check_option (const struct config *config, const struct config_option *option, const char *path)
{
    const struct config_sources sources = {.data_path = fuzz_directory ()};
    char text[CONFIG_SHOW_SIZE];
    char again[CONFIG_SHOW_SIZE];
    struct config *read;
    FILE *file;

    config_show_value (config, option, text);
    FUZZ_CHECK (strnlen (text, sizeof text) < sizeof text);
    if (!is_whole (option, text)) {
        return;
    }
    file = fopen (path, "w");
    FUZZ_CHECK (file != NULL);
    FUZZ_CHECK (fprintf (file, "%s = %s\n", option->path, text) > 0);
    FUZZ_CHECK (fclose (file) == 0);
    read = settings_load (&sources);
    FUZZ_CHECK (read != NULL);
    config_show_value (read, option, again);
    FUZZ_CHECK (strcmp (text, again) == 0);
    config_free (read);
}

static bool
is_default (const struct config *config, const struct config *defaults,
            const struct config_option *option)
{
    char text[CONFIG_SHOW_SIZE];
    char initial[CONFIG_SHOW_SIZE];

    config_show_value (config, option, text);
    config_show_value (defaults, option, initial);
    return strcmp (text, initial) == 0;
}

void
settings_check_shown (const struct config *config)
{
    const struct config_sources none = {0};
    struct config *defaults = settings_load (&none);
    char path[4096];
    size_t count;
    const struct config_option *options = config_options (&count);

    FUZZ_CHECK (defaults != NULL);
    snprintf (path, sizeof path, "%s/%s", fuzz_directory (), config_file_name (CONFIG_FILE_NODE));
    for (size_t i = 0; i < count; i++) {
        if (!is_default (config, defaults, &options[i])) {
            check_option (config, &options[i], path);
        }
    }
    config_free (defaults);
    (void)remove (path);
}
