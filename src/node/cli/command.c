#include "node/cli/command.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/cli/client_key.h"
#include "rpc/base/memory.h"

/* A daemon answers everything but a search at once. */
#define DEFAULT_TIMEOUT 10.0

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

/* That the stream fails is for main to see. */
void
command_print_json (json_t *tree)
{
    (void)json_dumpf (memory_need (tree), stdout, JSON_INDENT (4));
    (void)putchar ('\n');
    json_decref (tree);
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
    const char *const file = options_text (command->options, OPTION_KEY_FILE);
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

static int
init_client (struct command *command)
{
    const char *url = options_text (command->options, OPTION_URL);
    char configured[128];
    char error[512];

    if (options_given (command->options, OPTION_LOCAL)) {
        return COMMAND_DONE;
    }
    if (url == NULL) {
        if (url_of_config (command->config, configured, sizeof configured) != COMMAND_DONE) {
            return COMMAND_FAILED;
        }
        url = configured;
    }
    command->client = client_new (command->base, url,
                                  command->config != NULL ? command->config->tls_authorities : "",
                                  error, sizeof error);
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
static void
init_loop (struct command *command)
{
    (void)signal (SIGPIPE, SIG_IGN);
    command->base = memory_need (event_base_new ());
    command->on_interrupt =
        memory_need (evsignal_new (command->base, SIGINT, on_interrupt, command));
    memory_require (event_add (command->on_interrupt, NULL) == 0);
}

static int (*const commands[OPTIONS_COMMANDS]) (struct command *command) = {
    [OPTIONS_STATUS] = command_run_status,     [OPTIONS_GENERATE] = command_run_generate,
    [OPTIONS_VALIDATE] = command_run_validate, [OPTIONS_CANCEL] = command_run_cancel,
    [OPTIONS_BENCH] = command_run_bench,
};

int
command_main (const struct options *options, const struct config *config,
              const struct difficulty_network *network)
{
    struct command command = {
        .options = options,
        .config = config,
        .network = *network,
        .timeout = options_number (options, OPTION_TIMEOUT, DEFAULT_TIMEOUT),
    };
    int status;

    init_loop (&command);
    status = init_client (&command);
    if (status == COMMAND_DONE) {
        status = commands[options->command](&command);
    }
    client_free (command.client);
    event_free (command.on_interrupt);
    event_base_free (command.base);
    return status;
}

/* What the commands share. */

struct question {
    struct event_base *base;
    struct client_answer answer;
    bool answered;
};

static void
on_answer (void *data, const struct client_answer *answer)
{
    struct question *const question = data;

    question->answered = true;
    question->answer = *answer;
    json_incref (answer->body);
    (void)event_base_loopbreak (question->base);
}

int
command_ask (struct command *command, json_t *request, json_t **body)
{
    struct question question = {.base = command->base};
    struct client_call *const call =
        client_ask (command->client, request, command->timeout, on_answer, &question);

    (void)event_base_dispatch (command->base);
    if (!question.answered) {
        client_drop (call);
        return COMMAND_INTERRUPTED;
    }
    if (question.answer.outcome == CLIENT_ANSWERED) {
        *body = question.answer.body;
        return COMMAND_DONE;
    }
    json_decref (question.answer.body);
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

    if (command->client == NULL || options_given (command->options, OPTION_NETWORK)) {
        return COMMAND_DONE;
    }
    status = command_ask (command, json_pack ("{s:s}", "action", "version"), &body);
    if (status == COMMAND_DONE &&
        difficulty_network_by_name (client_field (body, "network", scratch, sizeof scratch), &id) ==
            0 &&
        difficulty_network_load (id, &command->network, error, sizeof error) != 0) {
        status = command_complain (COMMAND_FAILED, "%s", error);
    }
    json_decref (body);
    return status;
}
