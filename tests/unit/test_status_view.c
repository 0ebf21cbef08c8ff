#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <stdbool.h>

#include "node/base/table.h"
#include "node/cli/status_view.h"

/* What is shown of `json`; the caller's. */
static char *
view (const char *json, size_t width)
{
    json_t *const status = json_loads (json, 0, NULL);
    char *text = NULL;
    size_t size;
    FILE *const stream = open_memstream (&text, &size);

    assert_non_null (status);
    assert_non_null (stream);
    status_view_print (status, "http://h:1", width, stream);
    assert_int_equal (fclose (stream), 0);
    json_decref (status);
    return text;
}

static void
expect (const char *json, size_t width, const char *expected)
{
    char *const text = view (json, width);

    assert_string_equal (text, expected);
    free (text);
}

static const char usual[] =
    "{\"generating\":\"1\", \"queue_size\":\"2\", \"jobs\":\"3\", \"hash_rate\":\"53512345\","
    "\"hashes\":\"1234567890\", \"version\":\"0.1.0\", \"network\":\"live\", \"uptime\":\"3725.5\","
    "\"devices\":[{\"name\":\"cpu 0\",\"state\":\"up\",\"reason\":\"\",\"hashes\":\"1000\","
    "\"hash_rate\":\"53512345\",\"job\":\"718CC2121C3E641059BC1C2CFC45666C\"},"
    "{\"name\":\"opencl 0:1\",\"state\":\"resting\",\"reason\":\"it was pulled out of its slot\","
    "\"hashes\":\"0\",\"hash_rate\":\"0\",\"job\":\"\"}]}";

static void
test_usual (void **state)
{
    (void)state;
    expect (usual, 0,
            "Workpeer at http://h:1\n"
            "version 0.1.0   network live   uptime 1 h 02 min\n"
            "hash rate 53.5 MH/s   hashes 1.23 G   jobs 3   queue size 2\n"
            "\n"
            "devices\n"
            "name        state    reason                         hashes  hash rate  job\n"
            "cpu 0       up       -                              1.00 k  53.5 MH/s  718CC212..\n"
            "opencl 0:1  resting  it was pulled out of its slot       0          -  -\n");
}

static void
test_narrow (void **state)
{
    (void)state;
    expect (usual, 50,
            "Workpeer at http://h:1\n"
            "version 0.1.0   network live   uptime 1 h 02 min\n"
            "hash rate 53.5 MH/s   hashes 1.23 G   jobs 3\n"
            "queue size 2\n"
            "\n"
            "devices\n"
            "name        state    hashes  hash rate  job\n"
            "cpu 0       up       1.00 k  53.5 MH/s  718CC212..\n"
            "opencl 0:1  resting       0          -  -\n");
}

static void
test_long_cells_are_cut (void **state)
{
    (void)state;
    expect (usual, 72,
            "Workpeer at http://h:1\n"
            "version 0.1.0   network live   uptime 1 h 02 min\n"
            "hash rate 53.5 MH/s   hashes 1.23 G   jobs 3   queue size 2\n"
            "\n"
            "devices\n"
            "name        state    reason                hashes  hash rate  job\n"
            "cpu 0       up       -                     1.00 k  53.5 MH/s  718CC212..\n"
            "opencl 0:1  resting  it was pulled out ..       0          -  -\n");
}

/* A rate that has not been measured is empty, which does not move the others. */
static void
test_no_rate_yet (void **state)
{
    (void)state;
    expect ("{\"devices\":[{\"name\":\"cpu 0\",\"hash_rate\":\"\"},"
            "{\"name\":\"cpu 1\",\"hash_rate\":\"1000000\"},"
            "{\"name\":\"cpu 2\",\"hash_rate\":\"\"}]}",
            80,
            "Workpeer at http://h:1\n"
            "\n"
            "devices\n"
            "name   hash rate\n"
            "cpu 0          -\n"
            "cpu 1  1.00 MH/s\n"
            "cpu 2          -\n");
}

/* Of an older daemon less; of a newer one more, whatever it is. */
static void
test_other_daemons (void **state)
{
    (void)state;
    expect ("{}", 80, "Workpeer at http://h:1\n");
    expect ("{\"generating\":\"0\",\"queue_size\":\"5\"}", 80,
            "Workpeer at http://h:1\nqueue size 5\n");
    expect ("{\"devices\":\"\",\"jobs\":7,\"hash_rate\":\"much\",\"uptime\":true}", 80,
            "Workpeer at http://h:1\nuptime true\nhash rate much   jobs 7\n");
    expect ("{\"mood\":\"fine\",\"peers\":[{\"url\":\"http://a:7000\",\"state\":\"up\"},"
            "{\"url\":\"http://b:7000\",\"wins\":3,"
            "\"failures\":{\"refused\":\"2\",\"timeout\":1}},7],\"cache\":{\"bytes\":123456,"
            "\"hits\":\"2\","
            "\"more\":[1]},\"tags\":[\"x\",\"y\",[]],\"none\":[],\"nothing\":{}}",
            80,
            "Workpeer at http://h:1\n"
            "mood fine\n"
            "\n"
            "peers\n"
            "url            state  wins  failures\n"
            "http://a:7000  up     -     -\n"
            "http://b:7000  -      3     refused 2, timeout 1\n"
            "-              -      -     -\n"
            "\n"
            "cache\n"
            "bytes 123 kB   hits 2\n"
            "\n"
            "tags\n"
            "x   y   -\n");
}

/* What a hostile daemon says does not reach the terminal. */
static void
test_nobody_speaks_to_the_terminal (void **state)
{
    char *const text =
        view ("{\"version\":\"\\u001b[2J\\r\\n\\u009b\",\"a\\u001b\":\"b\",\"l\":[\"\\u0007\"],"
              "\"d\":[{\"\\u001bx\":\"\\u001b]0;t\\u0007\"}],\"o\":{\"\\u001b\":\"\\u001b\"}}",
              80);

    (void)state;
    for (const char *c = text; *c != '\0'; c++) {
        assert_true ((*c >= ' ' && *c <= '~') || *c == '\n');
    }
    assert_non_null (strstr (text, "version ?[2J????\n"));
    free (text);
}

/* A table with many columns and long texts, at every width that its narrowest column allows. */
static void
test_every_width (void **state)
{
    (void)state;
    for (size_t width = 14; width < 200; width++) {
        char *const text = view (usual, width);

        for (const char *line = strstr (text, "devices\n"); *line != '\0';
             line += strcspn (line, "\n") + 1) {
            assert_in_range (strcspn (line, "\n"), 0, width);
        }
        free (text);
    }
}

static void
test_bounds (void **state)
{
    struct table *const table = table_new ();
    char *json = strdup ("{\"many\":[{\"x\":1");
    const char *row;
    char *text;

    (void)state;
    assert_non_null (table);
    for (int i = 0; i < TABLE_COLUMNS_MAX; i++) {
        assert_int_equal (table_add_column (table, "c", false, 1), 0);
    }
    assert_int_equal (table_add_column (table, "c", false, 1), -1);
    table_free (table);
    table_free (NULL);

    for (int i = 0; i < 100; i++) {
        char *longer;

        assert_true (asprintf (&longer, "%s,\"column %d\":\"%0400d\"", json, i, i) > 0);
        free (json);
        json = longer;
    }
    assert_true (asprintf (&text, "%s}]}", json) > 0);
    free (view (text, 0));
    free (view (text, 40));
    free (text);
    free (json);

    assert_true (asprintf (&text, "{\"a\":[{\"b\":{\"%0300d\":0,\"c\":1},\"d\":{}}]}", 7) > 0);
    json = view (text, 0);
    row = strstr (json, "b ");
    assert_non_null (row);
    row = strchr (row, '\n');
    assert_non_null (row);
    assert_int_equal (strlen (row), 1 + TABLE_CELL_SIZE - 1 + strlen ("  -\n"));
    free (json);
    free (text);
}

static void
test_store (void **state)
{
    static const char keeping[] =
        "{\"version\":\"0.1.0\","
        "\"store\":{\"entries\":\"1000000\",\"accounts\":\"1234\",\"bytes\":\"220200960\","
        "\"pending\":\"0\",\"hits\":\"12\",\"misses\":\"3\",\"error\":\"the disk is full\"}}";

    (void)state;
    expect (keeping, 0,
            "Workpeer at http://h:1\n"
            "version 0.1.0\n"
            "\n"
            "store\n"
            "entries 1.00 M   accounts 1.23 k   bytes 220 MB   pending 0   hits 12   misses 3   "
            "error the disk is full\n");
    expect (keeping, 50,
            "Workpeer at http://h:1\n"
            "version 0.1.0\n"
            "\n"
            "store\n"
            "entries 1.00 M   accounts 1.23 k   bytes 220 MB\n"
            "pending 0   hits 12   misses 3\n"
            "error the disk is full\n");
    expect ("{\"store\":\"\", \"peers\":\"\"}", 0, "Workpeer at http://h:1\n");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_usual),
        cmocka_unit_test (test_narrow),
        cmocka_unit_test (test_store),
        cmocka_unit_test (test_long_cells_are_cut),
        cmocka_unit_test (test_no_rate_yet),
        cmocka_unit_test (test_other_daemons),
        cmocka_unit_test (test_nobody_speaks_to_the_terminal),
        cmocka_unit_test (test_every_width),
        cmocka_unit_test (test_bounds),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
