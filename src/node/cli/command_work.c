/*
 * workpeer generate, validate and cancel.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/readable.h"
#include "node/cli/command.h"
#include "node/cli/finder.h"
#include "node/cli/screen.h"
#include "work/base/hex.h"
#include "work/scan/value.h"

static int
read_hash (const char *word, uint8_t root[32])
{
    if (hex_parse_root (word, root) != 0) {
        return command_complain (COMMAND_USAGE,
                                 "'%s' is no hash, expected 1 to 64 hexadecimal digits", word);
    }
    return COMMAND_DONE;
}

/* Prints the tree, which is freed; NULL is for want of memory. */
static int
print_json (json_t *tree)
{
    const int failed = tree == NULL ? -1 : json_dumpf (tree, stdout, JSON_INDENT (4));

    json_decref (tree);
    if (failed != 0) {
        return command_complain (COMMAND_FAILED, "out of memory, or standard output is closed");
    }
    (void)putchar ('\n');
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

static int
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
    if (!command->arguments.given[COMMAND_JSON]) {
        show_found (command, answer);
        (void)printf ("%s\n", work);
        return COMMAND_DONE;
    }
    (void)snprintf (multiplier, sizeof multiplier, "%.15f",
                    difficulty_to_multiplier (answer->value, command->network.base));
    return print_json (json_pack ("{s:s, s:s, s:s, s:s, s:s, s:f}", "hash", root, "work", work,
                                  "difficulty", value, "multiplier", multiplier, "source",
                                  answer->source, "seconds", answer->seconds));
}

int
command_run_generate (struct command *command)
{
    struct scan_target target = {.order = DIFFICULTY_AT_LEAST};
    struct finder_answer answer;
    struct finder *finder;
    int status = read_hash (command->arguments.words[0], target.root);

    if (status != COMMAND_DONE || (status = command_learn_network (command)) != COMMAND_DONE ||
        (status = command_threshold (command, &target.threshold)) != COMMAND_DONE) {
        return status;
    }
    finder = finder_new (command);
    if (finder == NULL) {
        return COMMAND_FAILED;
    }
    status = finder_run (finder, &target, "", &answer);
    if (status == COMMAND_DONE) {
        status = print_found (command, &target, &answer);
    }
    finder_free (finder);
    return status;
}

/* Validating. */

struct verdict {
    uint64_t value;
    uint64_t threshold;
};

/* What the daemon says that the work is worth. */
static int
ask_value (struct command *command, const char *hash, const char *work, uint64_t *value)
{
    json_t *body = NULL;
    char scratch[64];
    int status = command_ask (
        command,
        json_pack ("{s:s, s:s, s:s}", "action", "work_validate", "hash", hash, "work", work),
        command->timeout, &body);

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

static int
print_verdict (const struct command *command, const struct verdict *verdict)
{
    const struct difficulty_network *const network = &command->network;
    const double multiplier = difficulty_to_multiplier (verdict->value, network->base);
    const bool valid = verdict->value >= verdict->threshold;
    char value[HEX_U64_SIZE];

    hex_print_u64 (verdict->value, value);
    if (command->arguments.given[COMMAND_JSON]) {
        const int status =
            print_json (json_pack ("{s:b, s:b, s:b, s:s, s:f}", "valid", valid, "valid_all",
                                   verdict->value >= network->base, "valid_receive",
                                   verdict->value >= network->epoch_2_receive, "difficulty", value,
                                   "multiplier", multiplier));

        return status != COMMAND_DONE ? status : valid ? COMMAND_DONE : COMMAND_INVALID;
    }
    (void)printf ("valid       %s, for %016" PRIx64 "\n", yes_or_no (valid), verdict->threshold);
    (void)printf ("to send     %s\n", yes_or_no (verdict->value >= network->base));
    (void)printf ("to receive  %s\n", yes_or_no (verdict->value >= network->epoch_2_receive));
    (void)printf ("difficulty  %s\n", value);
    (void)printf ("multiplier  %.2f on %s\n", multiplier, network->name);
    return valid ? COMMAND_DONE : COMMAND_INVALID;
}

int
command_run_validate (struct command *command)
{
    const char *const hash = command->arguments.words[0];
    const char *const text = command->arguments.words[1];
    struct verdict verdict = {0};
    uint8_t root[32];
    uint64_t work;
    int status = read_hash (hash, root);

    if (status != COMMAND_DONE) {
        return status;
    }
    if (hex_parse_u64 (text, &work) != 0) {
        return command_complain (COMMAND_USAGE,
                                 "'%s' is no work, expected 1 to 16 hexadecimal digits", text);
    }
    if ((status = command_learn_network (command)) != COMMAND_DONE ||
        (status = command_threshold (command, &verdict.threshold)) != COMMAND_DONE) {
        return status;
    }
    if (command->client != NULL) {
        status = ask_value (command, hash, text, &verdict.value);
    } else if (value_of (root, work, &verdict.value) != 0) {
        status = command_complain (COMMAND_FAILED, "libb2 refuses to hash");
    }
    return status == COMMAND_DONE ? print_verdict (command, &verdict) : status;
}

/* Cancelling. */

int
command_run_cancel (struct command *command)
{
    const char *const hash = command->arguments.words[0];
    uint8_t root[32];
    json_t *body = NULL;
    int status = read_hash (hash, root);

    if (status == COMMAND_DONE) {
        status =
            command_ask (command, json_pack ("{s:s, s:s}", "action", "work_cancel", "hash", hash),
                         command->timeout, &body);
    }
    if (status == COMMAND_DONE && command->arguments.given[COMMAND_JSON]) {
        return print_json (body);
    }
    json_decref (body);
    return status;
}
