#define _GNU_SOURCE 1 /* asprintf */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/ownership.h"
#include "node/config/config.h"
#include "node/config/config_show.h"
#include "node/config/config_table.h"
#include "support_config.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static struct config *
load_one (const char *override, const char *expected)
{
    const char *const overrides[] = {override, NULL};

    return support_load (overrides, NULL, expected);
}

/* Loads a directory of the test data, whose "messages" says what comes of it. */
static struct config *
load_data (const char *name)
{
    char *relative;

    assert_true (asprintf (&relative, "tests/data/config/%s", name) > 0);
    char *const data_path = support_source_path (relative);
    char *messages_path;

    assert_true (asprintf (&messages_path, "%s/messages", data_path) > 0);
    char *const expected = support_read (messages_path);
    const struct config_sources sources = {.data_path = data_path};
    struct config *const config = support_load_sources (&sources, expected);

    free (expected);
    free (messages_path);
    free (data_path);
    free (relative);
    return config;
}

static void
test_defaults (void **state)
{
    const struct config_sources nowhere = {.data_path = "/nonexistent/workpeer"};
    struct config *config = support_load_sources (&nowhere, "");
    (void)state;

    support_assert_defaults (config);
    assert_false (config->work_threads_set);
    assert_false (config->rpc_address_set);
    config_free (config);
    config = support_load (NULL, NULL, "");
    support_assert_defaults (config);
    config_free (config);
    config_free (NULL);
}

#define GOOD_ACCOUNT "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3"
#define SAME_ACCOUNT "xrb_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3"

static void
test_accounts (void **state)
{
    struct config *config = load_one (
        "precache.accounts=[\"" GOOD_ACCOUNT "\",\"" GOOD_ACCOUNT "\",\"" SAME_ACCOUNT "\"]", "");
    (void)state;

    assert_int_equal (config->precache_accounts.count, 2);
    assert_string_equal (config->precache_accounts.items[0], GOOD_ACCOUNT);
    assert_string_equal (config->precache_accounts.items[1], SAME_ACCOUNT);
    config_free (config);
    config = load_one ("precache.accounts=" GOOD_ACCOUNT, "");
    assert_int_equal (config->precache_accounts.count, 1);
    config_free (config);
    config = load_one ("precache.accounts=[]", "");
    assert_int_equal (config->precache_accounts.count, 0);
    config_free (config);
    assert_null (
        load_one ("precache.accounts=[\"nano_1\",\"" GOOD_ACCOUNT "\",7]",
                  "error: --config: precache.accounts is \"nano_1\", expected an account, as "
                  "\"nano_3...\"\n"
                  "error: --config: precache.accounts is \"7\", expected an account, as "
                  "\"nano_3...\"\n"));
}

static void
test_node_url (void **state)
{
    static const char *const bad[] = {"https://node.example.net", "127.0.0.1:7076", "http://",
                                      "http://node.example.net:70000", "ftp://127.0.0.1"};
    struct config *config = load_one ("precache.node=http://[::1]:7076/rpc", "");
    (void)state;

    assert_string_equal (config->precache_node, "http://[::1]:7076/rpc");
    config_free (config);
    config = load_one ("precache.node=\"\"", "");
    assert_string_equal (config->precache_node, "");
    config_free (config);
    for (size_t i = 0; i < COUNT (bad); i++) {
        char *override;
        char *message;

        assert_true (asprintf (&override, "precache.node=%s", bad[i]) > 0);
        assert_true (asprintf (&message,
                               "error: --config: precache.node is \"%s\", expected "
                               "\"http://host:port/path\", or \"\" for none\n",
                               bad[i]) > 0);
        assert_null (load_one (override, message));
        free (message);
        free (override);
    }
}

static void
test_good (void **state)
{
    struct config *const config = load_data ("good");
    static const char *const peers[] = {"peer.example.net:7000", "2001:db8::1:7001",
                                        "::ffff:192.0.2.7:7002", "::1:7003", "192.0.2.8:0"};
    static const char *const addresses[] = {"::1", "::ffff:192.0.2.1", "127.0.0.1", "0.0.0.0"};
    (void)state;

    assert_int_equal (config->work_threads, 3);
    assert_true (config->work_threads_set);
    assert_int_equal (config->work_peers.count, COUNT (peers));
    for (size_t i = 0; i < COUNT (peers); i++) {
        support_assert_endpoint (&config->work_peers, i, peers[i]);
    }
    assert_int_equal (config->secondary_work_peers.count, 0);
    support_assert_number (config->max_work_generate_multiplier, 128);
    assert_int_equal (config->pow_sleep_interval, 1000);
    assert_true (config->opencl_enable);
    assert_int_equal (config->opencl_platform, 1);
    assert_int_equal (config->opencl_device, 2);
    assert_int_equal (config->opencl_threads, 65536);
    assert_true (config->rpc_address_set);
    assert_int_equal (config->rpc_address.count, COUNT (addresses));
    for (size_t i = 0; i < COUNT (addresses); i++) {
        assert_string_equal (config->rpc_address.items[i], addresses[i]);
    }
    assert_int_equal (config->rpc_port, 0);
    assert_true (config->rpc_enable_control);
    assert_int_equal (config->rpc_max_json_depth, 255);
    assert_int_equal (config->rpc_max_connections, 1);
    support_assert_number (config->rpc_read_timeout, 0.25);
    support_assert_number (config->rpc_idle_timeout, 100);
    assert_int_equal (config->work_max_queue, 10);
    support_assert_number (config->work_request_timeout, 1.5);
    support_assert_number (config->work_batch_time, 0.001);
    assert_string_equal (config->work_scanner, "portable");
    assert_string_equal (config->log_level, "debug");
    config_free (config);
}

static void
test_node_files (void **state)
{
    struct config *const config = load_data ("node-v28");
    (void)state;

    assert_int_equal (config->work_threads, 2);
    assert_int_equal (config->work_peers.count, 2);
    assert_int_equal (config->rpc_port, 7076);
    assert_int_equal (config->rpc_address.count, 1);
    assert_string_equal (config->rpc_address.items[0], "::1");
    assert_true (config->rpc_enable_control);
    assert_int_equal (config->rpc_max_request_size, 33554432);
    config_free (config);
}

static void
test_messages (void **state)
{
    (void)state;

    assert_null (load_data ("values"));
    assert_null (load_data ("tables"));

    struct config *config = load_data ("unknown");

    support_assert_defaults (config);
    config_free (config);
    config = load_data ("conflict");
    support_assert_endpoint (&config->secondary_work_peers, 0, "b.example:1");
    assert_string_equal (config->rpc_address.items[0], "127.0.0.1");
    assert_int_equal (config->rpc_port, 7001);
    assert_true (config->rpc_enable_control);
    assert_int_equal (config->rpc_max_json_depth, 20);
    assert_int_equal (config->rpc_max_request_size, 100);
    config_free (config);
}

/* A syntax error ends its own file only. Its words are toml++'s. */
static void
test_syntax (void **state)
{
    char *const data_path = support_source_path ("tests/data/config/syntax");
    const struct config_sources sources = {.data_path = data_path};
    struct config_report report;
    (void)state;

    assert_null (config_load (&sources, &report));
    assert_int_equal (report.count, 2);
    assert_int_equal (report.errors, 2);
    assert_non_null (strstr (report.messages[0].text, "/config-rpc.toml:2:18: "));
    assert_non_null (strstr (report.messages[0].text, "expected"));
    assert_non_null (strstr (report.messages[1].text, "/config-node.toml:5:1: "));
    assert_non_null (strstr (report.messages[1].text, "expected"));
    config_report_clear (&report);
    free (data_path);
}

static void
test_overrides (void **state)
{
    static const char *const overrides[] = {
        "node.work_threads=1",
        "node.work_threads = \"0\"", /* the last one wins */
        "node.work_peers=[127.0.0.1:7000, \"a.example:1\",[::1]:2 , ::1:3,]",
        "node.secondary_work_peers=[]",
        "node.max_work_generate_multiplier=1e3",
        "opencl.enable=true",
        "node.websocket.enable=true",
        "rpc.address=localhost",
        "log.level='off'",
        "log.file=/var/log/a b.log",
        NULL,
    };
    static const char *const rpc_overrides[] = {"port=7005", "process.io_threads=4", NULL};
    (void)state;

    support_write (CONFIG_FILE_NODE, "[node]\nwork_threads = 9\n[rpc]\nport = 7001\n");
    struct config *const config = support_load (overrides, rpc_overrides, "");

    assert_int_equal (config->work_threads, 0);
    assert_true (config->work_threads_set);
    assert_int_equal (config->work_peers.count, 4);
    support_assert_endpoint (&config->work_peers, 0, "127.0.0.1:7000");
    support_assert_endpoint (&config->work_peers, 1, "a.example:1");
    support_assert_endpoint (&config->work_peers, 2, "::1:2");
    support_assert_endpoint (&config->work_peers, 3, "::1:3");
    assert_int_equal (config->secondary_work_peers.count, 0);
    support_assert_number (config->max_work_generate_multiplier, 1000);
    assert_true (config->opencl_enable);
    assert_int_equal (config->rpc_address.count, 2);
    assert_int_equal (config->rpc_port, 7005);
    assert_string_equal (config->log_level, "off");
    assert_string_equal (config->log_file, "/var/log/a b.log");
    config_free (config);
}

static void
gather (void *data, const char *path, const char *value)
{
    FILE *const stream = data;

    fprintf (stream, "%s = %s\n", path, value);
}

/* What `changed` shows of itself. */
static char *
changes_of (const struct config *changed)
{
    const struct config_sources none = {.data_path = NULL};
    struct config_report report;
    struct config *const defaults = config_load (&none, &report);
    char *text;
    size_t size;
    FILE *const stream = open_memstream (&text, &size);

    assert_non_null (stream);
    assert_non_null (defaults);
    assert_int_equal (report.count, 0);
    config_report_clear (&report);
    config_show_changes (changed, defaults, gather, stream);
    assert_int_equal (fclose (stream), 0);
    config_free (defaults);
    return text;
}

static void
test_changes (void **state)
{
    static const char *const overrides[] = {
        "node.work_peers=[127.0.0.1:7000, a.example:1]",
        "node.experimental.secondary_work_peers=[]",
        "node.max_work_generate_multiplier=2.5",
        "opencl.enable=true",
        "rpc.address=::",
        "rpc.port=7001",
        "rpc.max_connections=1024", /* the default */
        "log.format=json",
        "log.file=/tmp/log",
        NULL,
    };
    (void)state;

    struct config *config = support_load (overrides, NULL, "");
    char *text = changes_of (config);

    assert_string_equal (text, "node.work_peers = [\"127.0.0.1:7000\", \"a.example:1\"]\n"
                               "node.max_work_generate_multiplier = 2.5\n"
                               "node.experimental.secondary_work_peers = []\n"
                               "opencl.enable = true\n"
                               "rpc.address = [\"::\"]\n"
                               "rpc.port = 7001\n"
                               "log.format = \"json\"\n"
                               "log.file = \"/tmp/log\"\n");
    free (text);
    config_free (config);

    config = support_load (NULL, NULL, "");
    text = changes_of (config);
    assert_string_equal (text, "");
    free (text);
    config_free (config);
}

static void
test_shown_values_are_cut (void **state)
{
    char peers[8192] = "node.work_peers=[";
    const char *const overrides[] = {peers, NULL};
    char text[CONFIG_SHOW_SIZE];
    (void)state;

    for (int i = 0; i < 200; i++) {
        const size_t used = strlen (peers);

        (void)snprintf (peers + used, sizeof peers - used, "peer-%d.example:7000,", i);
    }
    memcpy (peers + strlen (peers) - 1, "]", 1);

    struct config *const config = support_load (overrides, NULL, "");

    config_show_value (config, config_option_at (CONFIG_FILE_NODE, "node.work_peers"), text);
    assert_int_equal (strncmp (text, "[\"peer-0.example:7000\", ", 24), 0);
    assert_string_equal (text + strlen (text) - strlen ("\", ...]"), "\", ...]");
    config_free (config);
}

/* As a file would have it: what could not stand in quotes is escaped. */
static void
test_shown_texts_are_escaped (void **state)
{
    static const char *const overrides[] = {"log.file=a\"b\\c\nd\x1b\x7f",
                                            "opencl.select=[x\"y, z\\]", NULL};
    struct config *const config = support_load (overrides, NULL, "");
    char text[CONFIG_SHOW_SIZE];
    (void)state;

    config_show_value (config, config_option_at (CONFIG_FILE_NODE, "log.file"), text);
    assert_string_equal (text, "\"a\\\"b\\\\c\\u000Ad\\u001B\\u007F\"");
    config_show_value (config, config_option_at (CONFIG_FILE_NODE, "opencl.select"), text);
    assert_string_equal (text, "[\"x\\\"y\", \"z\\\\\"]");
    config_free (config);
}

/* The longest that fits, and one more. */
static void
test_long_texts_are_cut (void **state)
{
    char path[600] = "log.file=";
    const char *const overrides[] = {path, NULL};
    char text[CONFIG_SHOW_SIZE];
    (void)state;

    for (size_t length = 480; length < 530; length++) {
        memset (path + 9, 'x', length);
        path[9 + length] = '\0';
        struct config *const config = support_load (overrides, NULL, "");

        config_show_value (config, config_option_at (CONFIG_FILE_NODE, "log.file"), text);
        assert_int_equal (text[0], '"');
        assert_int_equal (text[strlen (text) - 1], '"');
        if (length + sizeof "\"...\"" <= CONFIG_SHOW_SIZE) {
            assert_int_equal (strlen (text), length + 2);
        } else {
            assert_string_equal (text + strlen (text) - 5, "x...\"");
        }
        config_free (config);
    }
}

static void
test_secrets_are_hidden (void **state)
{
    static const char *const overrides[] = {"log.file=/tmp/secret", NULL};
    struct config_option option = *config_option_at (CONFIG_FILE_NODE, "log.file");
    struct config *const config = support_load (overrides, NULL, "");
    char text[CONFIG_SHOW_SIZE];
    (void)state;

    option.secret = true;
    config_show_value (config, &option, text);
    assert_string_equal (text, "(hidden)");
    config_free (config);
}

/* Words of the user's: in their order, and as often as they stand there. */
static void
test_strings (void **state)
{
    static const char *const words[] = {"0:0", "GeForce RTX", "0:0", "65:00.0"};
    struct config *config;
    (void)state;

    support_write (CONFIG_FILE_NODE, "[opencl]\nselect = [\"0:0\", \"GeForce RTX\", # twice\n"
                                     "\"0:0\", '65:00.0',]\nbatch_time = 0.5\n");
    config = support_load (NULL, NULL, "");
    assert_int_equal (config->opencl_select.count, COUNT (words));
    for (size_t i = 0; i < COUNT (words); i++) {
        assert_string_equal (config->opencl_select.items[i], words[i]);
    }
    support_assert_number (config->opencl_batch_time, 0.5);
    config_free (config);

    config = load_one ("opencl.select=all", "");
    assert_int_equal (config->opencl_select.count, 1);
    assert_string_equal (config->opencl_select.items[0], "all");
    config_free (config);
    config = load_one ("opencl.select=[]", "");
    assert_int_equal (config->opencl_select.count, 0);
    config_free (config);
}

static void
test_bad_strings (void **state)
{
    (void)state;

    support_write (CONFIG_FILE_NODE, "[opencl]\nselect = [\"0:0\", 1, \"\", [\"0:1\"]]\n");
    assert_null (support_load (
        NULL, NULL,
        "error: config-node.toml:2:18: opencl.select[1] is 1, expected a string that is not empty\n"
        "error: config-node.toml:2:21: opencl.select[2] is \"\", expected a string that is not "
        "empty\n"
        "error: config-node.toml:2:25: opencl.select[3] is a list, expected a string that is not "
        "empty\n"));
    support_write (CONFIG_FILE_NODE, "[opencl]\nselect = 0\nbatch_time = 2\n");
    assert_null (support_load (NULL, NULL,
                               "error: config-node.toml:2:10: opencl.select is 0, expected a "
                               "string, or a list of strings\n"
                               "error: config-node.toml:3:14: opencl.batch_time is 2, expected a "
                               "number from 0.001 to 1\n"));
}

static void
test_override_conflict (void **state)
{
    static const char *const overrides[] = {"rpc.port=7001", "rpc.enable_control=false", NULL};
    static const char *const rpc_overrides[] = {"port=7002", "enable_control=false", NULL};
    (void)state;

    struct config *const config =
        support_load (overrides, rpc_overrides,
                      "warning: --config: rpc.port is used, though port in --rpcconfig differs\n");

    assert_int_equal (config->rpc_port, 7001);
    config_free (config);
}

static void
test_bad_overrides (void **state)
{
    static const struct {
        const char *override;
        const char *message;
    } bad[] = {
        {"node.work_threads", "\"node.work_threads\" was given, expected key=value"},
        {"", "\"\" was given, expected key=value"},
        {" =4", "\" =4\" was given, expected a key before '='"},
        {"node.work_threads= ", "\"node.work_threads= \" was given, expected a value after '='"},
        {"node.work_peers=[a:1",
         "\"node.work_peers=[a:1\" was given, expected a ']' at the end of the list"},
        {"node.work_peers=[,a:1]",
         "\"node.work_peers=[,a:1]\" was given, expected an item between two commas"},
        {"node.work_peers=a:1", "node.work_peers is \"a:1\", expected a list of \"host:port\""},
        {"node.work_peers=[a]",
         "node.work_peers is \"a\", expected \"host:port\" or \"[IPv6 address]:port\""},
        {"node.work_threads=-1",
         "node.work_threads is \"-1\", expected a whole number from 0 to 65535"},
        {"node.work_threads=[1]",
         "node.work_threads is a list, expected a whole number from 0 to 65535"},
        {"node.max_work_generate_multiplier=1e999",
         "node.max_work_generate_multiplier is \"1e999\", expected a finite number of at least 1"},
        {"node=3", "node is \"3\", expected a table"},
        {"rpc.address=[]", "rpc.address is an empty list, expected an IPv4 address, an IPv6 "
                           "address or \"localhost\""},
        {"a\nb", "\"a\\x0ab\" was given, expected key=value"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT (bad); i++) {
        char *expected;

        assert_true (asprintf (&expected, "error: --config: %s\n", bad[i].message) > 0);
        assert_null (load_one (bad[i].override, expected));
        free (expected);
    }
    config_free (load_one ("node.work_thread=1",
                           "warning: --config: node.work_thread is no known key and is ignored; "
                           "did you mean node.work_threads?\n"));
}

static void
test_unreadable (void **state)
{
    char *const path = support_written_path (CONFIG_FILE_NODE);
    (void)state;

    assert_int_equal (mkdir (path, 0700), 0);
    assert_null (support_load (NULL, NULL, "error: config-node.toml: Is a directory\n"));
    assert_int_equal (rmdir (path), 0);

    support_write (CONFIG_FILE_NODE, "");
    assert_int_equal (truncate (path, 1024 * 1024 + 1), 0);
    assert_null (support_load (
        NULL, NULL, "error: config-node.toml: File too large, expected at most 1048576 bytes\n"));

    const struct config_sources below_file = {.data_path = path};

    assert_null (support_load_sources (&below_file, "error: config-rpc.toml: Not a directory\n"
                                                    "error: config-node.toml: Not a directory\n"));
    assert_int_equal (unlink (path), 0);

    assert_int_equal (mkfifo (path, 0600), 0);
    config_free (support_load (NULL, NULL, ""));
    assert_int_equal (chmod (path, 0), 0);
    if (geteuid () != 0) {
        char user[OWNERSHIP_USER_SIZE];
        char *expected;

        ownership_user (user);
        assert_true (asprintf (&expected,
                               "error: config-node.toml: Permission denied, expected a file that "
                               "%s may read, as with its group and mode 0640\n",
                               user) > 0);
        assert_null (support_load (NULL, NULL, expected));
        free (expected);
    }
    free (path);
}

int
main (void)
{
#define TEST(function) cmocka_unit_test_setup_teardown (function, NULL, support_empty_directory)
    const struct CMUnitTest tests[] = {
        TEST (test_defaults),
        TEST (test_good),
        TEST (test_accounts),
        TEST (test_node_url),
        TEST (test_node_files),
        TEST (test_strings),
        TEST (test_bad_strings),
        TEST (test_messages),
        TEST (test_syntax),
        TEST (test_overrides),
        TEST (test_override_conflict),
        TEST (test_bad_overrides),
        TEST (test_unreadable),
        TEST (test_changes),
        TEST (test_shown_values_are_cut),
        TEST (test_shown_texts_are_escaped),
        TEST (test_long_texts_are_cut),
        TEST (test_secrets_are_hidden),
    };
#undef TEST

    return cmocka_run_group_tests (tests, support_make_directory, support_remove_directory);
}
