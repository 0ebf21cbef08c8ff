/*
 * In the place of confinement.c: for builds without libseccomp, and with sanitizers.
 * LeakSanitizer, at the end, traces the process that it looks through, which the list refuses.
 */
#include <stdio.h>

#include "node/system/confinement.h"

bool
confinement_is_built_in (void)
{
    return false;
}

int
confinement_put_up (bool no_programs, char error[CONFINEMENT_TEXT_SIZE])
{
    (void)no_programs;
    (void)snprintf (error, CONFINEMENT_TEXT_SIZE, "this program was built without it");
    return -1;
}
