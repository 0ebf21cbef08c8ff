#include <string.h>

#include "node/config/config.h"
#include "node/config/config_table.h"

/* How wide lines are, without their "# ". */
enum { WIDTH = 94, WIDTH_IN_TABLE = 86 };

static const char node_header[] =
    "The configuration of workpeer: config-node.toml in its data directory (--data_path). You can "
    "use "
    "a node's own file of this name without changes: settings that only a node has are ignored. No "
    "key is required. Unless stated otherwise, times are in seconds, fractions allowed, and sizes "
    "in "
    "bytes.";

static const char rpc_header[] =
    "The server's part of the configuration of workpeer, as in a node: config-rpc.toml in its data "
    "directory (--data_path). The same settings can be in the [rpc] table of config-node.toml, "
    "which "
    "takes precedence. No key is required.";

static const char commented_header[] =
    "This file lists every key with its meaning, type, unit and default, commented out. To change "
    "one, remove the '#' in front of it and edit the value.";

static const char default_header[] =
    "This file lists every key with its meaning, type and unit, and sets it to its default.";

/* How much of `text` fits into one line: whole words, at least one. */
static size_t
line_length (const char *text, size_t width)
{
    size_t length = strcspn (text, " ");

    while (text[length] == ' ') {
        const size_t next = length + 1 + strcspn (text + length + 1, " ");

        if (next > width) {
            break;
        }
        length = next;
    }
    return length;
}

/* Writes `text` as lines of comment. */
static void
write_comment (FILE *stream, const char *indent, const char *text)
{
    const size_t width = *indent != '\0' ? WIDTH_IN_TABLE : WIDTH;

    while (*text != '\0') {
        const size_t length = line_length (text, width);

        fprintf (stream, "%s# %.*s\n", indent, (int)length, text);
        text += length + (text[length] == ' ');
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
    fprintf (stream, "%s# default: %s\n", indent, config_option_default (option));
}

static void
write_option (FILE *stream, const char *indent, const struct config_option *option,
              bool use_defaults)
{
    char text[CONFIG_INITIAL_SIZE];
    const char *const initial = use_defaults ? config_option_initial (option, text) : NULL;
    const char *const shown = option->initial != NULL ? option->initial : option->sample;

    fputc ('\n', stream);
    write_comment (stream, indent, option->help);
    write_facts (stream, indent, option);
    fprintf (stream, "%s%s%s = %s\n", indent, initial != NULL ? "" : "# ",
             config_path_key (option->path), initial != NULL ? initial : shown);
}

static void
write_sections (FILE *stream, bool use_defaults)
{
    const struct config_section *section;

    for (size_t i = 0; (section = config_section (i)) != NULL; i++) {
        fputc ('\n', stream);
        write_comment (stream, "", section->help != NULL ? section->help : "");
        fprintf (stream, "[%s]\n", section->path);
        for (size_t j = 0; j < section->count; j++) {
            write_option (stream, "\t", &section->options[j], use_defaults);
        }
    }
}

static void
write_rpc_options (FILE *stream, bool use_defaults)
{
    const struct config_option *option;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        if (option->in_rpc_file) {
            write_option (stream, "", option, use_defaults);
        }
    }
}

int
config_generate (enum config_file file, bool use_defaults, FILE *stream)
{
    write_comment (stream, "", file == CONFIG_FILE_NODE ? node_header : rpc_header);
    fputs ("#\n", stream);
    write_comment (stream, "", use_defaults ? default_header : commented_header);
    if (file == CONFIG_FILE_NODE) {
        write_sections (stream, use_defaults);
    } else {
        write_rpc_options (stream, use_defaults);
    }
    return fflush (stream) == 0 && ferror (stream) == 0 ? 0 : -1;
}
