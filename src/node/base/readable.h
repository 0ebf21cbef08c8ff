/*
 * Amounts and times as people read them: "53.5 MH/s", "3 h 12 min". Pure; any thread.
 */
#ifndef NODE_READABLE_H
#define NODE_READABLE_H

#define READABLE_SIZE 48

/*
 * Writes `value`, from 0 on, with three digits, a prefix of the SI and `unit`, which may be "".
 * What is no such number is "-".
 */
void readable_amount (double value, const char *unit, char text[READABLE_SIZE]);

/* Writes `seconds`, from 0 on, in the one or two units that suit it. */
void readable_seconds (double seconds, char text[READABLE_SIZE]);

#endif
