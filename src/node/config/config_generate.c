#include <inttypes.h>
#include <string.h>

#include "node/config/config.h"
#include "node/config/config_table.h"

static const char node_header[] =
    "The configuration of workpeer: config-node.toml in its data directory (--data_path).\n"
    "A node's own file of this name is accepted as it is: settings that are the node's alone are\n"
    "passed over. No key is required. Times are in seconds, fractions allowed, unless a key says\n"
    "otherwise; sizes are in bytes.\n";

static const char rpc_header[] = "The server's part of the configuration of workpeer, as a node "
                                 "keeps it: config-rpc.toml in its\n"
                                 "data directory (--data_path). The [rpc] table of "
                                 "config-node.toml may hold all of it too, and\n"
                                 "wins where both say something. No key is required.\n";

static const char commented_header[] =
    "Each key stands here with its meaning, type, unit and default, commented out. To change one,\n"
    "take the '#' away before it and edit the value.";

static const char default_header[] =
    "Each key stands here with its meaning, type and unit, and with its default in force.";

/* Writes the lines of `text` as comments. */
static void
write_comment (FILE *stream, const char *indent, const char *text)
{
    for (;;) {
        const size_t length = strcspn (text, "\n");

        fprintf (stream, "%s#%s%.*s\n", indent, length > 0 ? " " : "", (int)length, text);
        if (text[length] == '\0') {
            return;
        }
        text += length + 1;
    }
}

/* Writes "type: ...; unit: ...; default: ..." as a comment. */
static void
write_facts (FILE *stream, const char *indent, const struct config_option *option)
{
    char expected[CONFIG_EXPECTED_SIZE];

    config_option_expected (option, expected);
    fprintf (stream, "%s# type: %s\n", indent, expected);
    if (option->unit != NULL) {
        fprintf (stream, "%s# unit: %s\n", indent, option->unit);
    }
    fprintf (stream, "%s# default: %s\n", indent,
             option->initial != NULL  ? option->initial
             : option->absent != NULL ? option->absent
                                      : "every CPU");
}

static void
write_option (FILE *stream, const char *indent, const struct config_option *option,
              const char *path, bool use_defaults)
{
    fputc ('\n', stream);
    write_comment (stream, indent, option->help);
    write_facts (stream, indent, option);
    fprintf (stream, "%s%s%s = ", indent, use_defaults && option->absent == NULL ? "" : "# ",
             config_path_key (path));
    if (option->initial != NULL) {
        fprintf (stream, "%s\n", option->initial);
    } else if (use_defaults && option->absent == NULL) {
        fprintf (stream, "%" PRIu64 "\n", config_default_threads ());
    } else {
        fprintf (stream, "%s\n", option->sample);
    }
}

/* Writes the options of `file` that stand directly in `table`, "" being the top. */
static void
write_options (FILE *stream, enum config_file file, const char *table, bool use_defaults)
{
    const char *const indent = *table != '\0' ? "\t" : "";
    size_t count;
    const struct config_option *const options = config_options (&count);

    for (size_t i = 0; i < count; i++) {
        const char *const path = config_option_path (&options[i], file);

        if (path != NULL && config_path_in (path, table, strlen (table))) {
            write_option (stream, indent, &options[i], path, use_defaults);
        }
    }
}

static void
write_sections (FILE *stream, bool use_defaults)
{
    size_t count;
    const struct config_section *const sections = config_sections (&count);

    for (size_t i = 0; i < count; i++) {
        fputc ('\n', stream);
        if (sections[i].help != NULL) {
            write_comment (stream, "", sections[i].help);
        }
        fprintf (stream, "[%s]\n", sections[i].path);
        write_options (stream, CONFIG_FILE_NODE, sections[i].path, use_defaults);
    }
}

int
config_generate (enum config_file file, bool use_defaults, FILE *stream)
{
    write_comment (stream, "", file == CONFIG_FILE_NODE ? node_header : rpc_header);
    write_comment (stream, "", use_defaults ? default_header : commented_header);
    if (file == CONFIG_FILE_NODE) {
        write_sections (stream, use_defaults);
    } else {
        write_options (stream, file, "", use_defaults);
    }
    return fflush (stream) == 0 && ferror (stream) == 0 ? 0 : -1;
}
