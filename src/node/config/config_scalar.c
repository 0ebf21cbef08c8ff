/* The types of single values. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "node/base/system_user.h"
#include "node/config/config_type.h"
#include "work/base/number.h"

/* Numbers. One in quotes is as good as a bare one. */

static enum config_outcome
read_whole (const struct config_input *input, void *value)
{
    return (input->entry->type == TOML_TYPE_INTEGER || toml_is_text (input->entry)) &&
                   number_parse_unsigned (input->entry->text, (uint64_t)input->option->min,
                                          (uint64_t)input->option->max, value) == 0
               ? CONFIG_READ
               : CONFIG_OTHER;
}

static void
print_whole (const struct config_option *option, const void *value, FILE *stream)
{
    (void)option;
    fprintf (stream, "%" PRIu64, *(const uint64_t *)value);
}

static void
expect_whole (const struct config_option *option, char text[CONFIG_EXPECTED_SIZE])
{
    (void)snprintf (text, CONFIG_EXPECTED_SIZE, "a whole number from %.0f to %.0f", option->min,
                    option->max);
}

const struct config_type config_whole = {
    .size = sizeof (uint64_t), .expect = expect_whole, .read = read_whole, .print = print_whole};

static enum config_outcome
read_number (const struct config_input *input, void *value)
{
    double number;

    if ((input->entry->type != TOML_TYPE_INTEGER && input->entry->type != TOML_TYPE_FLOAT &&
         !toml_is_text (input->entry)) ||
        number_parse_double (input->entry->text, &number) != 0 || !isfinite (number) ||
        number < input->option->min || number > input->option->max) {
        return CONFIG_OTHER;
    }
    *(double *)value = number + 0.0; /* which has no "-0", that is 0 by other bytes */
    return CONFIG_READ;
}

static void
print_number (const struct config_option *option, const void *value, FILE *stream)
{
    (void)option;
    fprintf (stream, "%.15g", *(const double *)value);
}

static void
expect_number (const struct config_option *option, char text[CONFIG_EXPECTED_SIZE])
{
    if (isinf (option->max)) {
        (void)snprintf (text, CONFIG_EXPECTED_SIZE, "a finite number of at least %.15g",
                        option->min);
    } else {
        (void)snprintf (text, CONFIG_EXPECTED_SIZE, "a number from %.15g to %.15g", option->min,
                        option->max);
    }
}

const struct config_type config_number = {
    .size = sizeof (double), .expect = expect_number, .read = read_number, .print = print_number};

/* Switches. */

static enum config_outcome
read_switch (const struct config_input *input, void *value)
{
    if (input->entry->type != TOML_TYPE_BOOLEAN && !toml_is_text (input->entry)) {
        return CONFIG_OTHER;
    }
    const bool on = strcmp (input->entry->text, "true") == 0;

    if (!on && strcmp (input->entry->text, "false") != 0) {
        return CONFIG_OTHER;
    }
    *(bool *)value = on;
    return CONFIG_READ;
}

static void
print_switch (const struct config_option *option, const void *value, FILE *stream)
{
    (void)option;
    fputs (*(const bool *)value ? "true" : "false", stream);
}

const struct config_type config_switch = {
    .size = sizeof (bool), .expected = "true or false", .read = read_switch, .print = print_switch};

/* Choices. */

/* The choice's number, or -1. */
static int
find_choice (const struct config_input *input)
{
    const char *const *const choices = input->option->choices;

    for (int i = 0; toml_is_text (input->entry) && choices[i] != NULL; i++) {
        if (strcmp (input->entry->text, choices[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static enum config_outcome
read_choice (const struct config_input *input, void *value)
{
    const int found = find_choice (input);

    if (found < 0) {
        return CONFIG_OTHER;
    }
    *(unsigned *)value = (unsigned)found;
    return CONFIG_READ;
}

static void
print_choice (const struct config_option *option, const void *value, FILE *stream)
{
    fprintf (stream, "\"%s\"", option->choices[*(const unsigned *)value]);
}

/* `one of "a", "b" or "c"`. */
static void
expect_choice (const struct config_option *option, char text[CONFIG_EXPECTED_SIZE])
{
    size_t used = 0;

    for (size_t i = 0; option->choices[i] != NULL && used < CONFIG_EXPECTED_SIZE; i++) {
        const char *const before = i == 0                           ? "one of "
                                   : option->choices[i + 1] == NULL ? " or "
                                                                    : ", ";

        used += (size_t)snprintf (text + used, CONFIG_EXPECTED_SIZE - used, "%s\"%s\"", before,
                                  option->choices[i]);
    }
}

const struct config_type config_choice = {
    .size = sizeof (unsigned), .expect = expect_choice, .read = read_choice, .print = print_choice};

static bool
is_choice (const struct config_input *input)
{
    return find_choice (input) >= 0;
}

const struct config_type config_name = {CONFIG_IS_TEXT (is_choice), .expect = expect_choice};

/* Texts. */

_Static_assert(PATH_MAX == 4096, "config_file_path says how long a path may be");

static bool
is_path (const struct config_input *input)
{
    return toml_is_text (input->entry) && input->entry->length < PATH_MAX;
}

static bool
is_user (const struct config_input *input)
{
    struct system_user user;

    return (toml_is_text (input->entry) || input->entry->type == TOML_TYPE_INTEGER) &&
           (input->entry->length == 0 || system_user_find (input->entry->text, &user) == 0);
}

static bool
is_group (const struct config_input *input)
{
    gid_t gid;

    return (toml_is_text (input->entry) || input->entry->type == TOML_TYPE_INTEGER) &&
           (input->entry->length == 0 || system_user_find_group (input->entry->text, &gid) == 0);
}

static bool
is_url (const struct config_input *input)
{
    struct url url;
    const char *expected;

    return toml_is_text (input->entry) &&
           (input->entry->length == 0 ||
            url_parse (input->entry->text, HTTP_PORT, &url, &expected) == 0);
}

const struct config_type config_file_path = {
    CONFIG_IS_TEXT (is_path), .expected = "a path of 1 to 4095 bytes, or \"\" for none"};
const struct config_type config_user = {
    CONFIG_IS_TEXT (is_user),
    .expected = "a user of this system, by name or number, or \"\" for none"};
const struct config_type config_group = {
    CONFIG_IS_TEXT (is_group),
    .expected = "a group of this system, by name or number, or \"\" for none"};
const struct config_type config_url = {
    CONFIG_IS_TEXT (is_url),
    .expected = "\"http://host:port/path\" or \"https://...\", or \"\" for none"};
