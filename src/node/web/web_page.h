/*
 * What a browser fetches of the pages: the status page, and the page at Atto's API from which a
 * request can be tried, with the API's OpenAPI description. Everything is in the program, and the
 * pages fetch nothing from elsewhere. None of it tells anything of this daemon.
 *
 * Event-loop thread.
 */
#ifndef NODE_WEB_PAGE_H
#define NODE_WEB_PAGE_H

#include "rpc/server/request.h"
#include "rpc/server/routes.h"

/* Each ended by a NULL path; need no context. */
extern const struct route web_page_routes[];
extern const struct route web_page_atto_routes[];

/* To the answer to `request`: the headers of everything that a browser shows. */
void web_page_add_headers (struct request *request);

#endif
