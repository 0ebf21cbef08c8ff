/*
 * Hops: the daemons that a request has come through, so that a loop of work peers is seen and
 * ends. They travel in a header, oldest first, separated by commas: "Workpeer-Hops: id,id". An id
 * is 1 to 32 characters of A-Z, a-z, 0-9, '-' and '_', and each daemon chooses its own. Pure; any
 * thread.
 */
#ifndef RPC_HOPS_H
#define RPC_HOPS_H

#include <stdbool.h>
#include <stddef.h>

#define HOPS_HEADER "Workpeer-Hops"
#define HOPS_MAX 8                               /* daemons in a row */
#define HOPS_ID_SIZE 33                          /* 32 characters and the terminating zero */
#define HOPS_TEXT_SIZE (HOPS_MAX * HOPS_ID_SIZE) /* of a header's value, zero included */

/* A plain value, to be copied; all zeros is no hops. */
struct hops {
    size_t count;
    char ids[HOPS_MAX][HOPS_ID_SIZE]; /* the oldest first; zeros after each id and after the last */
};

bool hops_is_id (const char *id);

/*
 * Reads a header's value as it came. NULL, and whatever is not a list of 1 to HOPS_MAX ids, is no
 * hops. Blanks around commas are passed over.
 */
void hops_parse (const char *header, struct hops *hops);

bool hops_contains (const struct hops *hops, const char *id);
bool hops_same (const struct hops *a, const struct hops *b);

/*
 * Adds `id`. Returns 0, or -1 with nothing changed when there are HOPS_MAX already, for the request
 * has come far enough, or when it is no id.
 */
int hops_append (struct hops *hops, const char *id);

/* The header's value; "" for no hops. */
void hops_print (const struct hops *hops, char text[HOPS_TEXT_SIZE]);

#endif
