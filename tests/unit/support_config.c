#define _GNU_SOURCE 1 /* asprintf */

#include "support_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/config/config_table.h"
#include "work/base/cpus.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* Every test starts with it empty. */
static char directory[] = "/tmp/test_config.XXXXXX";

char *
support_source_path (const char *name)
{
    const char *const srcdir = getenv ("srcdir");
    char *path;

    assert_true (asprintf (&path, "%s/%s", srcdir != NULL ? srcdir : ".", name) > 0);
    return path;
}

char *
support_read (const char *path)
{
    FILE *const stream = fopen (path, "r");
    char *text = NULL;
    size_t size = 0;

    if (stream == NULL) {
        fail_msg ("%s: %s", path, strerror (errno));
    }
    if (getdelim (&text, &size, '\0', stream) < 0) {
        free (text);
        text = strdup ("");
        assert_non_null (text);
    }
    fclose (stream);
    return text;
}

char *
support_written_path (enum config_file file)
{
    char *path;

    assert_true (asprintf (&path, "%s/%s", directory, config_file_name (file)) > 0);
    return path;
}

void
support_write (enum config_file file, const char *text)
{
    char *const path = support_written_path (file);
    FILE *const stream = fopen (path, "w");

    assert_non_null (stream);
    assert_int_equal (fwrite (text, 1, strlen (text), stream), strlen (text));
    assert_int_equal (fclose (stream), 0);
    free (path);
}

int
support_empty_directory (void **state)
{
    static const enum config_file files[] = {CONFIG_FILE_NODE, CONFIG_FILE_RPC};
    (void)state;

    for (size_t i = 0; i < COUNT (files); i++) {
        char *const path = support_written_path (files[i]);

        if (unlink (path) != 0 && rmdir (path) != 0 && errno != ENOENT) {
            return -1;
        }
        free (path);
    }
    return 0;
}

int
support_make_directory (void **state)
{
    (void)state;
    return mkdtemp (directory) != NULL ? 0 : -1;
}

int
support_remove_directory (void **state)
{
    (void)state;
    return rmdir (directory);
}

/* All messages, a line each, with `prefix` taken off the path; to be freed. */
static char *
render (const struct config_report *report, const char *prefix)
{
    char *text;
    size_t size;
    FILE *const stream = open_memstream (&text, &size);
    const size_t length = strlen (prefix);

    assert_non_null (stream);
    for (size_t i = 0; i < report->count; i++) {
        const char *message = report->messages[i].text;

        if (strncmp (message, prefix, length) == 0 && message[length] == '/') {
            message += length + 1;
        }
        fprintf (stream, "%s: %s\n", report->messages[i].error ? "error" : "warning", message);
    }
    assert_int_equal (fclose (stream), 0);
    return text;
}

const struct config *
support_load_sources (const struct config_sources *sources, const char *expected)
{
    struct config_report report;
    const struct config *const config = config_load (sources, &report);
    char *const messages = render (&report, sources->data_path);

    assert_string_equal (messages, expected);
    if (report.errors == 0) {
        assert_non_null (config);
    } else {
        assert_null (config);
    }
    free (messages);
    config_report_clear (&report);
    assert_int_equal (report.count, 0);
    return config;
}

const struct config *
support_load (const char *const *overrides, const char *const *rpc_overrides, const char *expected)
{
    struct config_sources sources = {
        .data_path = directory, .overrides = overrides, .rpc_overrides = rpc_overrides};

    while (overrides != NULL && overrides[sources.override_count] != NULL) {
        sources.override_count++;
    }
    while (rpc_overrides != NULL && rpc_overrides[sources.rpc_override_count] != NULL) {
        sources.rpc_override_count++;
    }
    return support_load_sources (&sources, expected);
}

void
support_assert_endpoint (const struct config_endpoints *list, size_t index, const char *expected)
{
    char text[ENDPOINT_TEXT_SIZE];

    assert_true (index < list->count);
    endpoint_print (&list->items[index], text);
    assert_string_equal (text, expected);
}

void
support_assert_number (double value, double expected)
{
    assert_false (value < expected || value > expected);
}

void
support_assert_defaults (const struct config *config)
{
    assert_int_equal (config->work_threads, cpus_available ());
    assert_int_equal (config->work_peers.count, 0);
    assert_int_equal (config->secondary_work_peers.count, 1);
    support_assert_endpoint (&config->secondary_work_peers, 0, "127.0.0.1:8076");
    support_assert_number (config->max_work_generate_multiplier, 64);
    assert_int_equal (config->pow_sleep_interval, 0);
    assert_false (config->opencl_enable);
    assert_int_equal (config->opencl_platform, 0);
    assert_int_equal (config->opencl_device, 0);
    assert_int_equal (config->opencl_threads, 1048576);
    assert_int_equal (config->opencl_select.count, 0);
    support_assert_number (config->opencl_batch_time, 0.01);
    assert_int_equal (config->rpc_address.count, 2);
    assert_string_equal (config->rpc_address.items[0], "127.0.0.1");
    assert_string_equal (config->rpc_address.items[1], "::1");
    assert_int_equal (config->rpc_port, 7000);
    assert_false (config->rpc_enable_control);
    assert_int_equal (config->rpc_max_json_depth, 20);
    assert_int_equal (config->rpc_max_request_size, 32768);
    assert_int_equal (config->rpc_max_header_size, 8192);
    assert_int_equal (config->rpc_max_memory, 64 * 1024 * 1024);
    assert_int_equal (config->rpc_max_connections, 1024);
    assert_int_equal (config->rpc_max_connections_per_address, 512);
    assert_int_equal (config->access_keys.count, 0);
    assert_int_equal (config->access_allow.count, 0);
    assert_int_equal (config->access_nodes.count, 0);
    assert_int_equal (config->access_proxies.count, 0);
    assert_false (config->access_proxy_protocol);
    support_assert_number (config->access_rate, 0);
    support_assert_number (config->access_burst, 0);
    assert_int_equal (config->access_max_jobs, 0);
    support_assert_number (config->access_max_multiplier, 0);
    support_assert_number (config->rpc_read_timeout, 30);
    support_assert_number (config->rpc_idle_timeout, 120);
    assert_int_equal (config->work_max_queue, 4096);
    support_assert_number (config->work_request_timeout, 300);
    support_assert_number (config->work_batch_time, 0.005);
    assert_string_equal (config->work_scanner, "auto");
    assert_int_equal (config->peers_mode, CONFIG_PEERS_SERIAL);
    assert_int_equal (config->peers_local, CONFIG_PEERS_LOCAL_FALLBACK);
    assert_int_equal (config->store_on_failure, CONFIG_ON_FAILURE_CONTINUE);
    assert_int_equal (config->precache_subtype, CONFIG_SUBTYPE_SEND);
    assert_true (config->web_enable);
    assert_int_equal (config->log.level, LOG_LEVEL_INFO);
    assert_int_equal (config->log.format, LOG_FORMAT_HUMAN);
    assert_int_equal (config->log.target, LOG_TARGET_AUTO);
    assert_string_equal (config->log.file, "");
}
