/*
 * workpeer status: once, or again and again.
 */
#include <stdlib.h>
#include <string.h>

#include "node/base/readable.h"
#include "node/cli/command.h"
#include "node/cli/screen.h"
#include "node/cli/status_view.h"
#include "work/base/clock.h"
#include "work/base/number.h"

#define LONGEST_INTERVAL 86400.0

/* All of it, in one write: a watched screen does not flicker. NULL for want of memory. */
static char *
status_text (const struct command *command, const json_t *status)
{
    char *text = NULL;
    size_t size;
    FILE *const stream = open_memstream (&text, &size);
    int failed;

    if (stream == NULL) {
        return NULL;
    }
    if (command->arguments.given[COMMAND_JSON]) {
        failed =
            json_dumpf (status, stream,
                        command->arguments.given[COMMAND_WATCH] ? JSON_COMPACT : JSON_INDENT (4));
        (void)fputc ('\n', stream);
    } else {
        failed =
            status_view_print (status, client_url (command->client), screen_width (stdout), stream);
    }
    if (fclose (stream) != 0 || failed != 0) {
        free (text);
        return NULL;
    }
    return text;
}

/* Only a terminal's screen is painted over. */
static void
show (const struct command *command, const char *text)
{
    if (command->arguments.given[COMMAND_WATCH] && !command->arguments.given[COMMAND_JSON] &&
        screen_width (stdout) > 0) {
        (void)fputs ("\033[H\033[J", stdout);
    }
    (void)fputs (text, stdout);
    (void)fflush (stdout);
}

static int
show_once (struct command *command)
{
    json_t *body = NULL;
    char *text;
    int status =
        command_ask (command, json_pack ("{s:s}", "action", "status"), command->timeout, &body);

    if (status != COMMAND_DONE) {
        return status;
    }
    text = status_text (command, body);
    json_decref (body);
    if (text == NULL) {
        return command_complain (COMMAND_FAILED, "out of memory");
    }
    show (command, text);
    free (text);
    return ferror (stdout) ? COMMAND_FAILED : COMMAND_DONE;
}

static void
on_pause_over (evutil_socket_t fd, short what, void *data)
{
    struct command *const command = data;

    (void)fd;
    (void)what;
    (void)event_base_loopbreak (command->base);
}

/* Watches until Ctrl-C, which is how it is meant to end. A daemon that is away may come back. */
static int
watch (struct command *command, double interval)
{
    const struct timeval pause = clock_timeval (interval);
    int status;

    do {
        status = show_once (command);
        if (status == COMMAND_FAILED || status == COMMAND_INTERRUPTED) {
            break;
        }
        if (event_base_once (command->base, -1, EV_TIMEOUT, on_pause_over, command, &pause) != 0) {
            return command_complain (COMMAND_FAILED, "out of memory");
        }
        (void)event_base_dispatch (command->base);
        if (!command->arguments.given[COMMAND_JSON] && screen_width (stdout) == 0) {
            (void)putchar ('\n');
        }
    } while (!command->interrupted);
    return command->interrupted ? COMMAND_DONE : status;
}

int
command_run_status (struct command *command)
{
    const char *const text = command->arguments.value[COMMAND_INTERVAL];
    double interval = 1;

    if (text != NULL && (number_parse_double (text, &interval) != 0 || !(interval >= 0.1) ||
                         interval > LONGEST_INTERVAL)) {
        return command_complain (COMMAND_USAGE, "--interval is '%s', expected 0.1 to %.0f seconds",
                                 text, LONGEST_INTERVAL);
    }
    if (text != NULL && !command->arguments.given[COMMAND_WATCH]) {
        return command_complain (COMMAND_USAGE, "--interval makes no sense without --watch");
    }
    return command->arguments.given[COMMAND_WATCH] ? watch (command, interval)
                                                   : show_once (command);
}
