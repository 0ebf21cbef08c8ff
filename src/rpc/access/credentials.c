#include "rpc/access/credentials.h"

#include <string.h>
#include <strings.h>

#include "rpc/access/base64.h"

static void
add (struct credentials *credentials, const char *text, size_t length)
{
    if (length > 0) {
        credentials->keys[credentials->count].text = text;
        credentials->keys[credentials->count].length = length;
        credentials->count++;
    }
}

static void
add_header (struct credentials *credentials, const char *value)
{
    if (value != NULL) {
        add (credentials, value, strlen (value));
    }
}

/* What stands after the scheme in `value`, or NULL when it is of another one. */
static const char *
after_scheme (const char *value, const char *scheme)
{
    const size_t length = strlen (scheme);

    if (strncasecmp (value, scheme, length) != 0 || value[length] != ' ') {
        return NULL;
    }
    return value + length + strspn (value + length, " ");
}

/* The user has no colon in it, a key may. */
static void
add_password (struct credentials *credentials, const char *text)
{
    const char *colon;
    size_t count;

    if (base64_decode (text, strlen (text), credentials->decoded, sizeof credentials->decoded,
                       &count) != 0) {
        return;
    }
    colon = memchr (credentials->decoded, ':', count);
    if (colon != NULL) {
        add (credentials, colon + 1, count - (size_t)(colon + 1 - credentials->decoded));
    }
}

/* In the header that has room for a scheme, which many a client leaves out or has of its own. */
static void
add_authorization (struct credentials *credentials, const char *value)
{
    static const char *const schemes[] = {"Bearer", "Token", "ApiKey"};
    const char *const basic = after_scheme (value, "Basic");

    if (basic != NULL) {
        add_password (credentials, basic);
        return;
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const char *const key = after_scheme (value, schemes[i]);

        if (key != NULL || strcasecmp (value, schemes[i]) == 0) {
            add_header (credentials, key);
            return;
        }
    }
    if (strchr (value, ' ') == NULL) {
        add_header (credentials, value);
    }
}

void
credentials_read (const struct credentials_headers *headers, struct credentials *credentials)
{
    credentials->count = 0;
    if (headers->authorization != NULL) {
        add_authorization (credentials, headers->authorization);
    }
    add_header (credentials, headers->api_key);
    add_header (credentials, headers->x_api_key);
    add_header (credentials, headers->key);
}
