/*
 * workpeer generate, validate and cancel.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/base/readable.h"
#include "node/cli/command.h"
#include "node/cli/finder.h"
#include "node/cli/screen.h"
#include "work/base/hex.h"
#include "work/scan/value.h"

/* A root has all its digits: a shorter one is a slip of the hand, and would be padded. */
static int
read_hash (const char *word, uint8_t root[32])
{
    if (strlen (word) != HEX_ROOT_SIZE - 1 || hex_parse_bytes (word, root, 32) != 0) {
        return command_complain (COMMAND_USAGE, "'%s' is no hash, expected 64 hexadecimal digits",
                                 word);
    }
    return COMMAND_DONE;
}

/* Generating. */

/* What goes to a person, beside the work on standard output. */
static void
show_found (const struct command *command, const struct finder_answer *answer)
{
    char seconds[READABLE_SIZE];

    readable_seconds (answer->seconds, seconds);
    if (screen_width (stderr) > 0) {
        (void)fprintf (stderr, "difficulty %016" PRIx64 ", multiplier %.2f, found in %s\n",
                       answer->value,
                       difficulty_to_multiplier (answer->value, command->network.base), seconds);
    }
}

static void
print_found (const struct command *command, const struct scan_target *target,
             const struct finder_answer *answer)
{
    char root[HEX_ROOT_SIZE];
    char work[HEX_U64_SIZE];
    char value[HEX_U64_SIZE];
    char multiplier[64];

    hex_print_root (target->root, root);
    hex_print_u64 (answer->work, work);
    hex_print_u64 (answer->value, value);
    if (!options_given (command->options, OPTION_JSON)) {
        show_found (command, answer);
        (void)printf ("%s\n", work);
        return;
    }
    (void)snprintf (multiplier, sizeof multiplier, "%.15f",
                    difficulty_to_multiplier (answer->value, command->network.base));
    command_print_json (json_pack ("{s:s, s:s, s:s, s:s, s:s, s:f}", "hash", root, "work", work,
                                   "difficulty", value, "multiplier", multiplier, "source",
                                   answer->source, "seconds", answer->seconds));
}

int
command_run_generate (struct command *command)
{
    struct scan_target target = {.order = DIFFICULTY_AT_LEAST};
    struct finder_answer answer;
    struct finder *finder;
    int status;

    if ((status = read_hash (command->options->words[0], target.root)) != COMMAND_DONE ||
        (status = command_learn_network (command)) != COMMAND_DONE) {
        return status;
    }
    target.threshold = options_threshold (command->options, &command->network);
    finder = finder_new (command);
    if (finder == NULL) {
        return COMMAND_FAILED;
    }
    status = finder_run (finder, &target, "", &answer);
    if (status == COMMAND_DONE) {
        print_found (command, &target, &answer);
    }
    finder_free (finder);
    return status;
}

/* Validating. */

/* What the daemon says that the work is worth. */
static int
ask_value (struct command *command, const char *hash, const char *work, uint64_t *value)
{
    json_t *body = NULL;
    char scratch[64];
    int status = command_ask (
        command,
        json_pack ("{s:s, s:s, s:s}", "action", "work_validate", "hash", hash, "work", work),
        &body);

    if (status == COMMAND_DONE &&
        hex_parse_u64 (client_field (body, "difficulty", scratch, sizeof scratch), value) != 0) {
        status = command_complain (COMMAND_FAILED, "the daemon answered without a difficulty");
    }
    json_decref (body);
    return status;
}

static const char *
yes_or_no (bool yes)
{
    return yes ? "yes" : "no";
}

static void
print_verdict (const struct command *command, uint64_t value, uint64_t threshold)
{
    const struct difficulty_network *const network = &command->network;
    const double multiplier = difficulty_to_multiplier (value, network->base);
    const bool receives = value >= network->epoch_2_receive;
    char text[HEX_U64_SIZE];

    hex_print_u64 (value, text);
    if (options_given (command->options, OPTION_JSON)) {
        command_print_json (json_pack ("{s:b, s:b, s:b, s:s, s:f}", "valid", value >= threshold,
                                       "valid_all", value >= network->base, "valid_receive",
                                       receives, "difficulty", text, "multiplier", multiplier));
        return;
    }
    (void)printf ("valid       %s, for %016" PRIx64 "\n", yes_or_no (value >= threshold),
                  threshold);
    (void)printf ("to send     %s\n", yes_or_no (value >= network->base));
    (void)printf ("to receive  %s\n", yes_or_no (receives));
    (void)printf ("difficulty  %s\n", text);
    (void)printf ("multiplier  %.2f on %s\n", multiplier, network->name);
}

int
command_run_validate (struct command *command)
{
    const char *const hash = command->options->words[0];
    const char *const text = command->options->words[1];
    uint64_t threshold;
    uint64_t value = 0;
    uint8_t root[32];
    uint64_t work;
    int status;

    if ((status = read_hash (hash, root)) != COMMAND_DONE) {
        return status;
    }
    if (hex_parse_u64 (text, &work) != 0) {
        return command_complain (COMMAND_USAGE,
                                 "'%s' is no work, expected 1 to 16 hexadecimal digits", text);
    }
    if ((status = command_learn_network (command)) != COMMAND_DONE) {
        return status;
    }
    threshold = options_threshold (command->options, &command->network);
    if (command->client != NULL) {
        status = ask_value (command, hash, text, &value);
    } else {
        value = value_of (root, work);
    }
    if (status != COMMAND_DONE) {
        return status;
    }
    print_verdict (command, value, threshold);
    return value >= threshold ? COMMAND_DONE : COMMAND_INVALID;
}

/* Cancelling. */

int
command_run_cancel (struct command *command)
{
    const char *const hash = command->options->words[0];
    uint8_t root[32];
    json_t *body = NULL;
    int status = read_hash (hash, root);

    if (status == COMMAND_DONE) {
        status = command_ask (
            command, json_pack ("{s:s, s:s}", "action", "work_cancel", "hash", hash), &body);
    }
    if (status == COMMAND_DONE && options_given (command->options, OPTION_JSON)) {
        command_print_json (json_incref (body));
    }
    json_decref (body);
    return status;
}
