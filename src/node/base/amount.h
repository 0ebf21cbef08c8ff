/*
 * Amounts as people read them: "53.5 MH/s", "3 h 12 min". Pure; any thread.
 */
#ifndef NODE_AMOUNT_H
#define NODE_AMOUNT_H

#define AMOUNT_SIZE 48

/*
 * Writes `value`, from 0 on, with three digits, a prefix of the SI and `unit`, which may be "".
 * What is no such number is "-".
 */
void amount_print (double value, const char *unit, char text[AMOUNT_SIZE]);

/* Writes `seconds`, from 0 on, in the one or two units that suit it. */
void amount_print_seconds (double seconds, char text[AMOUNT_SIZE]);

#endif
