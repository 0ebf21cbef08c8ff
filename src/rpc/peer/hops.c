#include "rpc/peer/hops.h"

#include <stdio.h>
#include <string.h>

static const char id_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char blanks[] = " \t";

bool
hops_is_id (const char *id)
{
    size_t length = strspn (id, id_characters);

    return length > 0 && length < HOPS_ID_SIZE && id[length] == '\0';
}

/* Reads the id that `*text` begins with, and the blanks around it. Returns 0, or -1 for garbage. */
static int
read_id (const char **text, struct hops *hops)
{
    const char *id = *text + strspn (*text, blanks);
    size_t length = strspn (id, id_characters);

    if (length == 0 || length >= HOPS_ID_SIZE || hops->count == HOPS_MAX) {
        return -1;
    }
    memcpy (hops->ids[hops->count++], id, length);
    *text = id + length + strspn (id + length, blanks);
    return 0;
}

void
hops_parse (const char *header, struct hops *hops)
{
    *hops = (struct hops){0};
    while (header != NULL && read_id (&header, hops) == 0) {
        if (*header == '\0') {
            return;
        }
        if (*header++ != ',') {
            break;
        }
    }
    *hops = (struct hops){0};
}

bool
hops_contains (const struct hops *hops, const char *id)
{
    for (size_t i = 0; i < hops->count; i++) {
        if (strcmp (hops->ids[i], id) == 0) {
            return true;
        }
    }
    return false;
}

bool
hops_same (const struct hops *a, const struct hops *b)
{
    return a->count == b->count && memcmp (a->ids, b->ids, sizeof a->ids) == 0;
}

int
hops_append (struct hops *hops, const char *id)
{
    if (hops->count == HOPS_MAX || !hops_is_id (id)) {
        return -1;
    }
    memcpy (hops->ids[hops->count++], id, strlen (id));
    return 0;
}

void
hops_print (const struct hops *hops, char text[HOPS_TEXT_SIZE])
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < hops->count; i++) {
        length += (size_t)snprintf (text + length, HOPS_TEXT_SIZE - length, "%s%s",
                                    i > 0 ? "," : "", hops->ids[i]);
    }
}
