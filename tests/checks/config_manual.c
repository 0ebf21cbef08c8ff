/*
 * Writes the sections of config-node.toml(5) that the options table is the source of: `make manual`
 * puts them into the page, and documentation.py compares the page with them.
 *
 * The page is mdoc, and clean by `mandoc -Tlint -W style`: a sentence begins a line, no line has
 * more than 80 characters, and what has a face of its own is a macro's argument.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "node/config/config_table.h"

enum { WIDTH = 80 };

/* The line being filled. */
static size_t column;

static void
end_line (void)
{
    if (column > 0) {
        putchar ('\n');
    }
    column = 0;
}

/* As roff has to have it. An option's hyphens are not to be broken, and are to be copied. */
static void
put_escaped (const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const bool is_option = text[i] == '-' && (i == 0 || strchr (" -", text[i - 1]) != NULL);

        if (i == 0 && strchr (".'", text[i]) != NULL) {
            fputs ("\\&", stdout);
        }
        fputs (text[i] == '\\' ? "\\e" : is_option ? "\\-" : (char[]){text[i], '\0'}, stdout);
    }
}

static void
put_word (const char *word, size_t length)
{
    if (column > 0 && column + 1 + length > WIDTH) {
        end_line ();
    }
    if (column > 0) {
        putchar (' ');
        column++;
    }
    put_escaped (word, length);
    column += length;
}

/* A macro's line, with what stands behind its argument: ".Cm node.work_threads ,". */
static void
put_macro (const char *macro, const char *argument, size_t length, const char *behind,
           size_t behind_length)
{
    end_line ();
    printf (".%s%s", macro, macro[strlen (macro) - 1] == '-' ? "" : " ");
    if (length == 1) {
        fputs ("\\&", stdout); /* no punctuation of mdoc's */
    }
    put_escaped (argument, length);
    for (size_t i = 0; i < behind_length; i++) {
        printf (" %c", behind[i]);
    }
    putchar ('\n');
}

/* Whether it is the name of a page, with its section. */
static bool
is_page (const char *word, size_t length)
{
    return length > 3 && word[length - 1] == ')' && isdigit ((unsigned char)word[length - 2]) &&
           word[length - 3] == '(';
}

/* Whether it is a path or a key: "rpc.port", "use_peers". */
static bool
is_key (const char *word, size_t length)
{
    bool has_mark = false;

    for (size_t i = 0; i < length; i++) {
        if (!islower ((unsigned char)word[i]) && word[i] != '_' && word[i] != '.') {
            return false;
        }
        has_mark = has_mark || word[i] == '_' || word[i] == '.';
    }
    return has_mark;
}

/* One word of a sentence, without blanks. */
static void
put_any (const char *word, size_t length)
{
    size_t bare = length;

    while (bare > 0 && strchr (".,;:", word[bare - 1]) != NULL) {
        bare--;
    }
    if (is_page (word, bare)) {
        end_line ();
        printf (".Xr %.*s %c", (int)bare - 3, word, word[bare - 2]);
        printf (bare < length ? " %c\n" : "\n", word[bare]);
    } else if (bare > 2 && word[0] == '[' && word[bare - 1] == ']') {
        put_macro ("Sy", word, bare, word + bare, length - bare);
    } else if (bare > 2 && strncmp (word, "--", 2) == 0) {
        put_macro ("Fl -", word + 2, bare - 2, word + bare, length - bare);
    } else if (bare > 5 && strncmp (word + bare - 5, ".toml", 5) == 0) {
        put_macro ("Pa", word, bare, word + bare, length - bare);
    } else if (is_key (word, bare)) {
        put_macro ("Cm", word, bare, word + bare, length - bare);
    } else {
        put_word (word, length);
    }
    if (strchr (".?!", word[length - 1]) != NULL) {
        end_line ();
    }
}

/* `backquotes`, at whose first one `text` is. Returns what is behind it. */
static const char *
put_quoted (const char *text)
{
    const size_t length = strcspn (text + 1, "`");
    const char *const behind = text + 1 + length + 1;
    const size_t behind_length = strspn (behind, ".,;:");

    put_macro ("Ql", text + 1, length, behind, behind_length);
    return behind + behind_length;
}

static void
put_paragraph (const char *text, size_t length)
{
    const char *const end = text + length;

    while (text < end) {
        if (*text == ' ') {
            text++;
        } else if (*text == '`') {
            text = put_quoted (text);
        } else {
            const size_t word = strcspn (text, " \n");

            put_any (text, word);
            text += word;
        }
    }
    end_line ();
}

/* Paragraphs, and lists between them. */
static void
put_text (const char *text)
{
    bool in_list = false;

    while (text != NULL && *text != '\0') {
        const size_t length = strcspn (text, "\n");
        const bool is_item = strncmp (text, "- ", 2) == 0;

        if (is_item != in_list) {
            puts (is_item ? ".Bl -bullet" : ".El");
            in_list = is_item;
        }
        if (is_item) {
            puts (".It");
        }
        put_paragraph (text + (is_item ? 2 : 0), length - (is_item ? 2 : 0));
        text += length;
        if (strncmp (text, "\n\n", 2) == 0) {
            puts (in_list ? ".El\n.Pp" : ".Pp");
            in_list = false;
        }
        text += strspn (text, "\n");
    }
    if (in_list) {
        puts (".El");
    }
}

static void
put_fact (const char *name, const char *text)
{
    char line[512];

    (void)snprintf (line, sizeof line, "%s: %s.", name, text);
    for (const char *word = line; *word != '\0'; word += strspn (word, " ")) {
        const size_t length = strcspn (word, " ");

        put_word (word, length);
        word += length;
    }
    end_line ();
}

static void
put_option (const struct config_option *option)
{
    char expected[CONFIG_EXPECTED_SIZE];

    config_option_expected (option, expected);
    printf (".It Ic %s\n", config_path_key (option->path));
    put_fact ("Type", expected);
    if (option->unit != NULL) {
        put_fact ("Unit", option->unit);
    }
    put_fact ("Default", config_option_default (option));
    puts (".Pp");
    put_text (option->help);
    put_text (option->more);
    if (option->part == CONFIG_PART_DAEMON) {
        puts ("A change requires a restart.");
    }
}

static void
put_section (const struct config_section *section)
{
    printf (".Ss The [%s] table\n", section->path);
    put_text (section->help);
    if (section->more != NULL) {
        puts (".Pp");
        put_text (section->more);
    }
    puts (".Bl -tag -width Ds");
    for (size_t i = 0; i < section->count; i++) {
        put_option (&section->options[i]);
    }
    puts (".El");
}

static void
put_rpc_file (void)
{
    const struct config_option *option;

    puts (".Sh CONFIG-RPC.TOML\n"
          "These keys are at the top of the file, in no table.\n"
          "Each is the one of the same name in\n"
          ".Sy [rpc] ,\n"
          "above, with its type, unit and default.\n"
          ".Pp\n"
          ".Bl -tag -width Ds -compact");
    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        if (option->in_rpc_file) {
            printf (".It Ic %s\n", config_path_key (option->path));
        }
    }
    puts (".El");
}

int
main (void)
{
    const struct config_section *section;

    puts (".Sh CONFIG-NODE.TOML\n"
          ".\\\" From here to WORK PEERS this is made by \"make manual\" out of src/node/config.");
    for (size_t i = 0; (section = config_section (i)) != NULL; i++) {
        put_section (section);
    }
    put_rpc_file ();
    return fflush (stdout) == 0 ? 0 : 1;
}
