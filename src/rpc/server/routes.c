#include "rpc/server/routes.h"

#include <assert.h>
#include <string.h>

void
routes_add (struct routes *routes, const struct route *table, void *context, bool open)
{
    assert (routes->count < ROUTES_MAX_TABLES);
    routes->tables[routes->count].routes = table;
    routes->tables[routes->count].context = context;
    routes->tables[routes->count].open = open;
    routes->count++;
}

static const char *
allow (bool get, bool post)
{
    if (get && post) {
        return "GET, HEAD, POST, OPTIONS";
    }
    return get ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
}

static bool
serves (enum route_method route, enum route_method asked)
{
    return route == asked || (route == ROUTE_GET && asked == ROUTE_PAGE);
}

bool
routes_find (const struct routes *routes, enum route_method method, const char *path,
             struct routes_match *match)
{
    struct routes_match found = {0};
    bool known[ROUTE_OTHER] = {false};

    for (size_t i = 0; i < routes->count; i++) {
        for (const struct route *each = routes->tables[i].routes; each->path != NULL; each++) {
            if (strcmp (each->path, path) != 0 ||
                (each->method == ROUTE_PAGE && method != ROUTE_PAGE)) {
                continue;
            }
            known[each->method] = true;
            found.path = each->path;
            found.any_origin = found.any_origin || each->any_origin;
            if (serves (each->method, method)) {
                found.route = each;
                found.context = routes->tables[i].context;
                found.open = routes->tables[i].open;
            }
        }
    }
    if (found.path == NULL) {
        return false;
    }
    found.allow = allow (known[ROUTE_GET] || known[ROUTE_PAGE], known[ROUTE_POST]);
    *match = found;
    return true;
}
