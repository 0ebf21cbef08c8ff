/*
 * A client of a server in this thread: it says bytes, turns the loop, and hears what comes back.
 *
 * One thread.
 */
#ifndef TESTS_SUPPORT_CLIENT_H
#define TESTS_SUPPORT_CLIENT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENT_MAX_HEARD = 1 << 20 };

struct client {
    struct event_base *base;
    struct event *readable; /* so that the loop wakes up for us */
    int fd;
    unsigned dialled; /* how often */
    bool ended;       /* the server has closed, or reset */
    size_t length;
    char heard[CLIENT_MAX_HEARD + 1]; /* everything so far; ends with a zero */
};

/* Connects to `port` on the loopback, from one of its addresses. To be closed with client_close. */
void client_dial (struct client *client, struct event_base *base, uint16_t port);

/* Sends, as far as the server still listens. */
void client_say (struct client *client, const void *data, size_t size);

/* Sends no more. */
void client_finish (struct client *client);

/* What the loop has ready now, and no waiting. */
void client_turn (struct client *client);

/* Turns the loop until the server has closed; a find when it takes longer than is bearable. */
void client_hear_all (struct client *client);

/* Resets the connection, so that it leaves no port behind. */
void client_close (struct client *client);

/* One answer to a POST. */
struct client_answer {
    int status;
    const char *body; /* within what was heard; ends with a zero */
    size_t length;
};

/*
 * Posts to `path` over `client`, which is connected first if it is not, or not any more, and waits
 * for the answer, which must be whole and well-formed; a find when there is none.
 */
void client_post (struct client *client, struct event_base *base, uint16_t port, const char *path,
                  const void *body, size_t size, struct client_answer *answer);

#endif
