#include "node/engine/scanner_choice.h"

#include <stdio.h>
#include <string.h>

#include "work/base/cpus.h"
#include "work/base/number.h"

static void
explain (const char *name, char reason[TRIAL_TEXT_SIZE])
{
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);
    int length =
        snprintf (reason, TRIAL_TEXT_SIZE,
                  "work.scanner is \"%s\", expected \"auto\" or one that this build and this "
                  "CPU have:",
                  name);

    for (size_t i = 0; i < count && length > 0 && length < TRIAL_TEXT_SIZE; i++) {
        if (scanners[i]->usable ()) {
            length += snprintf (reason + length, (size_t)(TRIAL_TEXT_SIZE - length), " %s",
                                scanners[i]->name);
        }
    }
}

int
scanner_choice_make (const char *name, struct scanner_choice *choice)
{
    struct trial trial;

    if (strcmp (name, "auto") != 0) {
        choice->scanner = scan_named (name);
        if (choice->scanner == NULL) {
            explain (name, choice->reason);
            return -1;
        }
        (void)snprintf (choice->reason, sizeof choice->reason, "as configured");
        return 0;
    }
    trial_run (&trial);
    choice->scanner = trial.chosen;
    trial_reason (&trial, choice->reason);
    return 0;
}

int
scanner_choice_threads (const char *text, const struct config *config, unsigned *threads)
{
    unsigned cpus = cpus_available ();
    uint64_t wanted = config->work_threads < cpus ? config->work_threads : cpus;

    if (text != NULL && number_parse_unsigned (text, 1, cpus, &wanted) != 0) {
        fprintf (stderr, "Invalid threads count: expected 1 to %u, the number of CPUs\n", cpus);
        return -1;
    }
    if (wanted == 0) {
        fprintf (stderr, "Work generation is disabled (node.work_threads is 0; use --threads)\n");
        return -1;
    }
    *threads = (unsigned)wanted;
    return 0;
}
