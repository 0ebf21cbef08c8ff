/*
 * workpeer status: once, or again and again. workpeer health.
 */
#include <stdio.h>
#include <stdlib.h>

#include "node/cli/command.h"
#include "node/cli/screen.h"
#include "node/cli/status_view.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"

/* In one write, so that a watched screen does not flicker; only a terminal's is painted over. */
static void
show (const struct command *command, json_t *status)
{
    const bool watch = options_given (command->options, OPTION_WATCH);
    const size_t width = screen_width (stdout);
    char *text = NULL;
    size_t size;
    FILE *const stream = memory_need (open_memstream (&text, &size));

    if (options_given (command->options, OPTION_JSON)) {
        (void)json_dumpf (status, stream, watch ? JSON_COMPACT : JSON_INDENT (4));
        (void)fputc ('\n', stream);
    } else {
        (void)fputs (watch && width > 0 ? "\033[H\033[J" : "", stream);
        status_view_print (status, client_url (command->client), width, stream);
        (void)fputs (watch && width == 0 ? "\n" : "", stream);
    }
    memory_require (fclose (stream) == 0);
    (void)fputs (text, stdout);
    (void)fflush (stdout);
    free (text);
}

static int
show_once (struct command *command)
{
    json_t *body = NULL;
    const int status = command_ask (command, json_pack ("{s:s}", "action", "status"), &body);

    if (status != COMMAND_DONE) {
        return status;
    }
    show (command, body);
    json_decref (body);
    return ferror (stdout) ? COMMAND_FAILED : COMMAND_DONE;
}

/* A daemon that is away may come back. */
static int
watch (struct command *command)
{
    const double interval = options_number (command->options, OPTION_INTERVAL, 1);
    const struct timeval pause = clock_timeval (interval);
    int status;

    do {
        status = show_once (command);
        if (status == COMMAND_FAILED || status == COMMAND_INTERRUPTED) {
            break;
        }
        memory_require (event_base_loopexit (command->base, &pause) == 0);
        (void)event_base_dispatch (command->base);
    } while (!command->interrupted);
    return command->interrupted ? COMMAND_DONE : status;
}

int
command_run_status (struct command *command)
{
    return options_given (command->options, OPTION_WATCH) ? watch (command) : show_once (command);
}

int
command_run_health (struct command *command)
{
    json_t *body = NULL;
    char scratch[64];
    const int status = command_ask (command, NULL, &body);

    if (status == COMMAND_DONE && options_given (command->options, OPTION_JSON)) {
        command_print_json (json_incref (body));
    } else if (status == COMMAND_DONE) {
        (void)printf ("%s\n", client_field (body, "status", scratch, sizeof scratch));
    }
    json_decref (body);
    return status;
}
