#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/config/config.h"
#include "node/config/config_keys.h"
#include "node/config/config_table.h"
#include "support_config.h"
#include "work/base/cpus.h"

static char *
generate (enum config_file file, bool use_defaults)
{
    char *text;
    size_t size;
    FILE *const stream = open_memstream (&text, &size);

    assert_non_null (stream);
    assert_int_equal (config_generate (file, use_defaults, stream), 0);
    assert_int_equal (fclose (stream), 0);
    return text;
}

/* Whether `line` is "# key = value"; `*key` is then where the key starts. */
static bool
is_commented_key (char *line, char **key)
{
    char *const start = line + strspn (line, "\t");

    if (strncmp (start, "# ", 2) != 0) {
        return false;
    }
    *key = start + 2;
    return strncmp (*key + strspn (*key, "abcdefghijklmnopqrstuvwxyz_"), " = ", 3) == 0;
}

/* Takes the "# " off the commented keys, and returns how many there were. */
static size_t
uncomment (char *text)
{
    size_t count = 0;

    for (char *line = text; *line != '\0'; line += strcspn (line, "\n") + 1) {
        char *key;

        if (is_commented_key (line, &key)) {
            key[-2] = ' ';
            count++;
        }
    }
    return count;
}

static void
test_generate_commented (void **state)
{
    const struct config_option *option;
    size_t option_count = 0;
    size_t rpc_count = 0;
    char *const node = generate (CONFIG_FILE_NODE, false);
    char *const rpc = generate (CONFIG_FILE_RPC, false);
    (void)state;

    support_write (CONFIG_FILE_NODE, node);
    support_write (CONFIG_FILE_RPC, rpc);
    const struct config *config = support_load (NULL, NULL, "");
    struct config sampled;

    support_assert_defaults (config);
    assert_false (config->work_threads_set);
    config_free (config);

    for (; (option = config_option (option_count)) != NULL; option_count++) {
        rpc_count += option->in_rpc_file;
    }
    assert_int_equal (uncomment (node), option_count);
    assert_int_equal (uncomment (rpc), rpc_count);
    support_write (CONFIG_FILE_NODE, node);
    support_write (CONFIG_FILE_RPC, rpc);
    config = support_load (NULL, NULL, "");
    assert_true (config->work_threads_set);
    sampled = *config;
    sampled.work_threads = cpus_available (); /* the file has a sample */
    support_assert_defaults (&sampled);
    config_free (config);
    free (rpc);
    free (node);
}

static void
test_generate_defaults (void **state)
{
    char *const node = generate (CONFIG_FILE_NODE, true);
    char *const rpc = generate (CONFIG_FILE_RPC, true);
    (void)state;

    assert_null (strstr (node, "\n\tport = 7001\n"));
    assert_non_null (strstr (node, "\n\t# port = 7001\n")); /* to be absent is its default */
    assert_int_equal (uncomment (rpc), 0);
    support_write (CONFIG_FILE_NODE, node);
    support_write (CONFIG_FILE_RPC, rpc);
    const struct config *const config = support_load (NULL, NULL, "");

    support_assert_defaults (config);
    assert_true (config->work_threads_set);
    assert_false (config->management_port_set);
    config_free (config);
    free (rpc);
    free (node);
}

static void
test_generate_fails (void **state)
{
    FILE *const full = fopen ("/dev/full", "w");
    (void)state;

    if (full == NULL) {
        skip ();
    }
    assert_int_equal (config_generate (CONFIG_FILE_NODE, false, full), -1);
    fclose (full);
}

/* What the generator and the hints take for granted of the table. */
static void
test_table (void **state)
{
    const struct config_section *section;
    (void)state;

    for (size_t i = 0; (section = config_section (i)) != NULL; i++) {
        for (size_t j = 0; j < section->count; j++) {
            const struct config_option *const option = &section->options[j];

            assert_true (config_path_in (option->path, section->path, strlen (section->path)));
            assert_ptr_equal (config_option_at (CONFIG_FILE_NODE, option->path), option);
            assert_false ((option->initial == NULL) != (option->sample != NULL));
            assert_null (strchr (option->help, '\n'));
            assert_false (config_keys_is_foreign (CONFIG_FILE_NODE, option->path));
        }
    }
}

static void
test_file_names (void **state)
{
    enum config_file file = CONFIG_FILE_RPC;
    (void)state;

    assert_int_equal (config_file_by_name ("node", &file), 0);
    assert_int_equal (file, CONFIG_FILE_NODE);
    assert_int_equal (config_file_by_name ("rpc", &file), 0);
    assert_int_equal (file, CONFIG_FILE_RPC);
    assert_int_equal (config_file_by_name ("log", &file), -1);
    assert_int_equal (config_file_by_name ("", &file), -1);
    assert_int_equal (file, CONFIG_FILE_RPC);
}

int
main (void)
{
#define TEST(function) cmocka_unit_test_setup_teardown (function, NULL, support_empty_directory)
    const struct CMUnitTest tests[] = {
        TEST (test_generate_commented), TEST (test_generate_defaults),
        TEST (test_generate_fails),     TEST (test_table),
        TEST (test_file_names),
    };
#undef TEST

    return cmocka_run_group_tests (tests, support_make_directory, support_remove_directory);
}
