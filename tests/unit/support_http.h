/*
 * A client for tests of servers, in the thread of the server: it turns the loop while it waits.
 * Whatever goes wrong fails the test.
 */
#ifndef TESTS_SUPPORT_HTTP_H
#define TESTS_SUPPORT_HTTP_H

#include <event2/event.h>
#include <stdint.h>

#include "work/base/clock.h"

#define HTTP_PATIENCE (20 * CLOCK_SECOND)

/* Turns the loop once, and rests a moment. */
void http_turn (struct event_base *base);

/* A connection to 127.0.0.1; the caller's to close. */
int http_dial (uint16_t port);

void http_say (int fd, const char *text);

/*
 * Reads until `end` has come, or, when that is NULL, until the server closes. The text is static,
 * good until the next call.
 */
const char *http_hear (struct event_base *base, int fd, const char *end);

/* Says `request` on a connection of its own and hears the answer, as http_hear does. */
const char *http_ask (struct event_base *base, uint16_t port, const char *request, const char *end);

void assert_has (const char *text, const char *part);
void assert_has_not (const char *text, const char *part);

#endif
