/*
 * A state (web_state.h) as a plain HTML document of tables, for a browser without JavaScript. It
 * does not fetch itself again, which would take a reader's place away. Pure; any thread.
 */
#ifndef NODE_WEB_TABLE_H
#define NODE_WEB_TABLE_H

#include <event2/buffer.h>
#include <jansson.h>

/* Lists and objects within those at the top are written as text. */
void web_table_print (json_t *state, struct evbuffer *output);

#endif
