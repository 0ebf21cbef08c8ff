#include "node/manage/metrics_report.h"

#include <stdlib.h>
#include <string.h>

#include "build_config.h"
#include "node/base/process.h"
#include "node/manage/health.h"
#include "node/metrics/exposition.h"
#include "rpc/base/memory.h"
#include "work/pool/pool.h"

#define LABELS EXPOSITION_LABELS
#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static const char *const class_names[POOL_CLASSES] = {
    [POOL_ASKED] = "asked",
    [POOL_AHEAD] = "ahead",
};

/* A family whose samples are numbers out of structs of one kind. */
struct number_family {
    enum exposition_kind kind;
    const char *name;
    const char *help;
    size_t offset; /* of a uint64_t */
};

/* One of those structs, and the labels of its samples. */
struct number_row {
    struct exposition_label labels[3];
    const void *numbers;
};

static void
put_numbers (struct exposition *out, const struct number_family *families, size_t family_count,
             const struct number_row *rows, size_t row_count)
{
    for (size_t family = 0; family < family_count; family++) {
        exposition_family (out, families[family].kind, families[family].name,
                           families[family].help);
        for (size_t i = 0; i < row_count; i++) {
            uint64_t value;
            memcpy (&value, (const char *)rows[i].numbers + families[family].offset, sizeof value);
            exposition_whole (out, rows[i].labels, value);
        }
    }
}

/* A family of one sample without labels. */
static void
put_one (struct exposition *out, enum exposition_kind kind, const char *name, const char *help,
         uint64_t value)
{
    exposition_family (out, kind, name, help);
    exposition_whole (out, NULL, value);
}

static void
put_one_real (struct exposition *out, enum exposition_kind kind, const char *name, const char *help,
              double value)
{
    exposition_family (out, kind, name, help);
    exposition_real (out, NULL, value);
}

static void
put_daemon (const struct actions *actions, struct exposition *out)
{
    char reason[HEALTH_REASON_SIZE];

    exposition_family (out, EXPOSITION_INFO, "workpeer_build", "What runs: 1.");
    exposition_whole (out,
                      LABELS ({"version", PACKAGE_VERSION}, {"build", BUILD_INFO},
                              {"network", actions->network->name},
                              {"scanner", actions->engine.choice.scanner->name}),
                      1);
    put_one (out, EXPOSITION_GAUGE, "workpeer_healthy", "Whether /health says UP.",
             health_check (actions, reason) == 0);
    put_one (out, EXPOSITION_GAUGE, "workpeer_ready", "Whether /ready says UP.",
             health_ready (actions, reason) == 0);
}

/* Requests and what they got. */

static void
put_requests (const struct metrics *metrics, struct exposition *out)
{
    exposition_family (out, EXPOSITION_COUNTER, "workpeer_requests",
                       "Requests that have ended, by action, or path, and result.");
    for (size_t i = 0; i < metrics->name_count; i++) {
        const struct metrics_requests *requests = &metrics->requests[i];
        for (enum request_result result = 0; result < REQUEST_RESULTS; result++) {
            exposition_whole (
                out, LABELS ({"action", requests->name}, {"result", metrics_result_names[result]}),
                requests->count[result]);
        }
    }
}

static void
put_work (const struct metrics *metrics, struct exposition *out)
{
    exposition_family (out, EXPOSITION_HISTOGRAM, "workpeer_work_duration_seconds",
                       "How long it took to find work that somebody waited for, by its source.");
    for (enum metrics_source source = 0; source < METRICS_SOURCES; source++) {
        exposition_histogram (out, LABELS ({"source", metrics_source_names[source]}),
                              &metrics->work[source]);
    }
}

static void
put_queue (const struct actions *actions, struct exposition *out)
{
    struct pool_statistics queue;

    pool_statistics (actions->engine.pool, &queue);
    exposition_family (out, EXPOSITION_GAUGE, "workpeer_queue_jobs",
                       "Jobs that wait for a device, by class.");
    for (size_t i = 0; i < POOL_CLASSES; i++) {
        exposition_whole (out, LABELS ({"class", class_names[i]}), queue.waiting[i]);
    }
    exposition_family (out, EXPOSITION_GAUGE, "workpeer_queue_age_seconds",
                       "How long ago the oldest of them was asked for.");
    for (size_t i = 0; i < POOL_CLASSES; i++) {
        exposition_real (out, LABELS ({"class", class_names[i]}), queue.age[i]);
    }
}

static void
put_jobs (const struct actions *actions, struct exposition *out)
{
    struct pool_statistics pool;

    pool_statistics (actions->engine.pool, &pool);
    put_one (out, EXPOSITION_GAUGE, "workpeer_waiters", "Requests that wait for work.",
             broker_waiters (actions->broker));
    put_one (out, EXPOSITION_GAUGE, "workpeer_jobs_in_flight",
             "Jobs that a device searches at this moment.", pool.running);
    exposition_family (out, EXPOSITION_COUNTER, "workpeer_jobs_ended",
                       "Jobs of the devices here that have ended, by outcome.");
    exposition_whole (out, LABELS ({"outcome", "found"}), pool.found);
    exposition_whole (out, LABELS ({"outcome", "cancelled"}), pool.cancelled);
    exposition_whole (out, LABELS ({"outcome", "failed"}), pool.failed);
}

/* Devices. */

/* On standby it is up, too. */
static bool
is_up (const struct pool_device *device)
{
    return device->state == POOL_DEVICE_UP || device->state == POOL_DEVICE_STANDBY;
}

/* The reason of a failure that is over is no state: a device has one such series at a time. */
static void
put_state (struct exposition *out, const struct pool_device *device)
{
    exposition_whole (out,
                      LABELS ({"device", device->name}, {"kind", device->kind},
                              {"scanner", device->detail},
                              {"state", pool_device_state_name (device->state)},
                              {"reason", is_up (device) ? "" : device->reason}),
                      1);
}

static const struct number_family device_hashes = {EXPOSITION_COUNTER, "workpeer_device_hashes",
                                                   "Hashes that a device has tried.",
                                                   offsetof (struct pool_device, hashes)};

static void
put_devices (struct pool *pool, struct exposition *out)
{
    const size_t count = pool_device_count (pool);
    struct pool_device *devices = memory_new (count, sizeof *devices);
    struct number_row *rows = memory_new (count, sizeof *rows);

    exposition_family (out, EXPOSITION_GAUGE, "workpeer_device_up",
                       "Whether a device is open, tested and has not failed since.");
    for (size_t i = 0; i < count; i++) {
        const struct pool_device *const device = &devices[i];

        pool_device (pool, i, &devices[i]);
        rows[i] = (struct number_row){{{"device", device->name}, {"kind", device->kind}}, device};
        exposition_whole (out, rows[i].labels, is_up (device));
    }
    exposition_family (out, EXPOSITION_INFO, "workpeer_device",
                       "A device and its state, with the reason where it is not up: 1.");
    for (size_t i = 0; i < count; i++) {
        put_state (out, &devices[i]);
    }
    put_numbers (out, &device_hashes, 1, rows, count);
    exposition_family (out, EXPOSITION_GAUGE, "workpeer_device_hashes_per_second",
                       "How fast a device is while it works, as measured.");
    for (size_t i = 0; i < count; i++) {
        if (devices[i].measured) {
            exposition_real (out, rows[i].labels, devices[i].rate);
        }
    }
    free (rows);
    free (devices);
}

/* The cache. */

#define STORED(field) offsetof (struct store_statistics, field)

static const struct number_family store_families[] = {
    {EXPOSITION_COUNTER, "workpeer_cache_hits", "Requests that the cache had work for.",
     STORED (hits)},
    {EXPOSITION_COUNTER, "workpeer_cache_misses", "Requests that it had none for.",
     STORED (misses)},
    {EXPOSITION_COUNTER, "workpeer_cache_weak", "Of the misses: it had work that was too weak.",
     STORED (weak)},
    {EXPOSITION_GAUGE, "workpeer_cache_entries", "Works on the disk.", STORED (entries)},
    {EXPOSITION_GAUGE, "workpeer_cache_accounts", "Accounts on the disk.", STORED (accounts)},
    {EXPOSITION_GAUGE, "workpeer_cache_file_bytes", "How large the file is.", STORED (bytes)},
    {EXPOSITION_GAUGE, "workpeer_cache_live_bytes", "How much of it is in use.",
     STORED (live_bytes)},
    {EXPOSITION_GAUGE, "workpeer_cache_pending", "Changes that wait to be written.",
     STORED (pending)},
    {EXPOSITION_COUNTER, "workpeer_cache_puts", "Works that were taken.", STORED (puts)},
    {EXPOSITION_COUNTER, "workpeer_cache_dropped", "Changes that were not: too many waited.",
     STORED (dropped)},
    {EXPOSITION_COUNTER, "workpeer_cache_evicted", "Works that made room for others.",
     STORED (evicted)},
    {EXPOSITION_COUNTER, "workpeer_cache_expired", "Works that were too old.", STORED (expired)},
    {EXPOSITION_COUNTER, "workpeer_cache_corrupt", "Records that were damaged, and removed.",
     STORED (corrupt)},
    {EXPOSITION_COUNTER, "workpeer_cache_write_errors", "Writes that failed, to be tried again.",
     STORED (write_errors)},
    {EXPOSITION_COUNTER, "workpeer_cache_read_errors", "Reads that failed.", STORED (read_errors)},
};

static void
put_cache (struct store *store, struct exposition *out)
{
    struct store_statistics statistics = {.failing = true};
    const struct number_row row = {.numbers = &statistics};

    if (store != NULL) {
        store_statistics (store, &statistics);
    }
    put_one (out, EXPOSITION_GAUGE, "workpeer_cache_up",
             "Whether there is a cache, and its last write was good.", !statistics.failing);
    if (store == NULL) {
        return;
    }
    put_numbers (out, store_families, COUNT (store_families), &row, 1);
    put_one_real (out, EXPOSITION_GAUGE, "workpeer_cache_lag_seconds",
                  "How long the first of the changes that wait has waited.", statistics.lag);
}

static void
put_precache (const struct precache *precache, struct exposition *out)
{
    struct precache_statistics statistics;

    if (precache == NULL) {
        return;
    }
    precache_statistics (precache, &statistics);
    put_one (out, EXPOSITION_GAUGE, "workpeer_precache_accounts", "Accounts that are followed.",
             statistics.accounts);
    put_one (out, EXPOSITION_GAUGE, "workpeer_precache_ready",
             "Of these, those that have work for their frontier.", statistics.ready);
    put_one (out, EXPOSITION_GAUGE, "workpeer_precache_queued", "Roots that wait for their search.",
             statistics.queued);
    put_one (out, EXPOSITION_COUNTER, "workpeer_precache_found", "Works that were found ahead.",
             statistics.found);
    put_one (out, EXPOSITION_COUNTER, "workpeer_precache_failed",
             "Searches ahead that failed, to be tried again.", statistics.failed);
}

/* Peers. A list may name one peer more than once: it is one series, of their sum. */

struct peer_sum {
    const char *name;
    const char *list;
    uint64_t up;
    uint64_t in_flight;
    uint64_t count[PEER_OUTCOMES];
    uint64_t dropped;
};

static void
add_peer (struct peer_sum *sum, const struct peer *peer)
{
    struct peer_health health;

    peer_health (peer, &health);
    sum->up = sum->up || health.resting_until == 0;
    sum->in_flight += health.in_flight;
    sum->dropped += health.dropped;
    for (enum peer_outcome outcome = 0; outcome < PEER_OUTCOMES; outcome++) {
        sum->count[outcome] += health.count[outcome];
    }
}

/* Returns how many there are; `sums` has room for all peers. */
static size_t
add_up (const struct peers *peers, struct peer_sum *sums)
{
    size_t count = 0;

    for (enum peers_list list = 0; list < PEERS_LISTS; list++) {
        const size_t first = count;

        for (size_t i = 0; i < peers_count (peers, list); i++) {
            const struct peer *peer = peers_at (peers, list, i);
            size_t at = first;

            while (at < count && strcmp (sums[at].name, peer_name (peer)) != 0) {
                at++;
            }
            count += at == count;
            sums[at].name = peer_name (peer);
            sums[at].list = peers_list_name (list);
            add_peer (&sums[at], peer);
        }
    }
    return count;
}

#define SUMMED(field) offsetof (struct peer_sum, field)

static const struct number_family peer_families[] = {
    {EXPOSITION_GAUGE, "workpeer_peer_up",
     "Whether a work peer has not failed since it was last asked with success.", SUMMED (up)},
    {EXPOSITION_GAUGE, "workpeer_peer_in_flight", "Questions that are with a work peer.",
     SUMMED (in_flight)},
    {EXPOSITION_COUNTER, "workpeer_peer_wins", "Questions that a work peer answered with work.",
     SUMMED (count[PEER_FOUND])},
    {EXPOSITION_COUNTER, "workpeer_peer_dropped",
     "Questions to a work peer whose answer was not wanted any more.", SUMMED (dropped)},
};

static void
put_peer_failures (struct exposition *out, const struct peer_sum *sum)
{
    for (enum peer_outcome outcome = PEER_FOUND + 1; outcome < PEER_OUTCOMES; outcome++) {
        exposition_whole (out,
                          LABELS ({"peer", sum->name}, {"list", sum->list},
                                  {"kind", peer_outcome_name (outcome)}),
                          sum->count[outcome]);
    }
}

static void
put_peers (const struct peers *peers, struct exposition *out)
{
    const size_t most = peers_count (peers, PEERS_PRIMARY) + peers_count (peers, PEERS_SECONDARY);
    struct peer_sum *sums = memory_new (most, sizeof *sums);
    struct number_row *rows = memory_new (most, sizeof *rows);
    const size_t count = add_up (peers, sums);

    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct number_row){{{"peer", sums[i].name}, {"list", sums[i].list}}, &sums[i]};
    }
    put_numbers (out, peer_families, COUNT (peer_families), rows, count);
    exposition_family (out, EXPOSITION_COUNTER, "workpeer_peer_failures",
                       "Questions to a work peer that failed, by kind.");
    for (size_t i = 0; i < count; i++) {
        put_peer_failures (out, &sums[i]);
    }
    free (rows);
    free (sums);
}

/* Servers, by their face. */

#define SERVED(field) offsetof (struct server_statistics, field)

static const struct number_family server_families[] = {
    {EXPOSITION_GAUGE, "workpeer_connections", "Clients that are connected.", SERVED (connections)},
    {EXPOSITION_COUNTER, "workpeer_connections_accepted", "Connections that were accepted.",
     SERVED (accepted)},
    {EXPOSITION_GAUGE, "workpeer_requests_in_flight", "Requests that wait for their answer.",
     SERVED (waiting)},
    {EXPOSITION_COUNTER, "workpeer_requests_unreadable",
     "Requests that were no HTTP, or over a limit; in no other count.", SERVED (unreadable)},
    {EXPOSITION_GAUGE, "workpeer_held_bytes",
     "Requests that are not answered yet, and answers that were not read.", SERVED (held)},
    {EXPOSITION_COUNTER, "workpeer_connections_shed",
     "Connections closed because clients held too much memory.", SERVED (shed)},
    {EXPOSITION_COUNTER, "workpeer_received_bytes", "Bytes that clients have sent.",
     SERVED (received)},
    {EXPOSITION_COUNTER, "workpeer_sent_bytes", "Bytes that were written to clients.",
     SERVED (sent)},
};

static void
put_servers (const struct metrics_report *report, struct exposition *out)
{
    struct server_statistics statistics[METRICS_REPORT_MAX_FACES];
    struct number_row rows[METRICS_REPORT_MAX_FACES];

    for (size_t i = 0; i < report->face_count; i++) {
        server_statistics (report->faces[i].server, &statistics[i]);
        rows[i] = (struct number_row){{{"face", report->faces[i].name}}, &statistics[i]};
    }
    put_numbers (out, server_families, COUNT (server_families), rows, report->face_count);
}

/* The names are those that every exporter has. */
static void
put_process (const struct metrics *metrics, struct exposition *out)
{
    struct process process;

    process_read (&process);
    put_one_real (out, EXPOSITION_COUNTER, "process_cpu_seconds",
                  "Processor time of all threads, user and system.", process.cpu_seconds);
    put_one_real (out, EXPOSITION_GAUGE, "process_start_time_seconds",
                  "When the daemon began, in unix time.", metrics->started);
    if (process.has_memory) {
        put_one (out, EXPOSITION_GAUGE, "process_resident_memory_bytes", "Memory that it has.",
                 process.resident_bytes);
        put_one (out, EXPOSITION_GAUGE, "process_virtual_memory_bytes",
                 "Addresses that it has; the cache's file has a gibibyte and more of them.",
                 process.virtual_bytes);
    }
    if (process.has_descriptors) {
        put_one (out, EXPOSITION_GAUGE, "process_open_fds", "Descriptors that are open.",
                 process.descriptors);
        put_one (out, EXPOSITION_GAUGE, "process_max_fds", "Descriptors that may be.",
                 process.max_descriptors);
    }
}

static void
write_all (const struct metrics_report *report, struct exposition *out)
{
    const struct actions *actions = report->actions;

    put_daemon (actions, out);
    put_requests (report->metrics, out);
    put_work (report->metrics, out);
    put_queue (actions, out);
    put_jobs (actions, out);
    put_devices (actions->engine.pool, out);
    put_cache (precache_owner_store (actions->precache), out);
    put_precache (precache_owner_precache (actions->precache), out);
    put_peers (actions->peers, out);
    put_servers (report, out);
    put_process (report->metrics, out);
}

static void
get_metrics (void *context, struct request *request)
{
    struct evbuffer *output = memory_need (evbuffer_new ());
    struct exposition exposition;

    exposition_init (&exposition, exposition_choose (request_header (request, "Accept")), output);
    write_all (context, &exposition);
    exposition_end (&exposition);
    request_add_header (request, "Vary", "Accept");
    request_reply (request, 200, exposition_type (exposition.format), output);
    evbuffer_free (output);
}

const struct route metrics_report_routes[] = {
    {ROUTE_GET, "/metrics", false, get_metrics, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/prometheus", false, get_metrics, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};
