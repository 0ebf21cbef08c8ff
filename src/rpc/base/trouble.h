/*
 * What goes wrong here and nobody else would say: for whoever runs the program to read. Global, as
 * the log that it ends in is, which this floor does not know.
 */
#ifndef RPC_TROUBLE_H
#define RPC_TROUBLE_H

/*
 * From now on `tell` hears of trouble, a sentence each, on any thread; it must not allocate. NULL,
 * as in the beginning, is nobody. Before other threads start.
 */
void trouble_set (void (*tell) (const char *text));

/* Tells it, cut after 255 bytes. errno is preserved. */
void trouble_tell (const char *format, ...) __attribute__ ((format (printf, 1, 2)));

#endif
