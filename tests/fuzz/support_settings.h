/*
 * What the targets of the configuration check of what config_load has said and made.
 *
 * One thread.
 */
#ifndef TESTS_SUPPORT_SETTINGS_H
#define TESTS_SUPPORT_SETTINGS_H

#include "node/config/config.h"

/* Loads; checks the report; NULL when there were errors. */
const struct config *settings_load (const struct config_sources *sources);

/*
 * Checks that every value that can be shown whole, written into a file as it is shown, is read
 * again as the same.
 */
void settings_check_shown (const struct config *config);

#endif
