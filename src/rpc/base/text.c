#include "rpc/base/text.h"

#include <string.h>

bool
text_is_printable (char c)
{
    return c >= ' ' && c <= '~';
}

bool
text_same (const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp (a, b) == 0;
}

void
text_clean (char *to, size_t size, const char *text)
{
    size_t length = 0;

    for (; length + 1 < size && text[length] != '\0'; length++) {
        to[length] = text_is_printable (text[length]) ? text[length] : '?';
    }
    to[length] = '\0';
}
