/*
 * A daemon's status as a screenful of text. It takes what there is: of an older daemon less, of a
 * newer one also fields, lists and objects that nobody here knows. Pure but for the stream.
 */
#ifndef NODE_STATUS_VIEW_H
#define NODE_STATUS_VIEW_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Writes `status`, an object, in lines of at most `width` columns where that is possible; 0 is
 * without bounds.
 */
void status_view_print (json_t *status, const char *url, size_t width, FILE *stream);

#endif
