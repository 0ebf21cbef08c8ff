#include "node/web/web_state.h"

#include <inttypes.h>

#include "node/manage/health.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "work/base/hex.h"

static void
put (json_t *object, const char *name, json_t *value)
{
    memory_require (json_object_set_new (object, name, value) == 0);
}

static void
append (json_t *array, json_t *value)
{
    memory_require (json_array_append_new (array, value) == 0);
}

/* In one word, with the reason where it is not "up". */
static json_t *
health_object (const struct actions *actions)
{
    json_t *const object = json_object ();
    char reason[HEALTH_REASON_SIZE] = "";
    const char *word = "up";

    if (health_ready (actions, reason) != 0) {
        char failed[HEALTH_REASON_SIZE];
        word = health_check (actions, failed) == 0 ? "starting" : "down";
    }
    json_put (object, "state", "%s", actions->stopping ? "stopping" : word);
    json_put (object, "reason", "%s", reason);
    return object;
}

static json_t *
history_array (const struct web_history *history)
{
    json_t *const array = json_array ();

    for (size_t i = 0; i < web_history_count (history); i++) {
        append (array, json_sprintf ("%.0f", web_history_rate (history, i)));
    }
    return array;
}

/* Its first and last digits: enough to know it again. */
static void
put_root (json_t *object, const uint8_t root[32])
{
    char text[HEX_ROOT_SIZE];

    hex_print_root (root, text);
    json_put (object, "root", "%.8s...%s", text, text + 56);
}

static json_t *
search_object (const struct broker_search *search)
{
    json_t *const object = json_object ();

    put_root (object, search->root);
    json_put (object, "class", "%s", search->ahead ? "ahead" : "asked");
    json_put (object, "source", "%s%s%s", search->here ? "devices" : "",
              search->here && search->peers ? ", " : "", search->peers ? "work peers" : "");
    json_put (object, "age", "%.1f", search->seconds);
    json_put (object, "expected", "%.0f", search->progress.expected);
    json_put (object, "tried", "%.0f", search->progress.tried);
    return object;
}

static void
put_searches (json_t *body, const struct broker *broker)
{
    struct broker_search searches[WEB_STATE_SEARCHES];
    const size_t count = broker_searches (broker, searches, WEB_STATE_SEARCHES);
    json_t *const array = json_array ();

    for (size_t i = 0; i < count && i < WEB_STATE_SEARCHES; i++) {
        append (array, search_object (&searches[i]));
    }
    json_put (body, "search_count", "%zu", count);
    actions_put (body, "searches", array);
}

static json_t *
queue_object (struct pool *pool)
{
    json_t *const object = json_object ();
    struct pool_statistics statistics;

    pool_statistics (pool, &statistics);
    json_put (object, "asked", "%zu", statistics.waiting[POOL_ASKED]);
    json_put (object, "ahead", "%zu", statistics.waiting[POOL_AHEAD]);
    return object;
}

static json_t *
works_array (const struct metrics *metrics)
{
    struct metrics_found found[METRICS_FOUND];
    const size_t count = metrics_newest (metrics, found);
    json_t *const array = json_array ();

    for (size_t i = 0; i < count; i++) {
        json_t *const object = json_object ();
        json_put (object, "at", "%.0f", found[i].at);
        json_put (object, "source", "%s", metrics_source_names[found[i].source]);
        json_put (object, "seconds", "%.6f", found[i].seconds);
        append (array, object);
    }
    return array;
}

/* Of the sources that have found any. */
static json_t *
times_array (const struct metrics *metrics)
{
    json_t *const array = json_array ();

    for (enum metrics_source source = 0; source < METRICS_SOURCES; source++) {
        const struct histogram *const times = &metrics->work[source];
        const double median = histogram_quantile (times, 0.5);

        if (median > 0) {
            json_t *const object = json_object ();
            json_put (object, "source", "%s", metrics_source_names[source]);
            json_put (object, "median", "%.6f", median);
            json_put (object, "p95", "%.6f", histogram_quantile (times, 0.95));
            append (array, object);
        }
    }
    return array;
}

json_t *
web_state (const struct web_sources *sources, const struct web_history *history)
{
    const struct actions *const actions = sources->actions;
    json_t *const body = action_status_body (actions);

    put (body, "health", health_object (actions));
    actions_put (body, "history", history_array (history));
    put_searches (body, actions->broker);
    put (body, "queue", queue_object (actions->engine.pool));
    actions_put (body, "works", works_array (sources->metrics));
    actions_put (body, "times", times_array (sources->metrics));
    if (sources->atto_port != 0) {
        json_put (body, "atto_port", "%" PRIu16, sources->atto_port);
    }
    return body;
}
