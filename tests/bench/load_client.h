/*
 * One connection of a load: it waits for its turn, sends what an arrival says, and reads until all
 * answers are there. Nothing blocks; whoever polls `fd`, edge-triggered, calls in.
 */
#ifndef BENCH_LOAD_CLIENT_H
#define BENCH_LOAD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "load_plan.h"
#include "load_request.h"

/* Longer than any answer, a pipeline's together. */
#define LOAD_CLIENT_BUFFER 16384

enum load_client_state {
    LOAD_CLIENT_CONNECTING,
    LOAD_CLIENT_IDLE,
    LOAD_CLIENT_BUSY,
    LOAD_CLIENT_LEAVING, /* it has asked, and closes without waiting for the answer */
};

struct load_client {
    int fd;
    enum load_client_state state;
    const struct load_arrival *arrival; /* while busy or leaving */
    unsigned awaited;                   /* answers */
    enum load_verdict verdict;          /* of those that are there, the worst */
    bool ended;                         /* the server has closed after what it answered */
    uint64_t until;                     /* when it leaves; clock_now's time */
    size_t have;
    char *answer; /* LOAD_CLIENT_BUFFER bytes, whoever made the client's */
    TAILQ_ENTRY (load_client) link;
};

TAILQ_HEAD (load_client_list, load_client);

/* Begins to connect to a port on loopback. Returns 0, or -1 with errno. */
int load_client_connect (struct load_client *client, uint16_t port);

/* Once `fd` is writable: returns 0, and the client is idle, or -1 with errno. */
int load_client_connected (struct load_client *client);

/*
 * Sends what the arrival, which is kept, says; the client is then busy, or leaving. Returns 0, or
 * -1 when the connection does not take it.
 */
int load_client_send (struct load_client *client, const struct load_arrival *arrival,
                      const struct load_difficulty *difficulty);

enum load_client_news {
    LOAD_CLIENT_NOTHING,
    LOAD_CLIENT_ANSWERED, /* as `verdict` says; the client is idle, or has `ended` */
    LOAD_CLIENT_CLOSED,   /* by the server, or with an answer that cannot be read */
};

/* Once `fd` is readable: reads all there is. */
enum load_client_news load_client_read (struct load_client *client,
                                        const struct load_difficulty *difficulty);

void load_client_close (struct load_client *client);

#endif
