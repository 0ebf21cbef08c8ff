#include "rpc/base/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "work/base/number.h"

/* What the DNS allows, without the root's dot (RFC 1035). */
enum { NAME_MAX_LENGTH = 253, LABEL_MAX_LENGTH = 63 };

static const char EXPECTED_FORM[] = "\"host:port\" or \"[IPv6 address]:port\"";
static const char EXPECTED_PORT[] = "a port from 0 to 65535 after the last ':'";
static const char EXPECTED_HOST[] = "an IPv4 or IPv6 address or a host name before the port";
static const char EXPECTED_IPV6[] = "an IPv6 address between '[' and ']'";

/* The underscore is no host name's by the RFCs, but names of containers and services have it. */
#define DIGITS "0123456789"
static const char label_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-_";

/* Whether it is an address of that family. */
static bool
is_literal (int family, const char *text)
{
    struct in6_addr address;

    return inet_pton (family, text, &address) == 1;
}

static bool
is_label (const char *label, size_t length)
{
    return length > 0 && length <= LABEL_MAX_LENGTH && label[0] != '-' &&
           label[length - 1] != '-' && strspn (label, label_characters) == length;
}

static bool
is_host_name (const char *name)
{
    const char *label = name;
    size_t length = strlen (name);

    if (length > 0 && name[length - 1] == '.') {
        length--;
    }
    if (length > NAME_MAX_LENGTH) {
        return false;
    }
    const char *const end = name + length;

    for (;;) {
        const char *const dot = memchr (label, '.', (size_t)(end - label));
        const size_t label_length = (size_t)((dot != NULL ? dot : end) - label);

        if (!is_label (label, label_length)) {
            return false;
        }
        if (dot == NULL) { /* all digits is a mistyped IPv4 address, and no host name */
            return strspn (label, DIGITS) != label_length;
        }
        label = dot + 1;
    }
}

/* From the first `length` bytes of `host`, which may be in brackets. */
static int
make_from (const char *host, size_t length, uint16_t port, struct endpoint *endpoint,
           const char **expected)
{
    struct endpoint made = {.port = port};
    const bool bracketed = length > 0 && host[0] == '[';

    if (bracketed) {
        if (host[length - 1] != ']') {
            *expected = EXPECTED_IPV6;
            return -1;
        }
        host++;
        length -= 2;
    }
    if (length >= sizeof made.host) {
        *expected = EXPECTED_HOST;
        return -1;
    }
    memcpy (made.host, host, length);
    if (bracketed && !is_literal (AF_INET6, made.host)) {
        *expected = EXPECTED_IPV6;
        return -1;
    }
    if (!bracketed && !is_literal (AF_INET6, made.host) && !is_literal (AF_INET, made.host) &&
        !is_host_name (made.host)) {
        *expected = EXPECTED_HOST;
        return -1;
    }
    *endpoint = made;
    return 0;
}

int
endpoint_parse (const char *text, struct endpoint *endpoint, const char **expected)
{
    const char *const colon = strrchr (text, ':');
    uint64_t port;

    if (colon == NULL || colon[1] == ']') {
        *expected = EXPECTED_FORM;
        return -1;
    }
    if (number_parse_unsigned (colon + 1, 0, UINT16_MAX, &port) != 0) {
        *expected = EXPECTED_PORT;
        return -1;
    }
    return make_from (text, (size_t)(colon - text), (uint16_t)port, endpoint, expected);
}

int
endpoint_make (const char *host, uint16_t port, struct endpoint *endpoint, const char **expected)
{
    return make_from (host, strlen (host), port, endpoint, expected);
}

void
endpoint_print (const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE])
{
    snprintf (text, ENDPOINT_TEXT_SIZE, "%s:%u", endpoint->host, (unsigned)endpoint->port);
}
