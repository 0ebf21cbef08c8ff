#include "rpc/access/forwarded.h"

#include <event2/keyvalq_struct.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "rpc/base/header.h"
#include "work/base/number.h"

#define BLANKS " \t"

/* Of an address with its port, or a word in its place: longer ones are refused. */
#define NODE_SIZE 128

/* What a field has told so far, from its beginning. */
struct walk {
    const struct proxies *proxies;
    bool given; /* the field is there */
    bool known; /* else the client is whoever has written the last element */
    struct cidr_address client;
};

bool
proxies_contain (const struct proxies *proxies, const struct cidr_address *address)
{
    return cidr_any_contains (proxies->networks, proxies->count, address);
}

/* A word that stands for an address or a port which the proxy hides. */
static bool
is_obscure (const char *text)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789._-";

    return text[0] == '_' && text[1] != '\0' && text[strspn (text, characters)] == '\0';
}

static bool
is_port (const char *text)
{
    uint64_t port;

    return is_obscure (text) || number_parse_unsigned (text, 0, UINT16_MAX, &port) == 0;
}

/* One more proxy has been asked from there. */
static void
pass_address (struct walk *walk, const struct cidr_address *address)
{
    if (!walk->known || !proxies_contain (walk->proxies, address)) {
        walk->client = *address;
        walk->known = true;
    }
}

/*
 * RFC 7239, 6: "address", "address:port", "[IPv6]" or "[IPv6]:port"; "unknown" or "_word" in the
 * place of an address. X-Forwarded-For has IPv6 without brackets as well.
 */
static bool
pass_node (struct walk *walk, char *text)
{
    const bool bracketed = text[0] == '[';
    char *const end = bracketed ? strchr (text, ']') : text + strcspn (text, ":");
    const char *rest = end;
    struct cidr_address address;

    if (end == NULL) {
        return false;
    }
    if (bracketed) {
        text++;
        rest++;
    }
    if ((*rest == ':' && !is_port (rest + 1)) || (*rest != ':' && *rest != '\0')) {
        return false;
    }
    *end = '\0';
    if (cidr_address_parse (text, &address) == 0 && (strchr (text, ':') != NULL) == bracketed) {
        pass_address (walk, &address);
        return true;
    }
    walk->known = false;
    return !bracketed && (strcasecmp (text, "unknown") == 0 || is_obscure (text));
}

/* X-Forwarded-For: a list of such, or of plain addresses. */
static bool
read_list (struct walk *walk, const char *value)
{
    while (*value != '\0') {
        const size_t skipped = strspn (value, BLANKS ",");
        const size_t length = strcspn (value + skipped, BLANKS ",");
        const size_t after = skipped + length + strspn (value + skipped + length, BLANKS);
        char node[NODE_SIZE];
        struct cidr_address address;

        if (length >= sizeof node || (value[after] != ',' && value[after] != '\0')) {
            return false;
        }
        memcpy (node, value + skipped, length);
        node[length] = '\0';
        value += after;
        if (length > 0 && cidr_address_parse (node, &address) == 0) {
            pass_address (walk, &address);
        } else if (length > 0 && !pass_node (walk, node)) {
            return false;
        }
    }
    return true;
}

/* A token or a quoted string at `*at`, which it passes (RFC 9110, 5.6). Too long is "". */
static bool
read_value (const char **at, char text[NODE_SIZE])
{
    const bool quoted = **at == '"';
    size_t length = 0;

    for (*at += quoted; quoted ? **at != '"' : header_is_token (**at); (*at)++) {
        *at += quoted && **at == '\\';
        if (**at == '\0') {
            return false;
        }
        text[length < NODE_SIZE ? length : 0] = **at;
        length++;
    }
    *at += quoted;
    text[length < NODE_SIZE ? length : 0] = '\0';
    return quoted || length > 0;
}

/* "name=value" at `*at`; the value of a "for" is kept in `node`, once. */
static bool
read_pair (const char **at, char node[NODE_SIZE])
{
    const char *const name = *at;
    char value[NODE_SIZE];
    size_t length;

    while (header_is_token (**at)) {
        (*at)++;
    }
    length = (size_t)(*at - name);
    if (length == 0 || *(*at)++ != '=' || !read_value (at, value)) {
        return false;
    }
    if (length == 3 && strncasecmp (name, "for", 3) == 0) {
        if (node[0] != '\0' || value[0] == '\0') {
            return false;
        }
        memcpy (node, value, sizeof value);
    }
    return true;
}

/* Forwarded: elements with commas between, of pairs with semicolons between. */
static bool
read_elements (struct walk *walk, const char *value)
{
    while (*(value += strspn (value, BLANKS ",")) != '\0') {
        char node[NODE_SIZE] = "";

        while (*value != '\0' && *value != ',') {
            if (*value != ';' && !read_pair (&value, node)) {
                return false;
            }
            value += strspn (value, BLANKS);
            if (*value == ';') {
                value += 1 + strspn (value + 1, BLANKS);
            } else if (*value != '\0' && *value != ',') {
                return false;
            }
        }
        if (node[0] == '\0') {
            walk->known = false;
        } else if (!pass_node (walk, node)) {
            return false;
        }
    }
    return true;
}

/* All fields of a name are one (RFC 9110, 5.3). */
static bool
read_fields (struct walk *walk, const struct evkeyvalq *headers, const char *name,
             bool (*read) (struct walk *walk, const char *value))
{
    const struct evkeyval *each;

    TAILQ_FOREACH (each, headers, next)
    {
        if (strcasecmp (each->key, name) == 0) {
            walk->given = true;
            if (!read (walk, each->value)) {
                return false;
            }
        }
    }
    return true;
}

static bool
is_same (const struct walk *a, const struct walk *b)
{
    return a->known == b->known &&
           (!a->known || memcmp (&a->client, &b->client, sizeof a->client) == 0);
}

int
forwarded_find (const struct proxies *proxies, const struct evkeyvalq *headers,
                struct cidr_address *address)
{
    struct walk standard = {.proxies = proxies};
    struct walk usual = {.proxies = proxies};
    const struct walk *found = &standard;

    if (proxies->protocol || !proxies_contain (proxies, address)) {
        return 0;
    }
    if (!read_fields (&standard, headers, "Forwarded", read_elements) ||
        !read_fields (&usual, headers, "X-Forwarded-For", read_list)) {
        return -1;
    }
    if (usual.given) {
        if (standard.given && !is_same (&standard, &usual)) {
            return -1;
        }
        found = &usual;
    }
    if (found->known) {
        *address = found->client;
    }
    return 0;
}
