/*
 * Hops: the daemons that a request has come through, so that a loop of work peers is seen and
 * ends. They travel in a header, oldest first, separated by commas: "Workpeer-Hops: id,id". An id
 * is 1 to 32 characters of A-Z, a-z, 0-9, '-' and '_', and each daemon chooses its own. Pure; any
 * thread.
 */
#ifndef RPC_HOPS_H
#define RPC_HOPS_H

#include <stdbool.h>

#define HOPS_HEADER "Workpeer-Hops"
#define HOPS_MAX 8                               /* daemons in a row */
#define HOPS_ID_SIZE 33                          /* 32 characters and the terminating zero */
#define HOPS_TEXT_SIZE (HOPS_MAX * HOPS_ID_SIZE) /* of a header's value, zero included */

bool hops_is_id (const char *id);

/*
 * Whether `id` is among `hops`, a header's value as it came; NULL, and whatever is not a list of 1
 * to HOPS_MAX ids, is no hops. Blanks around commas are passed over.
 */
bool hops_contains (const char *hops, const char *id);

/*
 * Writes `hops`, read as above, and `id` after it. Returns 0, or -1 with `text` untouched when
 * there are HOPS_MAX already: the request has come far enough.
 */
int hops_append (const char *hops, const char *id, char text[HOPS_TEXT_SIZE]);

#endif
