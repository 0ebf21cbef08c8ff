/*
 * Routes: which function a method and a path lead to, for what is asked for by its path and
 * answered with a status, unlike the RPC's actions.
 *
 * Pure; any thread.
 */
#ifndef RPC_ROUTES_H
#define RPC_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "rpc/access/access.h"

struct request;

enum route_method {
    ROUTE_GET,  /* HEAD, too */
    ROUTE_PAGE, /* the same of a client that accepts text/html; for others the path is unknown */
    ROUTE_POST,
    ROUTE_OTHER, /* in no table */
};

/*
 * One way in. `run` is called on the loop with the context of its table, and answers now with one
 * of the request_reply functions, or keeps the request and calls request_on_leave.
 */
struct route {
    enum route_method method;
    const char *path; /* compared to the byte, without the query; no two are alike in both */
    bool any_origin;  /* a page of any site may call it from a browser, and read the answer */
    void (*run) (void *context, struct request *request);
    enum access_right right; /* that a key with rights needs */
};

#define ROUTES_MAX_TABLES 8

/* Several tables, as one. To begin with, all zero. */
struct routes {
    struct {
        const struct route *routes;
        void *context;
        bool open;
    } tables[ROUTES_MAX_TABLES];
    size_t count;
};

/*
 * Adds a table (static, ended by a NULL path), where there is room for one; if `open`, whoever
 * access keeps out may call its routes, too.
 */
void routes_add (struct routes *routes, const struct route *table, void *context, bool open);

/* What is known of a path. */
struct routes_match {
    const struct route *route; /* NULL: the path is known, but not with this method */
    void *context;             /* the route's */
    const char *path;          /* the route table's; static */
    const char *allow;         /* the methods that the path has, as a header lists them; static */
    bool any_origin;           /* of the path's routes */
    bool open;                 /* the route's table is */
};

/* Looks `path` up; a ROUTE_PAGE finds what a ROUTE_GET does, too. Returns whether any route has it;
 * else `match` is untouched. */
bool routes_find (const struct routes *routes, enum route_method method, const char *path,
                  struct routes_match *match);

#endif
