/*
 * The one place where decimal text becomes a number: whole string, range checked, no locale, no
 * blanks. Pure; any thread.
 */
#ifndef WORK_NUMBER_H
#define WORK_NUMBER_H

#include <stdint.h>

/*
 * Digits only (no sign, no blank). Returns 0, or -1 with `value` untouched when `text` is not such
 * a number or lies outside min..max.
 */
int number_parse_unsigned (const char *text, uint64_t min, uint64_t max, uint64_t *value);

/*
 * A decimal floating-point number: optional sign, digits with an optional point (which may come
 * first or last), optional exponent. "inf", "nan" and hexadecimal floats are refused. What is too
 * large for a double ("1e999") reads as infinity and what is too small as 0 or nearly so: the
 * caller's range must judge. Independent of the locale. Returns 0, or -1 with `value` untouched.
 */
int number_parse_double (const char *text, double *value);

#endif
