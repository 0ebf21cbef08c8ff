/*
 * A list of texts: addresses, networks, accounts. Whoever fills one says who owns it.
 */
#ifndef NODE_TEXT_LIST_H
#define NODE_TEXT_LIST_H

#include <stddef.h>

struct text_list {
    char **items;
    size_t count;
};

#endif
