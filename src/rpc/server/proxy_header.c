#include "rpc/server/proxy_header.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "work/base/number.h"

/* Version 1: a line, with its end at most so long. */
#define MOST_LINE 107
static const char line_start[] = "PROXY ";

/* Version 2: a signature, version and command, family, the length of the rest. */
static const uint8_t signature[] = "\r\n\r\n\0\r\nQUIT\n";
enum { SIGNATURE_SIZE = 12, HEAD_SIZE = 16 };
enum { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21 };
enum { FAMILY_NONE = 0x00, FAMILY_TCP4 = 0x11, FAMILY_TCP6 = 0x21, FAMILY_UNIX = 0x31 };

/* Whether `bytes` begin as `start` does, as far as both go. */
static bool
starts_with (const uint8_t *bytes, size_t size, const void *start, size_t start_size)
{
    return memcmp (bytes, start, size < start_size ? size : start_size) == 0;
}

/* An address of version 1, of the family. */
static bool
read_address (const char *text, bool v4, struct cidr_address *address)
{
    return (strchr (text, ':') == NULL) == v4 && cidr_address_parse (text, address) == 0;
}

static bool
is_port (const char *text)
{
    uint64_t port;

    return number_parse_unsigned (text, 0, UINT16_MAX, &port) == 0;
}

/* "TCP4 source destination source-port destination-port", one blank between two words. */
static bool
read_words (char *line, struct proxy_header *header)
{
    char *words[5];
    size_t count = 0;
    struct cidr_address destination;
    bool v4;

    for (char *word = line; word != NULL; count++) {
        if (count == sizeof words / sizeof words[0]) {
            return false;
        }
        words[count] = strsep (&word, " ");
    }
    v4 = strcmp (words[0], "TCP4") == 0;
    header->known = true;
    return count == sizeof words / sizeof words[0] && (v4 || strcmp (words[0], "TCP6") == 0) &&
           read_address (words[1], v4, &header->address) &&
           read_address (words[2], v4, &destination) && is_port (words[3]) && is_port (words[4]);
}

static enum proxy_header_result
read_line (const uint8_t *bytes, size_t size, struct proxy_header *header)
{
    static const char unknown[] = "UNKNOWN";
    const size_t start = sizeof line_start - 1;
    const uint8_t *const end = memchr (bytes, '\n', size < MOST_LINE ? size : MOST_LINE);
    char line[MOST_LINE] = "";

    if (end == NULL) {
        return size < MOST_LINE ? PROXY_HEADER_MORE : PROXY_HEADER_BAD;
    }
    header->size = (size_t)(end - bytes) + 1;
    if (header->size < start + 2 || end[-1] != '\r' || memchr (bytes, '\0', header->size) != NULL) {
        return PROXY_HEADER_BAD;
    }
    memcpy (line, bytes + start, header->size - start - 2);
    if (strncmp (line, unknown, sizeof unknown - 1) == 0 &&
        (line[sizeof unknown - 1] == '\0' || line[sizeof unknown - 1] == ' ')) {
        return PROXY_HEADER_WHOLE;
    }
    return read_words (line, header) ? PROXY_HEADER_WHOLE : PROXY_HEADER_BAD;
}

/* The source, of those addresses that begin the `length` bytes after the head of version 2. */
static bool
read_family (const uint8_t *bytes, size_t length, struct proxy_header *header)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    switch (bytes[SIGNATURE_SIZE + 1]) {
    case FAMILY_TCP4:
        if (length < 2 * (sizeof v4.sin_addr + sizeof v4.sin_port)) {
            return false;
        }
        memcpy (&v4.sin_addr, bytes + HEAD_SIZE, sizeof v4.sin_addr);
        header->known = cidr_address_of ((struct sockaddr *)&v4, &header->address) == 0;
        return true;
    case FAMILY_TCP6:
        if (length < 2 * (sizeof v6.sin6_addr + sizeof v6.sin6_port)) {
            return false;
        }
        memcpy (&v6.sin6_addr, bytes + HEAD_SIZE, sizeof v6.sin6_addr);
        header->known = cidr_address_of ((struct sockaddr *)&v6, &header->address) == 0;
        return true;
    case FAMILY_NONE:
    case FAMILY_UNIX:
        return true;
    default:
        return false;
    }
}

static enum proxy_header_result
read_binary (const uint8_t *bytes, size_t size, struct proxy_header *header)
{
    size_t length;

    if (size > SIGNATURE_SIZE && bytes[SIGNATURE_SIZE] != COMMAND_LOCAL &&
        bytes[SIGNATURE_SIZE] != COMMAND_PROXY) {
        return PROXY_HEADER_BAD;
    }
    if (size < HEAD_SIZE) {
        return PROXY_HEADER_MORE;
    }
    length = (size_t)bytes[HEAD_SIZE - 2] << 8 | bytes[HEAD_SIZE - 1];
    header->size = HEAD_SIZE + length;
    if (header->size > PROXY_HEADER_MOST) {
        return PROXY_HEADER_BAD;
    }
    if (size < header->size) {
        return PROXY_HEADER_MORE;
    }
    return bytes[SIGNATURE_SIZE] == COMMAND_LOCAL || read_family (bytes, length, header)
               ? PROXY_HEADER_WHOLE
               : PROXY_HEADER_BAD;
}

enum proxy_header_result
proxy_header_read (const uint8_t *bytes, size_t size, struct proxy_header *header)
{
    const size_t start = sizeof line_start - 1;

    *header = (struct proxy_header){.known = false};
    if (starts_with (bytes, size, line_start, start)) {
        return size < start ? PROXY_HEADER_MORE : read_line (bytes, size, header);
    }
    return starts_with (bytes, size, signature, SIGNATURE_SIZE) ? read_binary (bytes, size, header)
                                                                : PROXY_HEADER_BAD;
}
