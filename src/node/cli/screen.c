#include "node/cli/screen.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "node/base/readable.h"

enum { DEFAULT_WIDTH = 80, DEFAULT_HEIGHT = 24, BAR_MIN = 5, BAR_MAX = 40 };

/* 0 columns where it is no terminal. */
static struct winsize
size_of (FILE *stream)
{
    struct winsize size = {0};
    const int fd = fileno (stream);

    if (fd < 0 || !isatty (fd)) {
        return size;
    }
    if (ioctl (fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        size = (struct winsize){.ws_col = DEFAULT_WIDTH, .ws_row = DEFAULT_HEIGHT};
    }
    return size;
}

size_t
screen_width (FILE *stream)
{
    return size_of (stream).ws_col;
}

size_t
screen_height (FILE *stream)
{
    return size_of (stream).ws_row;
}

double
screen_odds (double hashes, double expected)
{
    if (!(hashes > 0)) {
        return 0;
    }
    return expected > 1 ? -expm1 (hashes * log1p (-1 / expected)) : 1;
}

static void
print_bar (double odds, size_t length, char *bar)
{
    const size_t full = (size_t)(odds * (double)length);

    bar[0] = '[';
    memset (bar + 1, '#', full);
    memset (bar + 1 + full, '-', length - full);
    memcpy (bar + 1 + length, "] ", sizeof "] ");
}

void
screen_print_progress (const struct screen_progress *progress, const char *before, size_t width,
                       char line[SCREEN_LINE_SIZE])
{
    const double odds = screen_odds (progress->hashes, progress->expected);
    char hashes[READABLE_SIZE];
    char rate[READABLE_SIZE];
    char seconds[READABLE_SIZE];
    char bar[BAR_MAX + sizeof "[] "] = "";
    char text[SCREEN_LINE_SIZE];

    readable_amount (progress->hashes, "", hashes);
    readable_amount (progress->rate, "H/s", rate);
    readable_seconds (progress->seconds, seconds);
    const int written =
        snprintf (text, sizeof text, "odds so far %4.1f %%  %s%s hashes  %s  %s", 100 * odds,
                  progress->about ? "about " : "", hashes, rate, seconds);
    const size_t taken = strlen (before) + (written > 0 ? (size_t)written : 0) + strlen ("[] ");

    if (width > taken + BAR_MIN) {
        const size_t room = width - 1 - taken;

        print_bar (odds, room < BAR_MAX ? room : BAR_MAX, bar);
    }
    (void)snprintf (line, SCREEN_LINE_SIZE, "%s%s%s", before, bar, text);
    if (width > 0 && strlen (line) >= width && width < SCREEN_LINE_SIZE) {
        line[width - 1] = '\0';
    }
}

void
screen_show (FILE *stream, const char *line)
{
    if (screen_width (stream) > 0) {
        (void)fprintf (stream, "\r%s\033[K", line);
        (void)fflush (stream);
    }
}
