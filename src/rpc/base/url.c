#include "rpc/base/url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char EXPECTED_URL[] = "\"http://host:port/path\" or \"https://...\", with IPv6 "
                                   "addresses in brackets";
static const char EXPECTED_HOST[] = "an IPv4 or IPv6 address or a host name before the port";
static const char EXPECTED_PATH[] = "a path of visible ASCII characters after the host";

/* Whether `path` can stand in a request line as it is. */
static bool
is_path (const char *path)
{
    const size_t length = strlen (path);

    for (size_t i = 0; i < length; i++) {
        if (path[i] <= ' ' || path[i] > '~' || path[i] == '#') {
            return false;
        }
    }
    return length < URL_PATH_SIZE && (length == 0 || path[0] == '/');
}

/* Reads "host" or "host:port". */
static int
parse_authority (const char *text, uint16_t port, struct endpoint *endpoint, const char **expected)
{
    const char *const colon = strrchr (text, ':');

    if (colon == NULL || strchr (colon, ']') != NULL) {
        return endpoint_make (text, port, endpoint, expected);
    }
    if (text[0] != '[' && strchr (text, ':') != colon) {
        *expected = EXPECTED_URL;
        return -1;
    }
    return endpoint_parse (text, endpoint, expected);
}

int
url_parse (const char *text, uint16_t port, struct url *url, const char **expected)
{
    const bool secure = strncasecmp (text, URL_SCHEME_SECURE, strlen (URL_SCHEME_SECURE)) == 0;
    const char *const authority = text + strlen (secure ? URL_SCHEME_SECURE : URL_SCHEME);
    char host[ENDPOINT_TEXT_SIZE + 2];
    size_t length;

    if (!secure && strncasecmp (text, URL_SCHEME, strlen (URL_SCHEME)) != 0) {
        *expected = EXPECTED_URL;
        return -1;
    }
    length = strcspn (authority, "/?#");
    if (!is_path (authority + length)) {
        *expected = EXPECTED_PATH;
        return -1;
    }
    if (length >= sizeof host) {
        *expected = EXPECTED_HOST;
        return -1;
    }
    (void)snprintf (host, sizeof host, "%.*s", (int)length, authority);
    if (parse_authority (host, secure ? HTTPS_PORT : port, &url->endpoint, expected) != 0) {
        return -1;
    }
    url->secure = secure;
    memset (url->path, 0, sizeof url->path);
    strcpy (url->path, authority[length] != '\0' ? authority + length : "/");
    return 0;
}

bool
url_same (const struct url *a, const struct url *b)
{
    return a->secure == b->secure && strcmp (a->path, b->path) == 0 &&
           memcmp (&a->endpoint, &b->endpoint, sizeof a->endpoint) == 0;
}
