/*
 * What a person finds at Atto's API: a page from which a request can be tried, and the API's
 * OpenAPI description. Everything is in the program, and the page fetches nothing from elsewhere.
 *
 * Event-loop thread.
 */
#ifndef NODE_ATTO_PAGE_H
#define NODE_ATTO_PAGE_H

#include "rpc/server/routes.h"

/* Ended by a NULL path; need no context. */
extern const struct route atto_page_routes[];

#endif
