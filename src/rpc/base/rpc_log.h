/*
 * A line of the log from this floor, which does not know the log: what goes wrong here and nobody
 * else would say. Global, as the log is.
 */
#ifndef RPC_LOG_H
#define RPC_LOG_H

/*
 * Has `writer` write the lines, each a sentence, on any thread; it must not allocate. NULL, as in
 * the beginning, is nobody. Before other threads start.
 */
void rpc_log_set_writer (void (*writer) (const char *text));

/* Writes a line, cut after 255 bytes. errno is preserved. */
void rpc_log_write (const char *format, ...) __attribute__ ((format (printf, 1, 2)));

#endif
