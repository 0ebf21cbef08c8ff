/*
 * The HTML pages that evhttp answers with when it cannot read a request: recognised in a
 * connection's output, and replaced by an error in JSON before they are sent. Event-loop thread.
 */
#ifndef RPC_ERROR_PAGE_H
#define RPC_ERROR_PAGE_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>

/*
 * The status of the answer at the front of `output`, 0 when there is none. A bufferevent keeps its
 * output's front frozen, so it is looked at in place.
 */
int error_page_status (struct evbuffer *output);

/*
 * What to say in the place of a page with `status`: `keep_status` where the client is told that,
 * too; `long_header` when more has come than a header may be long. Static.
 */
const char *error_page_text (int status, bool keep_status, bool long_header);

/*
 * Puts {"error": `error`} with `status` in the place of everything that is in the output of `bev`,
 * as soon as evhttp has written the rest of its page: before the loop turns, and so before
 * anything is sent. `error` is static.
 */
void error_page_replace (struct event_base *base, struct bufferevent *bev, int status,
                         const char *error);

#endif
