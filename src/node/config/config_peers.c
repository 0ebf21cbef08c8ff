/* [peers], [tls], and the type of its list of peers that take more than a host and a port. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/config/config_type.h"
#include "rpc/base/header.h"
#include "rpc/base/memory.h"

/* How long a key may be. */
enum { KEY_MAX = 1024 };

static enum config_outcome
read_url (const struct config_input *input, void *value)
{
    const char *expected = "a string with \"http://host:port/path\" in it";

    if (toml_is_text (input->entry) &&
        url_parse (input->entry->text, HTTP_PORT, value, &expected) == 0) {
        return CONFIG_READ;
    }
    config_report_mismatch (input->context, input->entry, expected);
    return CONFIG_REPORTED;
}

static const struct config_type url = {.size = sizeof (struct url), .read = read_url};

/* No key appears in a report. */
static enum config_outcome
read_key (const struct config_input *input, void *value)
{
    if (!toml_is_text (input->entry) || input->entry->length > KEY_MAX ||
        !header_is_value (input->entry->text)) {
        config_report_error (input->context, input->entry->place,
                             "%s is not valid in a header, expected a string of 1 to %d visible "
                             "ASCII characters",
                             input->entry->path, KEY_MAX);
        return CONFIG_REPORTED;
    }
    *(char **)value = memory_text (input->entry->text);
    return CONFIG_READ;
}

static const struct config_type key = {CONFIG_IS_TEXT (NULL), .read = read_key};

static bool
is_header (const struct config_input *input)
{
    return toml_is_text (input->entry) && header_is_name (input->entry->text) &&
           !header_is_reserved (input->entry->text);
}

static const struct config_type header = {
    CONFIG_IS_TEXT (is_header),
    .expected = "the name of a header that can carry a key, such as \"api-key\"",
};

static const struct config_option members[] = {
    {.path = "url", .type = &url, .sample = "\"http://host:port/path\""},
    {.path = "key", .type = &key, .offset = offsetof (struct config_peer, key)},
    {.path = "header", .type = &header, .offset = offsetof (struct config_peer, header)},
    {.type = NULL},
};

static bool
complete_peer (const struct toml_entry *entry, const struct config_context *context, void *value)
{
    struct config_peer *const peer = value;
    const struct toml_entry *const named = config_member (entry, "header");
    char *bearer;

    if (named != NULL && config_member (entry, "key") == NULL) {
        config_report_error (context, named->place, "%s is set without a key, expected both",
                             named->path);
        return false;
    }
    if (peer->key != NULL && peer->header == NULL) {
        peer->header = memory_text ("api-key");
    }
    /* RFC 6750's form where the header is the one that it is about. */
    if (peer->key != NULL && strcasecmp (peer->header, "Authorization") == 0 &&
        strchr (peer->key, ' ') == NULL) {
        memory_require (asprintf (&bearer, "Bearer %s", peer->key) >= 0);
        free (peer->key);
        peer->key = bearer;
    }
    return true;
}

/* Without their keys, and without their paths, which may hold one. */
static void
print_peer (const struct config_option *option, const void *value, FILE *stream)
{
    char text[ENDPOINT_TEXT_SIZE];

    (void)option;
    endpoint_print (&((const struct config_peer *)value)->url.endpoint, text);
    fprintf (stream, "\"%s\"", text);
}

static const struct config_type peer = {.size = sizeof (struct config_peer),
                                        .print = print_peer,
                                        .members = members,
                                        .finish = complete_peer};
const struct config_type config_peer_list = {
    .size = sizeof (struct config_peers),
    .expected = "a list of tables with a url, or of \"http://host:port/path\"",
    .item = &peer,
};

static const char *const modes[] = {"serial", "race", "hedge", NULL};
static const char *const locals[] = {"fallback", "beside", "never", NULL};

const char *
config_peers_mode_name (enum config_peers_mode mode)
{
    return modes[mode];
}

/* clang-format off */

static const struct config_option options[] = {
    {.path = "peers.mode", CONFIG_CHOICE (peers_mode, modes), .initial = "\"serial\"",
     .help = "\"serial\" asks one peer after another until one succeeds. \"race\" asks all of "
             "them at once and takes the first good answer. \"hedge\" also asks the next peer "
             "when one fails, or takes longer than it does 95 times out of 100. A peer whose "
             "answer is no longer needed receives work_cancel."},
    {.path = "peers.local", CONFIG_CHOICE (peers_local, locals), .initial = "\"fallback\"",
     .help = "What this machine's own devices do for a request that goes to peers: \"fallback\" "
             "starts them when all peers have failed, \"beside\" lets them search alongside the "
             "peers, \"never\" does not use them."},
    {.path = "peers.stand_in", CONFIG_SWITCH (peers_stand_in), .initial = "true",
     .part = CONFIG_PART_PRECACHE,
     .help = "Whether requests without use_peers go to the peers while this machine has no "
             "working device."},
    {.path = "peers.connect_timeout", CONFIG_NUMBER (peers_connect_timeout, 0.01, CONFIG_A_DAY),
     .initial = "3", .unit = "seconds",
     .help = "How long connecting to one address of a peer may take."},
    {.path = "peers.response_timeout", CONFIG_NUMBER (peers_response_timeout, 0.01, CONFIG_A_DAY),
     .initial = "60", .unit = "seconds",
     .help = "How long one peer may take to find work. If the request has less time left, its "
             "peers share that."},
    {.path = "peers.peer", .type = &config_peer_list, CONFIG_FIELD (struct config_peers, peers_peer),
     .initial = "[]",
     .help = "More work peers, for services that need a path or a key. They come after those of "
             "node.work_peers. Each is a table [[peers.peer]] with `url`, which is "
             "\"http://host:port/path\" or the same with https, and, if the service requires a key, "
             "`key` and `header`, the name of the header that carries it. The header is \"api-key\" "
             "by default; \"Authorization\" carries the key as a Bearer token."},
};

const struct config_section config_section_peers = {
    .path = "peers", CONFIG_OPTIONS (options),
    .help = "How Workpeer asks its work peers. node.work_peers and peers.peer list the peers.",
    .more = "Workpeer makes at most 4096 calls to peers at a time, or fewer if the limit on open "
            "files is too low. A call beyond that fails for the request, but does not count "
            "against the peer.",
};

static const struct config_option tls_options[] = {
    {.path = "tls.authorities", CONFIG_TEXT (config_file_path, tls_authorities), .initial = "\"\"",
     .help = "A PEM file with the certificates to trust instead of the system's authorities: those of "
             "your own authority, or a server's own certificate. SIGHUP rereads it."},
};

const struct config_section config_section_tls = {
    .path = "tls", CONFIG_OPTIONS (tls_options),
    .help = "How to check the servers of https URLs: work peers and precache.node.",
    .more = "A server must have a certificate for its name or address from a trusted authority, and "
            "support TLS 1.2 or 1.3. Otherwise Workpeer sends it nothing, not even a key, and the "
            "log and status say why it is `untrusted`.",
};
