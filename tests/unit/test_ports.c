/* The operations that the port limits are worked out with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ports.h"

static void
test_operations (void **state)
{
    static const struct {
        const char *scanner;
        unsigned operations;
    } rows[] = {
        {"portable", 2268}, {"avx2", 2618}, {"avx512", 2267}, {"neon", 2445}, {"neon-sha3", 1553},
    };
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct ports *ports = ports_of (scanners[i]);
        for (size_t j = 0; j < sizeof rows / sizeof rows[0] && ports != NULL; j++) {
            if (strcmp (rows[j].scanner, scanners[i]->name) == 0) {
                assert_int_equal (ports->operations, rows[j].operations);
            }
        }
    }
}

/* They end, and leave the caller's registers as they were. */
static void
test_adds (void **state)
{
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);
    volatile uint64_t kept[4] = {1, 2, 3, 4};

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct ports *ports = ports_of (scanners[i]);
        const uint64_t a = kept[0], b = kept[1], c = kept[2], d = kept[3];
        if (ports != NULL && scanners[i]->usable ()) {
            ports->adds (1);
            ports->adds (1000);
        }
        assert_true (a == 1 && b == 2 && c == 3 && d == 4);
    }
}

static void
test_unknown (void **state)
{
    const struct scanner unknown = {.name = "abacus"};

    (void)state;
    assert_null (ports_of (&unknown));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_operations),
        cmocka_unit_test (test_adds),
        cmocka_unit_test (test_unknown),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
