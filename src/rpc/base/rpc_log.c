#include "rpc/base/rpc_log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static void (*write_line) (const char *text);

void
rpc_log_set_writer (void (*writer) (const char *text))
{
    write_line = writer;
}

void
rpc_log_write (const char *format, ...)
{
    const int saved_errno = errno;
    char text[256];
    va_list arguments;

    if (write_line == NULL) {
        return;
    }
    va_start (arguments, format);
    (void)vsnprintf (text, sizeof text, format, arguments);
    va_end (arguments);
    write_line (text);
    errno = saved_errno;
}
