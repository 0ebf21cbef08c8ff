/*
 * The words that go with an HTTP status, and the interim answer. Any thread.
 */
#ifndef RPC_HTTP_STATUS_H
#define RPC_HTTP_STATUS_H

#include <stdbool.h>

/* "Error" or "OK" for a status that nobody here sends. Static. */
const char *http_status_reason (int status);

/* Sends "100 Continue" on a socket to which nothing is being sent. Returns whether it went. */
bool http_status_continue (int fd);

#endif
