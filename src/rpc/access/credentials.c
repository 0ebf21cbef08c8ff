#include "rpc/access/credentials.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* What a digit stands for, or -1. */
static int
value_of_digit (char digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *const at = digit != '\0' ? strchr (digits, digit) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

int
credentials_decode (const char *text, size_t length, char *bytes, size_t size, size_t *count)
{
    size_t padding = 0;
    size_t done = 0;
    uint32_t bits = 0; /* those that are not written yet are the lowest */

    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    if (length % 4 != 0 || length / 4 * 3 - padding > size) {
        return -1;
    }
    for (size_t i = 0; i < length - padding; i++) {
        const int value = value_of_digit (text[i]);

        if (value < 0) {
            return -1;
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 > 0) {
            bytes[done++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
        }
    }
    *count = done;
    return (bits & ((1U << (2 * padding)) - 1)) == 0 ? 0 : -1;
}

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

    if (credentials_decode (text, strlen (text), credentials->decoded, sizeof credentials->decoded,
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
