/*
 * Which route a method and a path lead to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/server/routes.h"

static void
run_a (void *context, struct request *request)
{
    (void)context;
    (void)request;
}

static void
run_b (void *context, struct request *request)
{
    (void)context;
    (void)request;
}

static const struct route first[] = {
    {ROUTE_GET, "/health", false, run_a, ACCESS_RIGHT_NONE},
    {ROUTE_POST, "/both", true, run_a, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

static const struct route second[] = {
    {ROUTE_GET, "/both", false, run_b, ACCESS_RIGHT_NONE},
    {ROUTE_POST, "/post", true, run_b, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

static int first_context;
static int second_context;

static struct routes
two_tables (void)
{
    struct routes routes = {0};

    routes_add (&routes, first, &first_context, false);
    routes_add (&routes, second, &second_context, false);
    return routes;
}

static void
test_found (void **state)
{
    struct routes routes = two_tables ();
    struct routes_match match;

    (void)state;
    assert_true (routes_find (&routes, ROUTE_GET, "/health", &match));
    assert_ptr_equal (match.route, &first[0]);
    assert_ptr_equal (match.context, &first_context);
    assert_string_equal (match.allow, "GET, HEAD, OPTIONS");
    assert_false (match.any_origin);
    assert_true (routes_find (&routes, ROUTE_POST, "/post", &match));
    assert_ptr_equal (match.route, &second[1]);
    assert_ptr_equal (match.context, &second_context);
    assert_string_equal (match.allow, "POST, OPTIONS");
    assert_true (match.any_origin);
}

static void
test_one_path_in_two_tables (void **state)
{
    struct routes routes = two_tables ();
    struct routes_match match;

    (void)state;
    assert_true (routes_find (&routes, ROUTE_POST, "/both", &match));
    assert_ptr_equal (match.route, &first[1]);
    assert_ptr_equal (match.context, &first_context);
    assert_true (routes_find (&routes, ROUTE_GET, "/both", &match));
    assert_ptr_equal (match.route, &second[0]);
    assert_ptr_equal (match.context, &second_context);
    assert_string_equal (match.allow, "GET, HEAD, POST, OPTIONS");
    assert_true (match.any_origin);
}

static const struct route pages[] = {
    {ROUTE_PAGE, "/", false, run_a, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/both", false, run_a, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

/* A page is there for who accepts one, and for nobody else; who accepts one finds the rest, too. */
static void
test_page (void **state)
{
    struct routes routes = {0};
    struct routes_match match;

    (void)state;
    routes_add (&routes, pages, &first_context, true);
    assert_true (routes_find (&routes, ROUTE_PAGE, "/", &match));
    assert_ptr_equal (match.route, &pages[0]);
    assert_string_equal (match.allow, "GET, HEAD, OPTIONS");
    assert_true (match.open);
    assert_false (routes_find (&routes, ROUTE_GET, "/", &match));
    assert_false (routes_find (&routes, ROUTE_POST, "/", &match));
    assert_false (routes_find (&routes, ROUTE_OTHER, "/", &match));
    assert_true (routes_find (&routes, ROUTE_PAGE, "/both", &match));
    assert_ptr_equal (match.route, &pages[1]);
    assert_true (routes_find (&routes, ROUTE_POST, "/both", &match));
    assert_null (match.route);
}

static void
test_other_method (void **state)
{
    struct routes routes = two_tables ();
    struct routes_match match;

    (void)state;
    assert_true (routes_find (&routes, ROUTE_POST, "/health", &match));
    assert_null (match.route);
    assert_string_equal (match.allow, "GET, HEAD, OPTIONS");
    assert_true (routes_find (&routes, ROUTE_OTHER, "/both", &match));
    assert_null (match.route);
}

static void
test_unknown_path (void **state)
{
    static const char *const paths[] = {"",         "/",       "/Health",  "/health/",
                                        "//health", "/healt",  "/healthy", "health",
                                        "/post?x",  "/post#x", "*",        "/%68ealth"};
    struct routes routes = two_tables ();
    struct routes none = {0};
    struct routes_match match = {.context = &routes};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_false (routes_find (&routes, ROUTE_GET, paths[i], &match));
    }
    assert_false (routes_find (&none, ROUTE_GET, "/health", &match));
    assert_ptr_equal (match.context, &routes);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_found),        cmocka_unit_test (test_one_path_in_two_tables),
        cmocka_unit_test (test_page),         cmocka_unit_test (test_other_method),
        cmocka_unit_test (test_unknown_path),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
