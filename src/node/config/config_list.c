/* The types of lists whose items are single values. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "node/config/config_type.h"
#include "rpc/access/cidr.h"
#include "rpc/base/memory.h"
#include "work/base/account.h"

/* What a list of texts is. */
#define TEXTS(of) .size = sizeof (struct text_list), .item = &(of), .or_one = true

/* Endpoints. */

static enum config_outcome
read_endpoint (const struct config_input *input, void *value)
{
    const char *expected = "a string with \"host:port\" in it";

    if (toml_is_text (input->entry) && strstr (input->entry->text, "://") != NULL) {
        config_report_mismatch (input->context, input->entry,
                                "\"host:port\" alone; a URL goes into [[peers.peer]], as url");
        return CONFIG_REPORTED;
    }
    if (toml_is_text (input->entry) && endpoint_parse (input->entry->text, value, &expected) == 0) {
        return CONFIG_READ;
    }
    config_report_mismatch (input->context, input->entry, expected);
    return CONFIG_REPORTED;
}

static void
print_endpoint (const struct config_option *option, const void *value, FILE *stream)
{
    char text[ENDPOINT_TEXT_SIZE];

    (void)option;
    endpoint_print (value, text);
    fprintf (stream, "\"%s\"", text);
}

static const struct config_type endpoint = {
    .size = sizeof (struct endpoint), .read = read_endpoint, .print = print_endpoint};
const struct config_type config_endpoints = {.size = sizeof (struct config_endpoints),
                                             .expected =
                                                 "a list of \"host:port\", as [\"host:port\"]",
                                             .item = &endpoint};

/* Addresses. */

/*
 * Writes the literal in `text`, an IPv6 one in brackets or not, in its one canonical form. A mapped
 * address (::ffff:127.0.0.1) is its IPv4 one: a machine without IPv6 has that too.
 */
static bool
canonical_address (const char *text, char address[INET6_ADDRSTRLEN])
{
    const size_t length = strlen (text);
    char bare[INET6_ADDRSTRLEN] = "";
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton (AF_INET, text, &v4) == 1) {
        return inet_ntop (AF_INET, &v4, address, INET6_ADDRSTRLEN) != NULL;
    }
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']' && length - 2 < sizeof bare) {
        memcpy (bare, text + 1, length - 2);
        text = bare;
    }
    if (inet_pton (AF_INET6, text, &v6) != 1) {
        return false;
    }
    if (IN6_IS_ADDR_V4MAPPED (&v6)) {
        return inet_ntop (AF_INET, &v6.s6_addr[12], address, INET6_ADDRSTRLEN) != NULL;
    }
    return inet_ntop (AF_INET6, &v6, address, INET6_ADDRSTRLEN) != NULL;
}

static enum config_outcome
read_address (const struct config_input *input, void *value)
{
    char **const place = value;
    char address[INET6_ADDRSTRLEN];

    if (toml_is_text (input->entry) && strcmp (input->entry->text, "localhost") == 0) {
        place[0] = memory_text ("127.0.0.1");
        place[1] = memory_text ("::1");
        return CONFIG_READ_TWO;
    }
    if (!toml_is_text (input->entry) || !canonical_address (input->entry->text, address)) {
        return CONFIG_OTHER;
    }
    *place = memory_text (address);
    return CONFIG_READ;
}

static const struct config_type address = {
    CONFIG_IS_TEXT (NULL),
    .expected = "an IPv4 address, an IPv6 address or \"localhost\"",
    .read = read_address,
};
const struct config_type config_addresses = {
    TEXTS (address),
    .expected = "an IPv4 address, an IPv6 address or \"localhost\", or a list of these",
    .not_empty = true,
    .unique = true,
};

/* Texts that stay as they were written. */

static bool
is_account (const struct config_input *input)
{
    uint8_t key[32];

    return toml_is_text (input->entry) && account_parse (input->entry->text, key) == 0;
}

static const struct config_type account = {CONFIG_IS_TEXT (is_account),
                                           .expected = "an account, such as \"nano_3...\""};
const struct config_type config_accounts = {
    TEXTS (account),
    .expected = "an account, or a list of accounts",
    .unique = true,
};

static bool
is_network (const struct config_input *input)
{
    struct cidr cidr;

    return toml_is_text (input->entry) && cidr_parse (input->entry->text, &cidr) == 0;
}

static const struct config_type network = {
    CONFIG_IS_TEXT (is_network),
    .expected = "a network, such as \"10.0.0.0/8\" or \"::1\", with no bits set beyond its length",
};
const struct config_type config_networks = {
    TEXTS (network),
    .expected = "a network, such as \"10.0.0.0/8\" or \"::1\", or a list of networks",
    .unique = true,
};

static bool
is_word (const struct config_input *input)
{
    return toml_is_text (input->entry) && input->entry->length > 0;
}

static const struct config_type word = {CONFIG_IS_TEXT (is_word),
                                        .expected = "a string that is not empty"};
const struct config_type config_words = {
    TEXTS (word),
    .expected = "a string, or a list of strings",
};
