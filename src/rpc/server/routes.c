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

bool
routes_find (const struct routes *routes, enum route_method method, const char *path,
             struct routes_match *match)
{
    struct routes_match found = {0};
    bool known[ROUTE_OTHER] = {false};

    for (size_t i = 0; i < routes->count; i++) {
        for (const struct route *each = routes->tables[i].routes; each->path != NULL; each++) {
            if (strcmp (each->path, path) != 0) {
                continue;
            }
            known[each->method] = true;
            found.path = each->path;
            found.any_origin = found.any_origin || each->any_origin;
            if (each->method == method) {
                found.route = each;
                found.context = routes->tables[i].context;
                found.open = routes->tables[i].open;
            }
        }
    }
    if (!known[ROUTE_GET] && !known[ROUTE_POST]) {
        return false;
    }
    found.allow = allow (known[ROUTE_GET], known[ROUTE_POST]);
    *match = found;
    return true;
}
