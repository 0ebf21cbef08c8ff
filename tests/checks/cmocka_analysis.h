/* cmocka for the analysers, which cannot see that its assertions do not return: they are conditions
 * here. `make analyze` includes it before each unit test; nothing is built with it. */

#ifndef TESTS_CMOCKA_ANALYSIS_H
#define TESTS_CMOCKA_ANALYSIS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define ANALYSIS_ASSERT(condition) ((condition) ? (void)0 : abort ())

#undef assert_true
#undef assert_false
#undef assert_null
#undef assert_non_null
#undef assert_int_equal
#undef assert_int_not_equal
#undef skip
#define skip() abort ()
#define assert_true(condition) ANALYSIS_ASSERT (condition)
#define assert_false(condition) ANALYSIS_ASSERT (!(condition))
#define assert_null(pointer) ANALYSIS_ASSERT ((pointer) == NULL)
#define assert_non_null(pointer) ANALYSIS_ASSERT ((pointer) != NULL)
#define assert_int_equal(left, right) ANALYSIS_ASSERT ((left) == (right))
#define assert_int_not_equal(left, right) ANALYSIS_ASSERT ((left) != (right))

#endif
