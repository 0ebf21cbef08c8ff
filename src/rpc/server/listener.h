/*
 * Sockets that listen: opening one by its address, and telling what one is. Any thread.
 */
#ifndef RPC_LISTENER_H
#define RPC_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define LISTENER_ADDRESS_SIZE 46 /* INET6_ADDRSTRLEN */

/*
 * Reads `address`, an IPv4 or IPv6 literal, brackets allowed, or "localhost", which is 127.0.0.1.
 * Returns 0, or -1.
 */
int listener_parse (const char *address, uint16_t port, struct sockaddr_storage *storage);

/*
 * A socket that has that address and does not listen yet: who may have the port now need not be
 * allowed to any more when it is to listen. With `only`, "::" does not stand for IPv4 as well.
 * Returns its descriptor, or -1 with errno set.
 */
int listener_reserve (const struct sockaddr_storage *address, bool only);

/* Has such a socket listen. Returns 0, or -1 with errno set. */
int listener_listen (int fd);

/* What `fd` is, if it is a TCP socket that listens. Returns 0, or -1. */
int listener_describe (int fd, char address[LISTENER_ADDRESS_SIZE], uint16_t *port);

#endif
