#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <math.h>

#include "node/cli/screen.h"

/* Computed with arbitrary precision: 1 - (1 - 1/expected)^hashes. */
static void
test_odds (void **state)
{
    static const struct {
        double hashes;
        double expected;
        double odds;
    } known[] = {
        {0, 536870912, 0},
        {1, 2, 0.5},
        {3, 2, 0.875},
        {536870912, 536870912, 6.321205591711722e-01},
        {1, 18446744073709551616.0, 5.421010862427522e-20},
        {1e6, 536870912, 1.860911504043207e-03},
        {1e12, 536870912, 1},
        {5, 1, 1},
        {0, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const double odds = screen_odds (known[i].hashes, known[i].expected);

        assert_true (fabs (odds - known[i].odds) <= 1e-9 * (known[i].odds + 1e-12));
    }
}

static const struct screen_progress half = {
    .hashes = 372130559, .rate = 53512345, .seconds = 6.95, .expected = 536870912};

static void
test_progress_line (void **state)
{
    struct screen_progress about = half;
    char line[SCREEN_LINE_SIZE];

    (void)state;
    screen_print_progress (&half, "2/10 ", 70, line);
    assert_string_equal (line,
                         "2/10 [#####-----] odds so far 50.0 %  372 M hashes  53.5 MH/s  6.95 s");
    about.about = true;
    screen_print_progress (&about, "", 200, line);
    assert_string_equal (line, "[####################--------------------] odds so far 50.0 %  "
                               "about 372 M hashes  53.5 MH/s  6.95 s");
}

static void
test_progress_line_fits (void **state)
{
    (void)state;
    for (size_t width = 1; width < 200; width++) {
        char line[SCREEN_LINE_SIZE];

        screen_print_progress (&half, "1/10 ", width, line);
        assert_true (strlen (line) < width);
    }
}

/* Nothing for a terminal goes where there is none. */
static void
test_no_terminal (void **state)
{
    char *text = NULL;
    size_t size;
    FILE *const file = tmpfile ();
    FILE *const memory = open_memstream (&text, &size);

    (void)state;
    assert_non_null (file);
    assert_non_null (memory);
    assert_int_equal (screen_width (file), 0);
    assert_int_equal (screen_width (memory), 0);
    screen_show (file, "line");
    screen_show (memory, "");
    assert_int_equal (ftell (file), 0);
    assert_int_equal (fclose (file), 0);
    assert_int_equal (fclose (memory), 0);
    assert_string_equal (text, "");
    free (text);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_odds),
        cmocka_unit_test (test_progress_line),
        cmocka_unit_test (test_progress_line_fits),
        cmocka_unit_test (test_no_terminal),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
