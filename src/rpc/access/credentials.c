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

void
credentials_read (const struct credentials_headers *headers, struct credentials *credentials)
{
    const char *const value = headers->authorization;
    const char *const basic = value != NULL ? after_scheme (value, "Basic") : NULL;

    credentials->count = 0;
    if (value != NULL) {
        add_header (credentials, after_scheme (value, "Bearer"));
    }
    if (basic != NULL) {
        add_password (credentials, basic);
    }
    add_header (credentials, headers->api_key);
    add_header (credentials, headers->key);
}
