/*
 * The command line: lines are arguments. It is understood, with one command, or refused with what
 * was wrong and nothing else; help and version are told to anybody.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "node/config/options.h"

enum { MOST = 32 };

static void
check (int argc, char **argv)
{
    struct options options;
    char *said = NULL;
    size_t length = 0;
    FILE *errors = open_memstream (&said, &length);
    int failed;

    FUZZ_CHECK (errors != NULL);
    failed = options_parse (argc, argv, &options, errors);
    FUZZ_CHECK (fclose (errors) == 0);
    FUZZ_CHECK (failed == 0 || failed == -1);
    FUZZ_CHECK ((failed == 0) == (length == 0));
    if (failed == 0) {
        FUZZ_CHECK (options.command != OPTIONS_NONE);
        FUZZ_CHECK (options.data_path != NULL || options.command == OPTIONS_HELP ||
                    options.command == OPTIONS_VERSION || options_given (&options, OPTION_URL));
        for (enum option_id id = 0; id < OPTION_IDS; id++) {
            FUZZ_CHECK (options_given (&options, id) == (options_text (&options, id) != NULL));
        }
        if (options.command != OPTIONS_HELP && options.command != OPTIONS_VERSION) {
            FUZZ_CHECK (options_number (&options, OPTION_COUNT, 1) >= 1);
            FUZZ_CHECK (options_number (&options, OPTION_TIMEOUT, 1) > 0);
        }
    } else {
        FUZZ_CHECK (said[length - 1] == '\n' && strlen (said) == length);
    }
    options_clear (&options);
    FUZZ_CHECK (options.command == OPTIONS_NONE);
    free (said);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static char program[] = "workpeer";
    char *argv[MOST + 2] = {program};
    char *lines[MOST];
    int count = 0;

    while (count < MOST && (lines[count] = fuzz_line (&data, &size)) != NULL) {
        argv[count + 1] = lines[count];
        count++;
    }
    check (count + 1, argv);
    while (count > 0) {
        free (lines[--count]);
    }
    return 0;
}
