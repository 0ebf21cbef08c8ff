/*
 * The words that go with an HTTP status. Pure; any thread.
 */
#ifndef RPC_HTTP_STATUS_H
#define RPC_HTTP_STATUS_H

/* "Error" or "OK" for a status that nobody here sends. Static. */
const char *http_status_reason (int status);

#endif
