#include "node/cli/command.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/nearest.h"
#include "node/cli/client_key.h"
#include "node/cli/command_arguments.h"
#include "node/system/data_path.h"
#include "work/base/hex.h"
#include "work/base/number.h"

/* A daemon answers everything but a search at once. */
#define DEFAULT_TIMEOUT 10.0
#define LONGEST_TIMEOUT (7 * 86400.0)

int
command_complain (int status, const char *format, ...)
{
    va_list arguments;

    /* Nobody is left to tell when this stream fails. */
    (void)fputs ("workpeer: ", stderr);
    va_start (arguments, format);
    (void)vfprintf (stderr, format, arguments);
    va_end (arguments);
    (void)fputc ('\n', stderr);
    return status;
}

/* The configuration. */

static const struct config *
load_config (const struct command_arguments *arguments, const char *data_path)
{
    const struct config_sources sources = {
        .data_path = data_path,
        .overrides = (const char *const *)arguments->overrides,
        .override_count = arguments->override_count,
        .rpc_overrides = (const char *const *)arguments->rpc_overrides,
        .rpc_override_count = arguments->rpc_override_count,
    };
    struct config_report report;
    const struct config *const config = config_load (&sources, &report);

    for (size_t i = 0; i < report.count; i++) {
        if (report.messages[i].error) {
            (void)fprintf (stderr, "%s\n", report.messages[i].text);
        }
    }
    config_report_clear (&report);
    return config;
}

static int
init_config (struct command *command)
{
    const char *const given = command->arguments.value[COMMAND_DATA_PATH];
    const char *error = "out of memory";
    char *path;

    if (command->arguments.given[COMMAND_URL] && !command->arguments.given[COMMAND_LOCAL]) {
        return COMMAND_DONE;
    }
    path = given != NULL ? strdup (given) : data_path_default (&error);
    if (path == NULL) {
        return command_complain (COMMAND_FAILED, "%s", error);
    }
    command->data_path = path;
    command->config = load_config (&command->arguments, path);
    return command->config != NULL ? COMMAND_DONE : COMMAND_FAILED;
}

static int
init_network (struct command *command)
{
    const char *const name = command->arguments.value[COMMAND_NETWORK];
    enum difficulty_network_id id = DIFFICULTY_LIVE;
    char error[256];

    if (name != NULL && difficulty_network_by_name (name, &id) != 0) {
        return command_complain (COMMAND_USAGE,
                                 "'%s' is no network, expected live, beta, test or dev", name);
    }
    if (difficulty_network_load (id, &command->network, error, sizeof error) != 0) {
        return command_complain (COMMAND_FAILED, "%s", error);
    }
    command->network_given = name != NULL;
    return COMMAND_DONE;
}

static int
init_timeout (struct command *command)
{
    const char *const text = command->arguments.value[COMMAND_TIMEOUT];

    command->timeout = DEFAULT_TIMEOUT;
    if (text != NULL && (number_parse_double (text, &command->timeout) != 0 ||
                         !(command->timeout > 0) || command->timeout > LONGEST_TIMEOUT)) {
        return command_complain (COMMAND_USAGE, "--timeout is '%s', expected seconds, up to %.0f",
                                 text, LONGEST_TIMEOUT);
    }
    return COMMAND_DONE;
}

/* The daemon. */

/* Where the configuration says that it listens; every address is loopback, too. */
static int
url_of_config (const struct config *config, char *url, size_t size)
{
    const char *host = config->rpc_address.items[0];

    if (config->rpc_port == 0) {
        return command_complain (COMMAND_FAILED,
                                 "rpc.port is 0, so the daemon's is not known: expected --url");
    }
    if (strcmp (host, "0.0.0.0") == 0) {
        host = "127.0.0.1";
    } else if (strcmp (host, "::") == 0) {
        host = "::1";
    }
    const bool v6 = strchr (host, ':') != NULL;

    (void)snprintf (url, size, "http://%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
                    (unsigned)config->rpc_port);
    return COMMAND_DONE;
}

static int
init_key (struct command *command)
{
    const char *const file = command->arguments.value[COMMAND_KEY_FILE];
    char error[CLIENT_KEY_ERROR_SIZE];
    char key[CLIENT_KEY_SIZE];
    bool is_exposed;

    if (client_key_read (file, key, &is_exposed, error) != 0) {
        return command_complain (file != NULL ? COMMAND_FAILED : COMMAND_USAGE, "%s", error);
    }
    if (is_exposed) {
        (void)command_complain (COMMAND_DONE, "warning: every user can read %s, expected mode 0600",
                                file);
    }
    if (key[0] != '\0') {
        client_set_key (command->client, key);
    }
    explicit_bzero (key, sizeof key);
    return COMMAND_DONE;
}

/* Without a daemon there is nothing that only a daemon needs. */
static int
check_local (const struct command *command, const char *url)
{
    if (url != NULL) {
        return command_complain (COMMAND_USAGE, "--local and --url cannot be used together");
    }
    if (command->arguments.given[COMMAND_KEY_FILE]) {
        return command_complain (COMMAND_USAGE, "--local and --key_file cannot be used together");
    }
    return COMMAND_DONE;
}

static int
init_client (struct command *command)
{
    const char *url = command->arguments.value[COMMAND_URL];
    char configured[128];
    char error[512];
    int status;

    if (command->arguments.given[COMMAND_LOCAL]) {
        return check_local (command, url);
    }
    if (url == NULL) {
        status = url_of_config (command->config, configured, sizeof configured);
        if (status != COMMAND_DONE) {
            return status;
        }
        url = configured;
    }
    command->client = client_new (command->base, url, error, sizeof error);
    return command->client != NULL ? init_key (command)
                                   : command_complain (COMMAND_USAGE, "%s", error);
}

static void
on_interrupt (evutil_socket_t signal_number, short what, void *data)
{
    struct command *const command = data;

    (void)signal_number;
    (void)what;
    command->interrupted = true;
    (void)event_base_loopbreak (command->base);
}

/* SIGTERM ends the process as ever; what it leaves, the daemon notices. */
static int
init_loop (struct command *command)
{
    (void)signal (SIGPIPE, SIG_IGN);
    command->base = event_base_new ();
    if (command->base != NULL) {
        command->on_interrupt = evsignal_new (command->base, SIGINT, on_interrupt, command);
    }
    if (command->on_interrupt == NULL || event_add (command->on_interrupt, NULL) != 0) {
        return command_complain (COMMAND_FAILED, "out of memory");
    }
    return COMMAND_DONE;
}

static void
clear (struct command *command)
{
    client_free (command->client);
    config_free (command->config);
    free (command->data_path);
    if (command->on_interrupt != NULL) {
        event_free (command->on_interrupt);
    }
    if (command->base != NULL) {
        event_base_free (command->base);
    }
}

static const struct command_entry *
find_entry (const char *word)
{
    size_t count;
    const struct command_entry *const entries = command_entries (&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp (entries[i].name, word) == 0) {
            return &entries[i];
        }
    }
    return NULL;
}

bool
command_is (const char *word)
{
    return find_entry (word) != NULL;
}

const char *
command_nearest (const char *word)
{
    size_t count;
    const struct command_entry *const entries = command_entries (&count);
    const char *names[COMMAND_ENTRIES_MAX];

    for (size_t i = 0; i < count; i++) {
        names[i] = entries[i].name;
    }
    return nearest_name (word, names, count);
}

void
command_help (FILE *stream)
{
    size_t count;
    const struct command_entry *const entries = command_entries (&count);

    (void)fputs ("\nAsking a daemon that runs, each with its own --help:\n", stream);
    for (size_t i = 0; i < count; i++) {
        char left[64];

        (void)snprintf (left, sizeof left, "%s %s", entries[i].name, entries[i].words);
        (void)fprintf (stream, "  %-26s  %s\n", left, entries[i].help);
    }
}

int
command_main (int argc, char **argv)
{
    const struct command_entry *const entry = find_entry (argv[1]);
    struct command command = {.client = NULL};
    int status;

    if (entry == NULL) { /* which command_is has ruled out */
        return COMMAND_FAILED;
    }
    status = command_arguments_read (entry, argc, argv, &command.arguments);
    if (status != COMMAND_DONE) {
        return status;
    }
    if (command.arguments.given[COMMAND_HELP]) {
        return command_arguments_help (entry, stdout) == 0 ? COMMAND_DONE : COMMAND_FAILED;
    }
    if ((status = init_network (&command)) == COMMAND_DONE &&
        (status = init_timeout (&command)) == COMMAND_DONE &&
        (status = init_config (&command)) == COMMAND_DONE &&
        (status = init_loop (&command)) == COMMAND_DONE &&
        (status = init_client (&command)) == COMMAND_DONE) {
        status = entry->run (&command);
    }
    if (fflush (stdout) != 0 && status == COMMAND_DONE) {
        status = command_complain (COMMAND_FAILED, "standard output cannot be written");
    }
    clear (&command);
    return status;
}

/* What the commands share. */

struct question {
    struct event_base *base;
    bool answered;
    struct client_answer answer;
    json_t *body;
};

static void
on_answer (void *data, const struct client_answer *answer)
{
    struct question *const question = data;

    question->answered = true;
    question->answer = *answer;
    question->body = json_deep_copy (answer->body);
    (void)event_base_loopbreak (question->base);
}

int
command_ask (struct command *command, json_t *request, double timeout, json_t **body)
{
    struct question question = {.base = command->base};
    struct client_call *const call =
        client_ask (command->client, request, timeout, on_answer, &question);

    (void)event_base_dispatch (command->base);
    if (!question.answered) {
        client_drop (call);
        return COMMAND_INTERRUPTED;
    }
    if (question.answer.outcome == CLIENT_ANSWERED && question.body != NULL) {
        *body = question.body;
        return COMMAND_DONE;
    }
    json_decref (question.body);
    return command_complain (question.answer.outcome == CLIENT_UNREACHABLE ? COMMAND_UNREACHABLE
                                                                           : COMMAND_FAILED,
                             "%s", question.answer.text);
}

int
command_learn_network (struct command *command)
{
    enum difficulty_network_id id;
    json_t *body = NULL;
    char scratch[64];
    char error[256];
    int status;

    if (command->client == NULL || command->network_given) {
        return COMMAND_DONE;
    }
    status =
        command_ask (command, json_pack ("{s:s}", "action", "version"), command->timeout, &body);
    if (status != COMMAND_DONE) {
        return status;
    }
    if (difficulty_network_by_name (client_field (body, "network", scratch, sizeof scratch), &id) ==
            0 &&
        difficulty_network_load (id, &command->network, error, sizeof error) != 0) {
        status = command_complain (COMMAND_FAILED, "%s", error);
    }
    json_decref (body);
    return status;
}

static int
threshold_of_subtype (const struct command *command, const char *name, uint64_t *threshold)
{
    static const char *const receiving[] = {"receive", "open", "epoch"};

    if (strcmp (name, "send") == 0 || strcmp (name, "change") == 0) {
        *threshold = command->network.base;
        return COMMAND_DONE;
    }
    for (size_t i = 0; i < sizeof receiving / sizeof receiving[0]; i++) {
        if (strcmp (name, receiving[i]) == 0) {
            *threshold = command->network.epoch_2_receive;
            return COMMAND_DONE;
        }
    }
    return command_complain (
        COMMAND_USAGE, "--subtype is '%s', expected send, receive, open, change or epoch", name);
}

int
command_threshold (const struct command *command, uint64_t *threshold)
{
    const char *const difficulty = command->arguments.value[COMMAND_DIFFICULTY];
    const char *const multiplier = command->arguments.value[COMMAND_MULTIPLIER];
    const char *const subtype = command->arguments.value[COMMAND_SUBTYPE];
    double factor;

    if ((difficulty != NULL) + (multiplier != NULL) + (subtype != NULL) > 1) {
        return command_complain (COMMAND_USAGE, "expected only one of --difficulty, --multiplier "
                                                "and --subtype");
    }
    if (subtype != NULL) {
        return threshold_of_subtype (command, subtype, threshold);
    }
    if (multiplier != NULL) {
        if (number_parse_double (multiplier, &factor) != 0 || !(factor > 0) || isinf (factor)) {
            return command_complain (COMMAND_USAGE,
                                     "--multiplier is '%s', expected a number above 0", multiplier);
        }
        *threshold = difficulty_from_multiplier (factor, command->network.base);
        return COMMAND_DONE;
    }
    *threshold = command->network.base;
    if (difficulty != NULL && hex_parse_u64 (difficulty, threshold) != 0) {
        return command_complain (
            COMMAND_USAGE, "--difficulty is '%s', expected 1 to 16 hexadecimal digits", difficulty);
    }
    return COMMAND_DONE;
}
