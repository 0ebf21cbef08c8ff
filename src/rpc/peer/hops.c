#include "rpc/peer/hops.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char id_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char blanks[] = " \t";

struct hop_list {
    size_t count;
    char ids[HOPS_MAX][HOPS_ID_SIZE];
};

bool
hops_is_id (const char *id)
{
    size_t length = strspn (id, id_characters);

    return length > 0 && length < HOPS_ID_SIZE && id[length] == '\0';
}

/* Reads the id that `*text` begins with, and the blanks around it. Returns 0, or -1 for garbage. */
static int
read_id (const char **text, struct hop_list *list)
{
    const char *id = *text + strspn (*text, blanks);
    size_t length = strspn (id, id_characters);

    if (length == 0 || length >= HOPS_ID_SIZE || list->count == HOPS_MAX) {
        return -1;
    }
    memcpy (list->ids[list->count], id, length);
    list->ids[list->count++][length] = '\0';
    *text = id + length + strspn (id + length, blanks);
    return 0;
}

/* Garbage leaves the list empty. */
static void
parse (const char *hops, struct hop_list *list)
{
    *list = (struct hop_list){0};
    if (hops == NULL) {
        return;
    }
    while (read_id (&hops, list) == 0) {
        if (*hops == '\0') {
            return;
        }
        if (*hops++ != ',') {
            break;
        }
    }
    list->count = 0;
}

bool
hops_contains (const char *hops, const char *id)
{
    struct hop_list list;

    parse (hops, &list);
    for (size_t i = 0; i < list.count; i++) {
        if (strcmp (list.ids[i], id) == 0) {
            return true;
        }
    }
    return false;
}

int
hops_append (const char *hops, const char *id, char text[HOPS_TEXT_SIZE])
{
    struct hop_list list;
    size_t length = 0;

    parse (hops, &list);
    if (list.count == HOPS_MAX || !hops_is_id (id)) {
        return -1;
    }
    for (size_t i = 0; i < list.count; i++) {
        length += (size_t)snprintf (text + length, HOPS_TEXT_SIZE - length, "%s,", list.ids[i]);
    }
    snprintf (text + length, HOPS_TEXT_SIZE - length, "%s", id);
    return 0;
}
