#include "load_run.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "load_client.h"
#include "work/base/clock.h"

/* How long a client that leaves stays after it has asked. */
#define LEAVE_AFTER (CLOCK_SECOND / 50)

/* Connections that are being made at once: a listener's queue is short. */
#define CONNECTING_MOST 64

/* Within this all of them have to be open. */
#define OPEN_PATIENCE (60 * CLOCK_SECOND)

#define EVENTS_MOST 256

struct load_run {
    struct load_run_settings settings;
    int poll;
    int timer; /* absolute, on clock_now's clock */
    struct load_client *clients;
    char *buffers;
    struct load_client_list idle;    /* who has waited longest first */
    struct load_client_list leaving; /* by `until` */
    size_t opened;                   /* clients that have begun to connect, ever */
    size_t connecting;
    size_t busy;
    const struct load_plan *plan;
    struct load_tally *tally;
    size_t sent; /* arrivals of the plan */
    uint64_t start;
    uint64_t last; /* when the last answer came */
};

/* Connections. */

static int
begin_connecting (struct load_run *run, struct load_client *client)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data.ptr = client,
    };

    if (load_client_connect (client, run->settings.port) != 0 ||
        epoll_ctl (run->poll, EPOLL_CTL_ADD, client->fd, &event) != 0) {
        return -1;
    }
    run->connecting++;
    return 0;
}

static int
begin_again (struct load_run *run, struct load_client *client)
{
    load_client_close (client);
    if (run->tally != NULL) {
        run->tally->reconnects++;
    }
    return begin_connecting (run, client);
}

static struct load_row *
row_of (struct load_run *run, const struct load_arrival *arrival)
{
    return &run->tally->rows[arrival->kind];
}

static void
count_time (struct load_run *run, const struct load_arrival *arrival, uint64_t now)
{
    load_histogram_add (&row_of (run, arrival)->times, now - run->start - arrival->due);
}

static void
count_lost (struct load_run *run, const struct load_arrival *arrival, uint64_t now)
{
    row_of (run, arrival)->lost++;
    count_time (run, arrival, now);
}

static void
count_answer (struct load_run *run, const struct load_client *client, uint64_t now)
{
    struct load_row *const row = row_of (run, client->arrival);

    row->answered += client->verdict <= LOAD_GOOD_STORED;
    row->stored += client->verdict == LOAD_GOOD_STORED;
    row->refused += client->verdict == LOAD_REFUSED;
    row->wrong += client->verdict == LOAD_WRONG;
    count_time (run, client->arrival, now);
    run->last = now;
}

/* The server closed the connection. */
static int
on_closed (struct load_run *run, struct load_client *client, enum load_client_state before)
{
    switch (before) {
    case LOAD_CLIENT_IDLE:
        TAILQ_REMOVE (&run->idle, client, link);
        break;
    case LOAD_CLIENT_BUSY:
        run->busy--;
        count_lost (run, client->arrival, clock_now ());
        break;
    case LOAD_CLIENT_LEAVING:
        TAILQ_REMOVE (&run->leaving, client, link);
        row_of (run, client->arrival)->left++;
        break;
    case LOAD_CLIENT_CONNECTING:
        break;
    }
    return begin_again (run, client);
}

static int
on_connected (struct load_run *run, struct load_client *client)
{
    if (load_client_connected (client) != 0) {
        return -1;
    }
    run->connecting--;
    TAILQ_INSERT_TAIL (&run->idle, client, link);
    return 0;
}

static int
on_readable (struct load_run *run, struct load_client *client)
{
    const enum load_client_state before = client->state;

    switch (load_client_read (client, &run->settings.difficulty)) {
    case LOAD_CLIENT_NOTHING:
        return 0;
    case LOAD_CLIENT_ANSWERED:
        count_answer (run, client, clock_now ());
        run->busy--;
        if (client->ended) {
            return begin_again (run, client);
        }
        TAILQ_INSERT_TAIL (&run->idle, client, link);
        return 0;
    case LOAD_CLIENT_CLOSED:
        break;
    }
    return on_closed (run, client, before);
}

static int
on_event (struct load_run *run, const struct epoll_event *event)
{
    struct load_client *const client = event->data.ptr;
    uint64_t expirations;

    if (client == NULL) {
        return read (run->timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN ? -1 : 0;
    }
    if (client->state == LOAD_CLIENT_CONNECTING && on_connected (run, client) != 0) {
        return -1;
    }
    return (event->events & ~(uint32_t)EPOLLOUT) != 0 ? on_readable (run, client) : 0;
}

/* Waits for something to happen, `milliseconds` at the most, -1 for as long as it takes. */
static int
poll_once (struct load_run *run, int milliseconds)
{
    struct epoll_event events[EVENTS_MOST];
    const int count = epoll_wait (run->poll, events, EVENTS_MOST, milliseconds);

    for (int i = 0; i < count; i++) {
        if (on_event (run, &events[i]) != 0) {
            return -1;
        }
    }
    return count >= 0 || errno == EINTR ? 0 : -1;
}

/* Opening. */

static int
open_clients (struct load_run *run)
{
    const uint64_t until = clock_now () + OPEN_PATIENCE;
    const size_t wanted = run->settings.connections;

    while (run->opened < wanted || run->connecting > 0) {
        while (run->opened < wanted && run->connecting < CONNECTING_MOST) {
            if (begin_connecting (run, &run->clients[run->opened++]) != 0) {
                return -1;
            }
        }
        if (poll_once (run, 1000) != 0) {
            return -1;
        }
        if (clock_now () > until) {
            errno = ETIMEDOUT;
            return -1;
        }
    }
    return 0;
}

static int
allocate (struct load_run *run)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    const size_t count = run->settings.connections;

    run->clients = calloc (count, sizeof *run->clients);
    run->buffers = calloc (count, LOAD_CLIENT_BUFFER);
    run->poll = epoll_create1 (EPOLL_CLOEXEC);
    run->timer = timerfd_create (CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (run->clients == NULL || run->buffers == NULL || run->poll < 0 || run->timer < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        run->clients[i].fd = -1;
        run->clients[i].answer = run->buffers + i * LOAD_CLIENT_BUFFER;
    }
    return epoll_ctl (run->poll, EPOLL_CTL_ADD, run->timer, &event);
}

struct load_run *
load_run_open (const struct load_run_settings *settings, char *error, size_t size)
{
    struct load_run *const run = calloc (1, sizeof *run);

    if (run == NULL) {
        (void)snprintf (error, size, "out of memory");
        return NULL;
    }
    run->settings = *settings;
    run->poll = -1;
    run->timer = -1;
    TAILQ_INIT (&run->idle);
    TAILQ_INIT (&run->leaving);
    if (allocate (run) != 0 || open_clients (run) != 0) {
        (void)snprintf (error, size, "cannot open %zu connections to port %u: %s",
                        settings->connections, settings->port, strerror (errno));
        load_run_close (run);
        return NULL;
    }
    return run;
}

void
load_run_close (struct load_run *run)
{
    if (run == NULL) {
        return;
    }
    for (size_t i = 0; i < run->opened; i++) {
        load_client_close (&run->clients[i]);
    }
    if (run->timer >= 0) {
        (void)close (run->timer);
    }
    if (run->poll >= 0) {
        (void)close (run->poll);
    }
    free (run->buffers);
    free (run->clients);
    free (run);
}

/* Running a plan. */

/* When the next arrival is due; 0 when there is none. */
static uint64_t
next_due (const struct load_run *run)
{
    return run->sent < run->plan->count ? run->start + run->plan->arrivals[run->sent].due : 0;
}

static int
send_next (struct load_run *run, struct load_client *client)
{
    const struct load_arrival *const arrival = &run->plan->arrivals[run->sent++];
    const int failed = load_client_send (client, arrival, &run->settings.difficulty);

    TAILQ_REMOVE (&run->idle, client, link);
    row_of (run, arrival)->sent++;
    if (client->state == LOAD_CLIENT_LEAVING) {
        client->until = clock_now () + LEAVE_AFTER;
        TAILQ_INSERT_TAIL (&run->leaving, client, link);
    } else {
        run->busy++;
    }
    return failed != 0 ? on_closed (run, client, client->state) : 0;
}

static int
send_due (struct load_run *run)
{
    struct load_client *client;

    while ((client = TAILQ_FIRST (&run->idle)) != NULL) {
        const uint64_t due = next_due (run);

        if (due == 0 || due > clock_now ()) {
            return 0;
        }
        if (send_next (run, client) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
leave_due (struct load_run *run)
{
    struct load_client *client;

    while ((client = TAILQ_FIRST (&run->leaving)) != NULL && client->until <= clock_now ()) {
        TAILQ_REMOVE (&run->leaving, client, link);
        row_of (run, client->arrival)->left++;
        if (begin_again (run, client) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Has poll_once return when there is something to do: to send, to leave, or to give up. */
static int
set_timer (struct load_run *run, uint64_t give_up)
{
    const struct load_client *const leaving = TAILQ_FIRST (&run->leaving);
    const uint64_t due = TAILQ_EMPTY (&run->idle) ? 0 : next_due (run);
    uint64_t at = give_up;

    if (due != 0 && due < at) {
        at = due;
    }
    if (leaving != NULL && leaving->until < at) {
        at = leaving->until;
    }
    const struct itimerspec when = {
        .it_value = {(time_t)(at / CLOCK_SECOND), (long)(at % CLOCK_SECOND)}};

    return timerfd_settime (run->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static bool
is_over (const struct load_run *run)
{
    return run->sent == run->plan->count && run->busy == 0 && TAILQ_EMPTY (&run->leaving);
}

static int
loop (struct load_run *run, uint64_t give_up)
{
    while (!is_over (run) && clock_now () < give_up) {
        if (leave_due (run) != 0 || send_due (run) != 0 || set_timer (run, give_up) != 0 ||
            poll_once (run, -1) != 0) {
            return -1;
        }
    }
    return 0;
}

/* What was never answered, or never even sent, has waited until now. */
static void
count_unanswered (struct load_run *run)
{
    const uint64_t now = clock_now ();

    for (size_t i = 0; i < run->settings.connections; i++) {
        if (run->clients[i].state == LOAD_CLIENT_BUSY) {
            count_lost (run, run->clients[i].arrival, now);
        }
    }
    for (; run->sent < run->plan->count; run->sent++) {
        row_of (run, &run->plan->arrivals[run->sent])->sent++;
        count_lost (run, &run->plan->arrivals[run->sent], now);
    }
}

int
load_run_plan (struct load_run *run, const struct load_plan *plan, struct load_tally *tally,
               char *error, size_t size)
{
    const uint64_t length = plan->count > 0 ? plan->arrivals[plan->count - 1].due : 0;
    int result;

    run->plan = plan;
    run->tally = tally;
    run->sent = 0;
    run->start = clock_now ();
    run->last = run->start;
    tally->connections = run->settings.connections;
    result = loop (run, run->start + length + clock_from_seconds (run->settings.patience));
    if (result != 0) {
        (void)snprintf (error, size, "cannot keep %zu connections to port %u open: %s",
                        run->settings.connections, run->settings.port, strerror (errno));
    } else {
        count_unanswered (run);
    }
    tally->seconds = clock_seconds (run->last - run->start);
    run->tally = NULL;
    return result;
}
