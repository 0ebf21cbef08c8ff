/*
 * The text of metrics: both formats to the byte, what may stand in a label, and which format a
 * client gets. The expected texts are the specifications' own rules, written out by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/metrics/exposition.h"

#define LABELS EXPOSITION_LABELS

struct fixture {
    struct evbuffer *output;
    struct exposition exposition;
};

static int
set_up (void **state)
{
    static struct fixture fixture;

    fixture.output = evbuffer_new ();
    *state = &fixture;
    return fixture.output != NULL ? 0 : -1;
}

static int
tear_down (void **state)
{
    struct fixture *fixture = *state;

    evbuffer_free (fixture->output);
    return 0;
}

static struct exposition *
begin (struct fixture *fixture, enum exposition_format format)
{
    exposition_init (&fixture->exposition, format, fixture->output);
    return &fixture->exposition;
}

static void
assert_text (struct fixture *fixture, const char *expected)
{
    exposition_end (&fixture->exposition);
    assert_int_equal (evbuffer_add (fixture->output, "", 1), 0);
    assert_string_equal ((const char *)evbuffer_pullup (fixture->output, -1), expected);
}

static void
put_some (struct exposition *out)
{
    exposition_family (out, EXPOSITION_COUNTER, "w_sent_bytes", "Bytes sent.");
    exposition_whole (out, LABELS ({"face", "rpc"}), UINT64_MAX);
    exposition_whole (out, LABELS ({"face", "a"}, {"b", "c"}), 0);
    exposition_family (out, EXPOSITION_GAUGE, "w_age_seconds", "An age.");
    exposition_real (out, NULL, 0.25);
    exposition_family (out, EXPOSITION_INFO, "w_build", "What runs.");
    exposition_whole (out, LABELS ({"version", "1"}), 1);
}

static void
test_prometheus (void **state)
{
    struct fixture *fixture = *state;

    put_some (begin (fixture, EXPOSITION_PROMETHEUS));
    assert_text (fixture, "# HELP w_sent_bytes_total Bytes sent.\n"
                          "# TYPE w_sent_bytes_total counter\n"
                          "w_sent_bytes_total{face=\"rpc\"} 18446744073709551615\n"
                          "w_sent_bytes_total{face=\"a\",b=\"c\"} 0\n"
                          "# HELP w_age_seconds An age.\n"
                          "# TYPE w_age_seconds gauge\n"
                          "w_age_seconds 0.25\n"
                          "# HELP w_build_info What runs.\n"
                          "# TYPE w_build_info gauge\n"
                          "w_build_info{version=\"1\"} 1\n");
}

static void
test_openmetrics (void **state)
{
    struct fixture *fixture = *state;

    put_some (begin (fixture, EXPOSITION_OPENMETRICS));
    assert_text (fixture, "# HELP w_sent_bytes Bytes sent.\n"
                          "# TYPE w_sent_bytes counter\n"
                          "# UNIT w_sent_bytes bytes\n"
                          "w_sent_bytes_total{face=\"rpc\"} 18446744073709551615\n"
                          "w_sent_bytes_total{face=\"a\",b=\"c\"} 0\n"
                          "# HELP w_age_seconds An age.\n"
                          "# TYPE w_age_seconds gauge\n"
                          "# UNIT w_age_seconds seconds\n"
                          "w_age_seconds 0.25\n"
                          "# HELP w_build What runs.\n"
                          "# TYPE w_build info\n"
                          "w_build_info{version=\"1\"} 1\n"
                          "# EOF\n");
}

static void
test_label_values (void **state)
{
    static const struct {
        const char *value;
        const char *text;
    } cases[] = {
        {"", ""},
        {"a\\b\"c\nd", "a\\\\b\\\"c\\nd"},
        {"tab\there\r{}=,#", "tab\there\r{}=,#"},
        /* Good: the first and the last character of each length, and beside the surrogates. */
        {"\x01\x7f", "\x01\x7f"},
        {"\xc2\x80\xdf\xbf", "\xc2\x80\xdf\xbf"},
        {"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
         "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
        {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        /* Bad: alone, overlong, surrogate, beyond the last, cut short. */
        {"\x80", "\xef\xbf\xbd"},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc1\xbf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe0\x9f\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xff", "\xef\xbf\xbd"},
        {"a\xc3", "a\xef\xbf\xbd"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x98", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc3\"", "\xef\xbf\xbd\\\""},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct exposition *out = begin (fixture, EXPOSITION_PROMETHEUS);
        char expected[128];
        exposition_family (out, EXPOSITION_GAUGE, "g", "h");
        (void)evbuffer_drain (fixture->output, evbuffer_get_length (fixture->output));
        exposition_whole (out, LABELS ({"l", cases[i].value}), 7);
        snprintf (expected, sizeof expected, "g{l=\"%s\"} 7\n", cases[i].text);
        assert_text (fixture, expected);
        (void)evbuffer_drain (fixture->output, evbuffer_get_length (fixture->output));
    }
}

static void
test_numbers (void **state)
{
    struct fixture *fixture = *state;
    struct exposition *out = begin (fixture, EXPOSITION_OPENMETRICS);

    exposition_family (out, EXPOSITION_GAUGE, "g", "h");
    (void)evbuffer_drain (fixture->output, evbuffer_get_length (fixture->output));
    exposition_real (out, NULL, 0);
    exposition_real (out, NULL, 0.1);
    exposition_real (out, NULL, 1795235406.75);
    exposition_real (out, NULL, 1e300);
    exposition_real (out, NULL, NAN);
    exposition_real (out, NULL, INFINITY);
    exposition_real (out, NULL, -INFINITY);
    assert_text (fixture, "g 0\ng 0.1\ng 1795235406.75\ng 1e+300\ng NaN\ng +Inf\ng -Inf\n# EOF\n");
}

static void
test_histogram (void **state)
{
    struct fixture *fixture = *state;
    struct exposition *out = begin (fixture, EXPOSITION_PROMETHEUS);
    struct histogram histogram = {.sum = 0};

    histogram_observe (&histogram, 0.00005);
    histogram_observe (&histogram, 0.0001); /* on a bound is within */
    histogram_observe (&histogram, 0.75);
    histogram_observe (&histogram, 1000);
    exposition_family (out, EXPOSITION_HISTOGRAM, "h_seconds", "Durations.");
    exposition_histogram (out, LABELS ({"source", "cpu"}), &histogram);
    assert_text (fixture, "# HELP h_seconds Durations.\n"
                          "# TYPE h_seconds histogram\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.0001\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.00025\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.0005\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.001\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.0025\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.005\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.01\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.025\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.05\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.1\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.25\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"0.5\"} 2\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"1.0\"} 3\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"2.5\"} 3\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"5.0\"} 3\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"10.0\"} 3\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"30.0\"} 3\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"60.0\"} 3\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"300.0\"} 3\n"
                          "h_seconds_bucket{source=\"cpu\",le=\"+Inf\"} 4\n"
                          "h_seconds_sum{source=\"cpu\"} 1000.75015\n"
                          "h_seconds_count{source=\"cpu\"} 4\n");
}

static void
test_choice (void **state)
{
    static const struct {
        const char *accept;
        bool open;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"*/*", false},
        {"text/plain", false},
        {"text/html,*/*;q=0.8", false},
        {"application/openmetrics-text", true},
        {"Application/OpenMetrics-Text", true},
        {"application/openmetrics-text; version=1.0.0; charset=utf-8", true},
        {"application/openmetrics-text;version=\"1.0.0\"", true},
        {"application/openmetrics-text;version=0.0.1", false},
        {"application/openmetrics-text;version=2.0.0", false},
        {"application/openmetrics-textual", false},
        {"application/openmetrics-text;q=0", false},
        {"application/openmetrics-text;q=0.000", false},
        {"application/openmetrics-text;q=0.001", true},
        {"application/openmetrics-text;q=", false},
        {"application/openmetrics-text;q=x", false},
        {"application/openmetrics-text;q", true},
        {"application/openmetrics-text ; q = 0.3 , text/plain ; q = 0.2", true},
        {"application/openmetrics-text;q=0.3,text/plain;q=0.4", false},
        {"text/plain;q=0.4,application/openmetrics-text;q=0.4", true},
        {"text/plain,application/openmetrics-text", true},
        {"text/plain;q=1.000,application/openmetrics-text;q=0.999", false},
        {",,;;,=,;q=,application/openmetrics-text,", true},
        /* Prometheus 2.42's own, and that of one before OpenMetrics. */
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q="
         "0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         true},
        {"text/plain;version=0.0.4;q=1,*/*;q=0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if ((exposition_choose (cases[i].accept) == EXPOSITION_OPENMETRICS) != cases[i].open) {
            fail_msg ("wrong format for %s", cases[i].accept);
        }
    }
    assert_string_equal (exposition_type (EXPOSITION_PROMETHEUS),
                         "text/plain; version=0.0.4; charset=utf-8");
    assert_string_equal (exposition_type (EXPOSITION_OPENMETRICS),
                         "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_prometheus), TEST (test_openmetrics), TEST (test_label_values),
        TEST (test_numbers),    TEST (test_histogram),   TEST (test_choice),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
