/*
 * What bench_cache.py measures work from the store with.
 *
 *     bench_cache fill DIRECTORY ENTRIES      a store of works for the dev network's receives
 *     bench_cache load PORT CONNECTIONS SECONDS ENTRIES
 *
 * "load" asks a daemon over that store for entries at random, one request in flight on each
 * connection, checks every answer, and prints requests a second and the median and the 99th
 * percentile of the time that each took, in microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "work/base/clock.h"
#include "work/base/hex.h"
#include "work/base/number.h"
#include "work/scan/value.h"
#include "work/store/store.h"

#define THRESHOLD UINT64_C (0xf000000000000000)
#define MAX_CONNECTIONS 256
#define MAX_SAMPLES 10000000

static void
die (const char *what)
{
    fprintf (stderr, "bench_cache: %s: %s\n", what, strerror (errno));
    exit (1);
}

/* splitmix64 */
static uint64_t
mix (uint64_t number)
{
    number += UINT64_C (0x9e3779b97f4a7c15);
    number = (number ^ number >> 30) * UINT64_C (0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C (0x94d049bb133111eb);
    return number ^ number >> 31;
}

static void
make_root (uint64_t number, uint8_t root[32])
{
    for (uint64_t i = 0; i < 4; i++) {
        const uint64_t word = mix (number * 4 + i);

        memcpy (root + 8 * i, &word, 8);
    }
}

static int
fill (const char *path, uint64_t entries)
{
    const struct store_settings settings = {.max_entries = entries};
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open (path, &settings, error, sizeof error);
    struct scan_target target = {.threshold = THRESHOLD, .order = store_order (STORE_NANO_DEV)};
    struct store_entry entry = {.network = STORE_NANO_DEV, .source = "bench_cache"};

    if (store == NULL) {
        fprintf (stderr, "bench_cache: %s\n", error);
        return 1;
    }
    entry.found = (uint64_t)time (NULL);
    for (uint64_t i = 0; i < entries; i++) {
        make_root (i, target.root);
        memcpy (entry.root, target.root, sizeof entry.root);
        entry.work = mix (i);
        while (!value_reaches (&target, entry.work, NULL)) {
            entry.work++;
        }
        while (store_put (store, &entry) == STORE_DROPPED) {
            (void)usleep (1000);
        }
    }
    if (store_sync (store) != 0) {
        die ("the store cannot be written");
    }
    store_close (store);
    return 0;
}

struct client {
    int fd;
    uint64_t since;
    char root[HEX_ROOT_SIZE];
    size_t have;
    char answer[4096];
};

static float *samples;
static size_t sample_count;

static int
connect_to (uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons (port)};
    int fd = socket (AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    if (fd < 0 || connect (fd, (struct sockaddr *)&address, sizeof address) != 0) {
        die ("cannot connect");
    }
    return fd;
}

static void
ask (struct client *client, uint64_t entries)
{
    static uint64_t turn;
    uint8_t root[32];
    char body[256];
    char request[512];
    int length;

    make_root (mix (~turn++) % entries, root);
    hex_print_root (root, client->root);
    length = snprintf (body, sizeof body,
                       "{\"action\":\"work_generate\",\"subtype\":\"receive\",\"hash\":\"%s\"}",
                       client->root);
    length = snprintf (request, sizeof request,
                       "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", length,
                       body);
    client->have = 0;
    client->since = clock_now ();
    if (write (client->fd, request, (size_t)length) != length) {
        die ("cannot send");
    }
}

static bool
has (const struct client *client, const char *text)
{
    return memmem (client->answer, client->have, text, strlen (text)) != NULL;
}

/* Whether the client holds a whole answer, which must be from the store. */
static bool
is_complete (const struct client *client)
{
    const char *end = memmem (client->answer, client->have, "\r\n\r\n", 4);
    const char *length = memmem (client->answer, client->have, "Content-Length: ", 16);

    if (end == NULL || length == NULL ||
        client->have < (size_t)(end - client->answer) + 4 + strtoul (length + 16, NULL, 10)) {
        return false;
    }
    if (!has (client, client->root) || !has (client, "\"source\": \"cache\"")) {
        fprintf (stderr, "bench_cache: a wrong answer: %.*s\n", (int)client->have, client->answer);
        exit (1);
    }
    return true;
}

static void
serve (struct client *client, uint64_t entries)
{
    const ssize_t got =
        read (client->fd, client->answer + client->have, sizeof client->answer - client->have);

    if (got <= 0) {
        die ("connection lost");
    }
    client->have += (size_t)got;
    if (is_complete (client)) {
        if (sample_count < MAX_SAMPLES) {
            samples[sample_count++] = (float)(clock_seconds (clock_now () - client->since) * 1e6);
        }
        ask (client, entries);
    }
}

static int
compare_samples (const void *a, const void *b)
{
    const float left = *(const float *)a;
    const float right = *(const float *)b;

    return (left > right) - (left < right);
}

static int
load (uint16_t port, size_t connections, double seconds, uint64_t entries)
{
    static struct client clients[MAX_CONNECTIONS];
    struct pollfd ready[MAX_CONNECTIONS];
    const uint64_t start = clock_now ();
    const uint64_t end = start + clock_from_seconds (seconds);

    samples = calloc (MAX_SAMPLES, sizeof *samples);
    if (samples == NULL) {
        die ("out of memory");
    }
    for (size_t i = 0; i < connections; i++) {
        clients[i].fd = connect_to (port);
        ready[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
        ask (&clients[i], entries);
    }
    while (clock_now () < end) {
        if (poll (ready, connections, 1000) <= 0) {
            die ("no answer");
        }
        for (size_t i = 0; i < connections; i++) {
            if (ready[i].revents != 0) {
                serve (&clients[i], entries);
            }
        }
    }
    const double rate = (double)sample_count / clock_seconds (clock_now () - start);

    qsort (samples, sample_count, sizeof *samples, compare_samples);
    printf ("%.0f %.1f %.1f\n", rate, (double)samples[sample_count / 2],
            (double)samples[sample_count * 99 / 100]);
    free (samples);
    return 0;
}

int
main (int argc, char **argv)
{
    uint64_t port;
    uint64_t connections;
    uint64_t entries;
    double seconds;

    if (argc == 4 && strcmp (argv[1], "fill") == 0 &&
        number_parse_unsigned (argv[3], 1, UINT32_MAX, &entries) == 0) {
        return fill (argv[2], entries);
    }
    if (argc == 6 && strcmp (argv[1], "load") == 0 &&
        number_parse_unsigned (argv[2], 1, UINT16_MAX, &port) == 0 &&
        number_parse_unsigned (argv[3], 1, MAX_CONNECTIONS, &connections) == 0 &&
        number_parse_double (argv[4], &seconds) == 0 && seconds > 0 && seconds < 3600 &&
        number_parse_unsigned (argv[5], 1, UINT32_MAX, &entries) == 0) {
        return load ((uint16_t)port, (size_t)connections, seconds, entries);
    }
    fprintf (stderr, "usage: bench_cache fill DIRECTORY ENTRIES |"
                     " bench_cache load PORT CONNECTIONS SECONDS ENTRIES\n");
    return 1;
}
