/*
 * What the files of the finder share.
 */
#ifndef NODE_FINDER_INTERNAL_H
#define NODE_FINDER_INTERNAL_H

#include "node/cli/finder.h"

struct finder_ops {
    /* Starts a search that ends with finder_end. Returns 0, or -1 with a reason in `text`. */
    int (*start) (struct finder *finder, const struct scan_target *target, char *text, size_t size);
    void (*stop) (struct finder *finder); /* whatever runs; finder_end is not called */
    void (*progress) (struct finder *finder, struct finder_progress *progress);
    void (*free) (struct finder *finder);
};

struct finder {
    const struct finder_ops *ops;
    struct command *command;
    struct scan_target target;
    struct finder_answer answer; /* of the search that has ended */
    bool ended;
};

/* Ends the search with finder->answer. */
void finder_end (struct finder *finder);

/* finder_daemon.c, finder_local.c: NULL after a complaint. */
struct finder *finder_daemon_new (struct command *command);
struct finder *finder_local_new (struct command *command);

#endif
