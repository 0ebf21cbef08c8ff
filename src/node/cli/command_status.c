/*
 * workpeer status: once, or again and again. workpeer health.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/command.h"
#include "node/cli/screen.h"
#include "node/cli/status_view.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/base/number.h"

/*
 * Texts that are decimal numbers become numbers, as in all that --json prints; the node's RPC has
 * texts alone. What has more digits than a number keeps is none.
 */
static json_t *
with_numbers (json_t *tree)
{
    const char *const text = json_string_value (tree);
    const char *name;
    json_t *value;
    size_t i;
    double number;

    if (text != NULL && strlen (text) <= 15 && text[strspn (text, "0123456789.")] == '\0' &&
        number_parse_double (text, &number) == 0) {
        return strchr (text, '.') == NULL ? json_integer ((json_int_t)number) : json_real (number);
    }
    json_object_foreach (tree, name, value)
    {
        memory_require (json_object_set_new (tree, name, with_numbers (value)) == 0);
    }
    json_array_foreach (tree, i, value)
    {
        memory_require (json_array_set_new (tree, i, with_numbers (value)) == 0);
    }
    return json_incref (tree);
}

/* Cuts what is below the last line but one of the terminal, and says so there. */
static void
fit (char *text, size_t height)
{
    size_t lines = 0;
    char *last = NULL;

    for (char *at = text; (at = strchr (at, '\n')) != NULL; at++) {
        lines++;
        last = height > 1 && lines == height - 2 ? at + 1 : last;
    }
    if (last != NULL && lines > height - 1) {
        last[0] = '\0';
        (void)printf ("%s... %zu more lines", text, lines - (height - 2));
    } else {
        (void)fputs (text, stdout);
    }
}

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
        json_decref (with_numbers (status));
        (void)json_dumpf (status, stream,
                          JSON_REAL_PRECISION (15) | (watch ? JSON_COMPACT : JSON_INDENT (4)));
        (void)fputc ('\n', stream);
    } else {
        (void)fputs (watch && width > 0 ? SCREEN_CLEAR : "", stream);
        status_view_print (status, client_url (command->client), width, stream);
        (void)fputs (watch && width == 0 ? "\n" : "", stream);
    }
    memory_require (fclose (stream) == 0);
    fit (text, command->on_screen ? screen_height (stdout) : 0);
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

/* A daemon that is away may come back. What it ends with is how the last answer was. */
static int
watch_all (struct command *command)
{
    const double interval = options_number (command->options, OPTION_INTERVAL, 1);
    const struct timeval pause = clock_timeval (interval);
    int last = COMMAND_DONE;

    do {
        const int status = show_once (command);

        last = status != COMMAND_INTERRUPTED ? status : last;
        if (status == COMMAND_FAILED || status == COMMAND_INTERRUPTED) {
            break;
        }
        memory_require (event_base_loopexit (command->base, &pause) == 0);
        (void)event_base_dispatch (command->base);
    } while (!command->interrupted);
    return last;
}

static int
watch (struct command *command)
{
    int status;

    command->is_watching = true;
    command->on_screen =
        screen_width (stdout) > 0 && !options_given (command->options, OPTION_JSON);
    (void)fputs (command->on_screen ? SCREEN_ENTER : "", stdout);
    status = watch_all (command);
    (void)fputs (command->on_screen ? SCREEN_LEAVE : "", stdout);
    (void)fflush (stdout);
    return status;
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
