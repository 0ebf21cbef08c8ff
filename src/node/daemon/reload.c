/*
 * Threads: `thread` runs while `reading`, and is joined on the loop once the eventfd is readable;
 * until then `result` is its own. A retirement's thread has its own struct, and joins
 * the thread before; reload_free joins the last.
 */
#include "node/daemon/reload.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "node/base/log.h"
#include "node/daemon/node_tls.h"
#include "rpc/base/memory.h"
#include "work/base/thread.h"

/* An engine that was replaced, and the retirement before it. */
struct retirement {
    struct engine *engine;
    pthread_t before;
    bool has_before;
};

struct reload {
    const struct config_sources *sources;
    reload_done_fn done;
    void *data;
    int fd; /* an eventfd: the thread is through */
    struct event *event;
    pthread_t thread;
    bool reading;
    struct event *turn;     /* the loop's next one */
    struct engine *leaving; /* to be retired then; or NULL */
    pthread_t retirement;   /* the last one's thread */
    bool retiring;          /* there was one */
    bool keep_opencl_off;
    const struct config *present;
    struct reload_result result;
};

void
reload_free_engine (struct engine *engine)
{
    if (engine != NULL) {
        engine_clear (engine);
        free (engine);
    }
}

static void *
retire (void *data)
{
    struct retirement *const retirement = data;

    reload_free_engine (retirement->engine);
    if (retirement->has_before) {
        (void)pthread_join (retirement->before, NULL);
    }
    free (retirement);
    return NULL;
}

/* A device that hangs is long in stopping, and the loop waits for none. */
static void
start_retirement (struct reload *reload)
{
    struct engine *const engine = reload->leaving;
    struct retirement *retirement;
    pthread_t thread;

    if (engine == NULL) {
        return;
    }
    reload->leaving = NULL;
    retirement = memory_new (1, sizeof *retirement);
    *retirement = (struct retirement){engine, reload->retirement, reload->retiring};
    if (thread_start (&thread, retire, retirement) != 0) {
        free (retirement);
        reload_free_engine (engine);
        return;
    }
    reload->retirement = thread;
    reload->retiring = true;
}

static void
on_turn (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    start_retirement (data);
}

void
reload_retire (struct reload *reload, struct engine *engine)
{
    const struct timeval next = {0, 0};

    start_retirement (reload);
    reload->leaving = engine;
    /* The engine's eventfd is not closed before epoll has let go of it: with its list of changes,
     * libevent tells epoll when the loop waits again, which is before the next turn. */
    memory_require (event_add (reload->turn, &next) == 0);
}

/* Starts the engine that the new configuration asks for. */
static void
start_engine (struct reload *reload)
{
    struct engine *engine = memory_new (1, sizeof *engine);

    if (engine_start (engine, reload->result.config, reload->sources->data_path) == 0) {
        reload->result.engine = engine;
        return;
    }
    reload_free_engine (engine);
    reload->result.failed = true;
}

static void
read_authorities (struct reload *reload)
{
    char error[NODE_TLS_ERROR_SIZE];

    if (node_tls_new (reload->result.config, &reload->result.tls, error) != 0) {
        log_error ("%s", error);
        reload->result.failed = true;
    }
}

static void *
read_files (void *data)
{
    struct reload *reload = data;
    struct config_sources sources = *reload->sources;
    const uint64_t one = 1;

    sources.present = reload->present;
    sources.keep_opencl_off = reload->keep_opencl_off;
    reload->result.config = config_load (&sources, &reload->result.report);
    if (reload->result.config != NULL) {
        read_authorities (reload);
    }
    if (reload->result.config != NULL && !reload->result.failed &&
        config_differs (reload->present, reload->result.config, CONFIG_PART_ENGINE)) {
        start_engine (reload);
    }
    if (write (reload->fd, &one, sizeof one) != (ssize_t)sizeof one) {
        abort (); /* an eventfd at 0 takes a 1 */
    }
    return NULL;
}

bool
reload_is_reading (const struct reload *reload)
{
    return reload->reading;
}

int
reload_start (struct reload *reload, const struct config *present, bool keep_opencl_off)
{
    reload->present = present;
    reload->keep_opencl_off = keep_opencl_off;
    reload->result = (struct reload_result){0};
    reload->reading = thread_start (&reload->thread, read_files, reload) == 0;
    return reload->reading ? 0 : -1;
}

static void
on_read (evutil_socket_t fd, short what, void *data)
{
    struct reload *reload = data;
    struct reload_result result;
    uint64_t count;

    (void)what;
    if (read (fd, &count, sizeof count) != (ssize_t)sizeof count) {
        return;
    }
    (void)pthread_join (reload->thread, NULL);
    reload->reading = false;
    result = reload->result; /* taken out: `done` may start another reading, whose thread has it */
    reload->done (reload->data, &result);
    config_report_clear (&result.report);
}

struct reload *
reload_new (struct event_base *base, const struct config_sources *sources, reload_done_fn done,
            void *data)
{
    const int fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct reload *reload;

    if (fd < 0) {
        log_error ("Cannot start: no descriptor for reloading the configuration: %s",
                   strerror (errno));
        return NULL;
    }
    reload = memory_new (1, sizeof *reload);
    reload->fd = fd;
    reload->sources = sources;
    reload->done = done;
    reload->data = data;
    reload->turn = memory_need (evtimer_new (base, on_turn, reload));
    reload->event = memory_need (event_new (base, fd, EV_READ | EV_PERSIST, on_read, reload));
    memory_require (event_add (reload->event, NULL) == 0);
    return reload;
}

void
reload_free (struct reload *reload)
{
    if (reload == NULL) {
        return;
    }
    if (reload->reading) {
        (void)pthread_join (reload->thread, NULL);
        config_free (reload->result.config);
        tls_release (reload->result.tls);
        reload_free_engine (reload->result.engine);
        config_report_clear (&reload->result.report);
    }
    reload_free_engine (reload->leaving);
    if (reload->retiring) {
        (void)pthread_join (reload->retirement, NULL);
    }
    event_free (reload->turn);
    event_free (reload->event);
    (void)close (reload->fd);
    free (reload);
}
