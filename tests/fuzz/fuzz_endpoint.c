/*
 * Work peers' endpoints and URLs, and lists of hops: what was read can be printed and read again
 * as the same, and what cannot be read says what was expected and leaves the result alone.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rpc/base/url.h"
#include "rpc/peer/hops.h"

/* A host goes into a Host header and into the log. */
static void
check_host (const struct endpoint *endpoint)
{
    const size_t length = strnlen (endpoint->host, ENDPOINT_HOST_SIZE);

    FUZZ_CHECK (length > 0 && length < ENDPOINT_HOST_SIZE);
    for (size_t i = 0; i < length; i++) {
        FUZZ_CHECK (endpoint->host[i] > ' ' && endpoint->host[i] < 0x7f);
    }
}

static void
check_same (const struct endpoint *one, const struct endpoint *other)
{
    FUZZ_CHECK (strcmp (one->host, other->host) == 0 && one->port == other->port);
}

static void
check_endpoint (const char *text)
{
    struct endpoint endpoint = {.port = 7};
    struct endpoint again;
    char printed[ENDPOINT_TEXT_SIZE];
    const char *expected = NULL;

    if (endpoint_parse (text, &endpoint, &expected) != 0) {
        FUZZ_CHECK (expected != NULL && endpoint.port == 7 && endpoint.host[0] == '\0');
        return;
    }
    check_host (&endpoint);
    endpoint_print (&endpoint, printed);
    FUZZ_CHECK (endpoint_parse (printed, &again, &expected) == 0);
    check_same (&endpoint, &again);
    FUZZ_CHECK (endpoint_make (endpoint.host, endpoint.port, &again, &expected) == 0);
    check_same (&endpoint, &again);
}

static void
check_made (const char *host)
{
    struct endpoint endpoint = {.port = 7};
    struct endpoint again;
    char printed[ENDPOINT_TEXT_SIZE];
    const char *expected = NULL;

    if (endpoint_make (host, 7076, &endpoint, &expected) != 0) {
        FUZZ_CHECK (expected != NULL && endpoint.port == 7 && endpoint.host[0] == '\0');
        return;
    }
    check_host (&endpoint);
    endpoint_print (&endpoint, printed);
    FUZZ_CHECK (endpoint_parse (printed, &again, &expected) == 0);
    check_same (&endpoint, &again);
}

/* The path goes into a request line. */
static void
check_url (const char *text)
{
    struct url url = {.endpoint.port = 7, .path = "untouched"};
    const char *expected = NULL;

    if (url_parse (text, HTTP_PORT, &url, &expected) != 0) {
        FUZZ_CHECK (expected != NULL && url.endpoint.port == 7);
        FUZZ_CHECK (strcmp (url.path, "untouched") == 0);
        return;
    }
    check_host (&url.endpoint);
    FUZZ_CHECK (url.path[0] == '/' && strnlen (url.path, sizeof url.path) < sizeof url.path);
    for (size_t i = 0; url.path[i] != '\0'; i++) {
        FUZZ_CHECK (url.path[i] > ' ' && url.path[i] < 0x7f);
    }
}

/* However it came, a request goes no further than HOPS_MAX daemons. */
static void
check_hops (const char *text)
{
    struct hops hops;
    struct hops again;
    char printed[HOPS_TEXT_SIZE];

    hops_parse (text, &hops);
    FUZZ_CHECK (hops.count <= HOPS_MAX);
    FUZZ_CHECK (!hops_is_id (text) || hops_contains (&hops, text));
    while (hops_append (&hops, "me") == 0) {
        FUZZ_CHECK (hops_contains (&hops, "me"));
    }
    FUZZ_CHECK (hops.count == HOPS_MAX);
    hops_print (&hops, printed);
    FUZZ_CHECK (strnlen (printed, sizeof printed) < sizeof printed);
    hops_parse (printed, &again);
    FUZZ_CHECK (hops_same (&hops, &again));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *text = fuzz_text (data, size);

    check_endpoint (text);
    check_made (text);
    check_url (text);
    check_hops (text);
    free (text);
    return 0;
}
