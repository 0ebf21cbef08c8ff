#include "rpc/base/header.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "rpc/base/text.h"

bool
header_is_token (char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

bool
header_is_name (const char *name)
{
    const char *at = name;

    while (header_is_token (*at)) {
        at++;
    }
    return *at == '\0' && at != name && at - name <= HEADER_MOST_NAME;
}

bool
header_is_reserved (const char *name)
{
    static const char *const names[] = {
        "Connection", "Content-Length", "Content-Type",      "Expect",       "Host", "TE",
        "Trailer",    "Upgrade",        "Transfer-Encoding", "Workpeer-Hops"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp (name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool
header_is_value (const char *value)
{
    const size_t length = strlen (value);

    for (size_t i = 0; i < length; i++) {
        if (!text_is_printable (value[i])) {
            return false;
        }
    }
    return length > 0 && length <= HEADER_MOST_VALUE && value[0] != ' ' && value[length - 1] != ' ';
}

bool
header_lists (const char *list, const char *word)
{
    const size_t length = strlen (word);

    while (*list != '\0') {
        const size_t blanks = strspn (list, " \t,;");
        const size_t size = strcspn (list + blanks, " \t,;");

        if (size == length && strncasecmp (list + blanks, word, length) == 0) {
            return true;
        }
        list += blanks + size;
    }
    return false;
}
