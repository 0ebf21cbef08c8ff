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
#include "node/config/config_table.h"
#include "support_config.h"

#define GOOD_HASH                               \
    "blake2b:000102030405060708090a0b0c0d0e0f:" \
    "1ccbc3e94a2a4e9ff10b52022590db8323dc0f3cc66765307241cdda171b9f48"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static const struct config *
load_one (const char *override, const char *expected)
{
    const char *const overrides[] = {override, NULL};

    return support_load (overrides, NULL, expected);
}

/* Loads a directory of the test data, whose "messages" says what comes of it. */
static const struct config *
load_data (const char *name)
{
    char *relative;

    assert_true (asprintf (&relative, "tests/data/config/%s", name) > 0);
    char *const data_path = support_source_path (relative);
    char *messages_path;

    assert_true (asprintf (&messages_path, "%s/messages", data_path) > 0);
    char *const expected = support_read (messages_path);
    const struct config_sources sources = {.data_path = data_path};
    const struct config *const config = support_load_sources (&sources, expected);

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
    const struct config *config = support_load_sources (&nowhere, "");
    (void)state;

    support_assert_defaults (config);
    assert_false (config->work_threads_set);
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
    const struct config *config = load_one (
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
                  "error: --config: precache.accounts is \"nano_1\", expected an account, such as "
                  "\"nano_3...\"\n"
                  "error: --config: precache.accounts is \"7\", expected an account, such as "
                  "\"nano_3...\"\n"));
}

static void
test_node_url (void **state)
{
    static const char *const bad[] = {"https://", "127.0.0.1:7076", "http://",
                                      "http://node.example.net:70000", "ftp://127.0.0.1"};
    const struct config *config = load_one ("precache.node=http://[::1]:7076/rpc", "");
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
                               "\"http://host:port/path\" or \"https://...\", or \"\" for "
                               "none\n",
                               bad[i]) > 0);
        assert_null (load_one (override, message));
        free (message);
        free (override);
    }
}

static void
test_good (void **state)
{
    const struct config *const config = load_data ("good");
    static const char *const peers[] = {"peer.example.net:7000", "2001:db8::1:7001",
                                        "::ffff:192.0.2.7:7002", "::1:7003", "192.0.2.8:0"};
    static const char *const addresses[] = {"::1", "192.0.2.1", "127.0.0.1", "0.0.0.0"};
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
    assert_int_equal (config->log.level, LOG_LEVEL_DEBUG);
    config_free (config);
}

static void
test_node_files (void **state)
{
    const struct config *const config = load_data ("node-v28");
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

/* A node's own file, but that three keys of ours are mistyped in it, one of them misplaced. */
static void
test_mistyped_node_file (void **state)
{
    char *const path = support_source_path ("tests/data/config/node-v28/config-node.toml");
    char *const text = support_read (path);
    char *rest = strstr (text, "[node]\n");
    char *mistyped;
    (void)state;

    assert_non_null (rest);
    rest += strlen ("[node]\n");
    assert_true (asprintf (&mistyped,
                           "opencl.platfrom = 1\n[node]\nwork_thraeds = 1\nmax_json_depth = 5\n%s",
                           rest) > 0);
    /* A table may be defined once: the file's own [opencl] is dropped. */
    *strstr (mistyped, "[opencl]\n") = '\0';
    support_write (CONFIG_FILE_NODE, mistyped);
    config_free (support_load (
        NULL, NULL,
        "warning: config-node.toml:1:8: opencl.platfrom is not a known key and is ignored; did you "
        "mean opencl.platform?\n"
        "warning: config-node.toml:3:1: node.work_thraeds is not a known key and is ignored; did "
        "you "
        "mean node.work_threads?\n"
        "warning: config-node.toml:4:1: node.max_json_depth is not a known key and is ignored; did "
        "you mean rpc.max_json_depth?\n"));
    free (mistyped);
    free (text);
    free (path);
}

static void
test_messages (void **state)
{
    (void)state;

    assert_null (load_data ("values"));
    assert_null (load_data ("tables"));

    const struct config *config = load_data ("unknown");

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
    const struct config *const config = support_load (overrides, rpc_overrides, "");

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
    assert_int_equal (config->log.level, LOG_LEVEL_OFF);
    assert_string_equal (config->log.file, "/var/log/a b.log");
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
    const struct config *const defaults = config_load (&none, &report);
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

    const struct config *config = support_load (overrides, NULL, "");
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

/* What is shown of the option at `path`; to be freed. */
static char *
shown (const struct config *config, const char *path)
{
    return config_option_shown (config_option_at (CONFIG_FILE_NODE, path), config);
}

static void
assert_shown (const struct config *config, const char *path, const char *expected)
{
    char *const text = shown (config, path);

    assert_string_equal (text, expected);
    free (text);
}

/* As a file would have it: what could not stand in quotes is escaped. */
static void
test_shown_texts_are_escaped (void **state)
{
    static const char *const overrides[] = {"log.file=a\"b\\c\nd\x1b\x7f",
                                            "opencl.select=[x\"y, z\\]", NULL};
    const struct config *const config = support_load (overrides, NULL, "");
    (void)state;

    assert_shown (config, "log.file", "\"a\\\"b\\\\c\\u000Ad\\u001B\\u007F\"");
    assert_shown (config, "opencl.select", "[\"x\\\"y\", \"z\\\\\"]");
    config_free (config);
}

/* The longest that is shown whole, and longer ones, of characters of three bytes. */
static void
test_long_values_are_cut (void **state)
{
    char path[1200] = "log.file=";
    const char *const overrides[] = {path, NULL};
    (void)state;

    for (size_t length = 160; length < 180; length++) {
        size_t i;

        for (i = 0; i < length; i++) {
            memcpy (path + 9 + 3 * i, "\xe2\x82\xac", 4);
        }
        const struct config *const config = support_load (overrides, NULL, "");
        char *const text = shown (config, "log.file");

        if (3 * length + 2 <= 511) {
            assert_int_equal (strlen (text), 3 * length + 2);
        } else {
            assert_in_range (strlen (text), 509, 511);
            assert_string_equal (text + strlen (text) - 6, "\xe2\x82\xac...");
        }
        free (text);
        config_free (config);
    }
}

static void
test_secrets_are_hidden (void **state)
{
    (void)state;

    support_write (CONFIG_FILE_NODE,
                   "[[access.keys]]\nhash = \"" GOOD_HASH "\"\n"
                   "[[peers.peer]]\nurl = \"http://a.example/secret\"\nkey = \"secret\"\n");
    const struct config *const config = support_load (NULL, NULL, "");

    assert_shown (config, "access.keys", "(hidden)");
    assert_shown (config, "peers.peer", "[\"a.example:80\"]");
    config_free (config);
}

/* Tables in lists: every fault is told, and a default goes where nothing is said. */
static void
test_tables_in_lists (void **state)
{
    (void)state;

    support_write (CONFIG_FILE_NODE,
                   "[[access.keys]]\nhash = \"" GOOD_HASH "\"\nmax_jobs = 3\n"
                   "[[access.keys]]\nname = \"x\"\nhash = \"" GOOD_HASH "\"\nrate = 0\n"
                   "rights = [\"precache\", \"work\", \"work\"]\n"
                   "[[peers.peer]]\nurl = \"http://a.example/b\"\nkey = \"k\"\n"
                   "[[peers.peer]]\nurl = \"http://a.example\"\nkey = \"k\"\n"
                   "header = \"authorization\"\n");
    const struct config *const config = support_load (NULL, NULL, "");
    const struct access_key *const keys = config->access_keys.items;
    const struct config_peer *const peers = config->peers_peer.items;

    assert_int_equal (config->access_keys.count, 2);
    assert_string_equal (keys[0].name, "key 1");
    assert_int_equal (keys[0].limits.max_jobs, 3);
    support_assert_number (keys[0].limits.rate, CONFIG_ACCESS_AS_OTHERS);
    assert_string_equal (keys[1].name, "x");
    support_assert_number (keys[1].limits.rate, 0);
    assert_int_equal (keys[0].rights, 0);
    assert_int_equal (keys[1].rights, ACCESS_RIGHT_WORK | ACCESS_RIGHT_PRECACHE);
    assert_int_equal (config->peers_peer.count, 2);
    assert_string_equal (peers[0].url.path, "/b");
    assert_string_equal (peers[0].header, "api-key");
    assert_string_equal (peers[1].key, "Bearer k");
    config_free (config);

    support_write (
        CONFIG_FILE_NODE,
        "[access]\nkeys = [\"my key\", {name = \"x\"}, {hash = 1, rate = -1, colour = 2}]\n"
        "[peers]\npeer = [{key = \"a\\nb\"}, {url = \"ftp://a\", header = \"Host\"},\n"
        "{url = \"http://a\", header = \"a b\", key = \"k\"}]\n");
    assert_null (support_load (
        NULL, NULL,
        "error: config-node.toml:2:9: access.keys[0] is not the hash of a key, expected the output "
        "of workpeer --hash_key, such as \"blake2b:SALT:HASH\"\n"
        "error: config-node.toml:2:19: access.keys[1] has no hash, expected hash = the output of "
        "workpeer --hash_key\n"
        "error: config-node.toml:2:41: access.keys[2].hash is not the hash of a key, expected the "
        "output of workpeer --hash_key, such as \"blake2b:SALT:HASH\"\n"
        "error: config-node.toml:2:51: access.keys[2].rate is -1, expected a number from 0 to "
        "1000000\n"
        "warning: config-node.toml:2:55: access.keys[2].colour is not a known key and is ignored; "
        "known keys are hash, name, rights, rate, burst, max_jobs and "
        "max_multiplier\n"
        "error: config-node.toml:4:16: peers.peer[0].key is not valid in a header, expected a "
        "string of 1 to 1024 visible ASCII characters\n"
        "error: config-node.toml:4:9: peers.peer[0] has no url, expected url = "
        "\"http://host:port/path\"\n"
        "error: config-node.toml:4:32: peers.peer[1].url is \"ftp://a\", expected "
        "\"http://host:port/path\" or \"https://...\", with IPv6 addresses in brackets\n"
        "error: config-node.toml:4:52: peers.peer[1].header is \"Host\", expected the name of a "
        "header that can carry a key, such as \"api-key\"\n"
        "error: config-node.toml:4:52: peers.peer[1].header is set without a key, expected both\n"
        "error: config-node.toml:5:29: peers.peer[2].header is \"a b\", expected the name of a "
        "header that can carry a key, such as \"api-key\"\n"));
}

static void
test_rights_of_keys (void **state)
{
    static const char *const bad[] = {"\"work\"", "[]", "[\"work\", \"all\"]", "[1]"};
    static const char *const shown[] = {"\"work\"", "a list", "a list", "a list"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *text;
        char *expected;

        assert_true (asprintf (&text, "[[access.keys]]\nhash = \"" GOOD_HASH "\"\nrights = %s\n",
                               bad[i]) > 0);
        assert_true (asprintf (&expected,
                               "error: config-node.toml:3:10: access.keys[0].rights is %s, "
                               "expected a list of at least one of \"work\", \"precache\", "
                               "\"store\", \"peers\" and \"control\"\n",
                               shown[i]) > 0);
        support_write (CONFIG_FILE_NODE, text);
        assert_null (support_load (NULL, NULL, expected));
        free (text);
        free (expected);
    }
}

/* What only a restart changes stays, with a warning; the configuration in force is only read. */
static void
test_reload_keeps (void **state)
{
    static const char *const first[] = {"store.path=/tmp/a", "rpc.address=[::1]", "rpc.port=1",
                                        NULL};
    static const char *const second[] = {"store.path=/tmp/b", "management.port=0",
                                         "opencl.enable=true", "work.max_queue=5", NULL};
    const struct config *const present = support_load (first, NULL, "");
    const struct config_sources sources = {.data_path = "/nonexistent/workpeer",
                                           .overrides = second,
                                           .override_count = COUNT (second) - 1,
                                           .present = present,
                                           .keep_opencl_off = true};
    const struct config *const next = support_load_sources (
        &sources,
        "warning: Setting: rpc.address = [\"127.0.0.1\", \"::1\"] requires a restart; the old "
        "value stays in force\n"
        "warning: Setting: rpc.port = 7000 requires a restart; the old value stays in force\n"
        "warning: Setting: store.path = \"/tmp/b\" requires a restart; the old value stays in "
        "force\n"
        "warning: Setting: management.port = 0 requires a restart; the old value stays in force\n"
        "warning: Setting: opencl.enable = true requires a restart: drivers may need to start "
        "programs, and none can be started now (daemon.confine)\n");
    (void)state;

    assert_string_equal (next->store_path, "/tmp/a");
    assert_int_equal (next->rpc_address.count, 1);
    assert_false (next->management_port_set);
    assert_false (next->opencl_enable);
    assert_int_equal (next->work_max_queue, 5);
    assert_true (config_differs (present, next, CONFIG_PART_ENGINE));
    assert_false (config_differs (present, next, CONFIG_PART_PRECACHE));
    assert_false (config_differs (present, next, CONFIG_PART_DAEMON));
    config_free (present);
    assert_string_equal (next->store_path, "/tmp/a"); /* a copy of its own */
    config_free (next);
}

/* Every type's copy is equal to what it was made of, and owns what it has. */
static void
test_copies (void **state)
{
    const struct config *const config = load_data ("good");
    const struct config_option *option;
    (void)state;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        const void *const value = (const char *)config + option->offset;
        struct config copy = {0};

        config_option_copy (option, config, &copy);
        assert_true (config_option_same (option, config, &copy));
        assert_true (config_value_same (option->type, value, (char *)&copy + option->offset));
        config_value_clear (option->type, (char *)&copy + option->offset);
    }
    config_free (config);
}

/* Words of the user's: in their order, and as often as they stand there. */
static void
test_strings (void **state)
{
    static const char *const words[] = {"0:0", "GeForce RTX", "0:0", "65:00.0"};
    const struct config *config;
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

    const struct config *const config =
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
        {"node.work_peers=a:1",
         "node.work_peers is \"a:1\", expected a list of \"host:port\", as [\"host:port\"]"},
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
                           "warning: --config: node.work_thread is not a known key and is ignored; "
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
                               "%s can read, for example with its group and mode 0640\n",
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
        TEST (test_mistyped_node_file),
        TEST (test_strings),
        TEST (test_bad_strings),
        TEST (test_messages),
        TEST (test_syntax),
        TEST (test_overrides),
        TEST (test_override_conflict),
        TEST (test_bad_overrides),
        TEST (test_unreadable),
        TEST (test_changes),
        TEST (test_shown_texts_are_escaped),
        TEST (test_long_values_are_cut),
        TEST (test_secrets_are_hidden),
        TEST (test_tables_in_lists),
        TEST (test_rights_of_keys),
        TEST (test_reload_keeps),
        TEST (test_copies),
    };
#undef TEST

    return cmocka_run_group_tests (tests, support_make_directory, support_remove_directory);
}
