#include "rpc/base/trouble.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static void (*hearer) (const char *text);

void
trouble_set (void (*tell) (const char *text))
{
    hearer = tell;
}

void
trouble_tell (const char *format, ...)
{
    const int saved_errno = errno;
    char text[256];
    va_list arguments;

    if (hearer == NULL) {
        return;
    }
    va_start (arguments, format);
    (void)vsnprintf (text, sizeof text, format, arguments);
    va_end (arguments);
    hearer (text);
    errno = saved_errno;
}
