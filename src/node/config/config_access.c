/* [access], and the type of its list of keys. */
#include <inttypes.h>
#include <string.h>

#include "node/config/config_type.h"

#include "rpc/base/text.h"

/* The ranges of limits, those of all and those of a key's own. */
#define UP_TO_A_MILLION .min = 0, .max = 1e6
#define MULTIPLIER .min = 0, .max = 1e12

/* Neither a hash appears in a report, nor a key that stands where its hash belongs. */
static enum config_outcome
read_hash (const struct config_input *input, void *value)
{
    if (toml_is_text (input->entry) && key_hash_parse (input->entry->text, value) == 0) {
        return CONFIG_READ;
    }
    config_report_error (
        input->context, input->entry->place,
        "%s is not the hash of a key, expected the output of workpeer --hash_key, such as "
        "\"blake2b:SALT:HASH\"",
        input->entry->path);
    return CONFIG_REPORTED;
}

static const struct config_type hash = {.size = sizeof (struct key_hash), .read = read_hash};

/* It stands in the log and nowhere else. */
static enum config_outcome
read_name (const struct config_input *input, void *value)
{
    bool good = toml_is_text (input->entry) && input->entry->length > 0 &&
                input->entry->length < ACCESS_NAME_SIZE;

    for (size_t i = 0; good && i < input->entry->length; i++) {
        good = text_is_printable (input->entry->text[i]);
    }
    if (!good) {
        return CONFIG_OTHER;
    }
    memcpy (value, input->entry->text, input->entry->length + 1);
    return CONFIG_READ;
}

static const struct config_type name = {
    .size = ACCESS_NAME_SIZE,
    .expected = "a string of 1 to 63 visible ASCII characters",
    .read = read_name,
};

/* The bit of a right's name, or 0. */
static unsigned
right_of (const struct toml_entry *entry)
{
    for (unsigned i = 0; toml_is_text (entry) && access_right_names[i] != NULL; i++) {
        if (strcmp (entry->text, access_right_names[i]) == 0) {
            return 1U << i;
        }
    }
    return 0;
}

/* A set of them. */
static enum config_outcome
read_rights (const struct config_input *input, void *value)
{
    unsigned rights = 0;

    for (size_t i = 1; input->entry->type == TOML_TYPE_ARRAY && i < input->entry->span; i++) {
        const unsigned right = right_of (&input->entry[i]);

        if (right == 0) {
            return CONFIG_OTHER;
        }
        rights |= right;
    }
    if (rights == 0) {
        return CONFIG_OTHER;
    }
    *(unsigned *)value = rights;
    return CONFIG_READ;
}

static const struct config_type rights_type = {
    .size = sizeof (unsigned),
    .expected = "a list of at least one of \"work\", \"precache\", \"store\", \"peers\" and "
                "\"control\"",
    .read = read_rights,
};

#define MEMBER(name, field) .path = name, .offset = offsetof (struct access_key, field)

static const struct config_option members[] = {
    {MEMBER ("hash", hash), .type = &hash, .sample = "the output of workpeer --hash_key"},
    {MEMBER ("name", name), .type = &name},
    {MEMBER ("rights", rights), .type = &rights_type},
    {MEMBER ("rate", limits.rate), .type = &config_number, UP_TO_A_MILLION},
    {MEMBER ("burst", limits.burst), .type = &config_number, UP_TO_A_MILLION},
    {MEMBER ("max_jobs", limits.max_jobs), .type = &config_whole, UP_TO_A_MILLION},
    {MEMBER ("max_multiplier", limits.max_multiplier), .type = &config_number, MULTIPLIER},
    {.type = NULL},
};

/* Limits that it does not have of its own, and which none that is read can be. */
static bool
complete_key (const struct toml_entry *entry, const struct config_context *context, void *value)
{
    const struct access_limits others = {
        .rate = CONFIG_ACCESS_AS_OTHERS,
        .burst = CONFIG_ACCESS_AS_OTHERS,
        .max_jobs = CONFIG_ACCESS_JOBS_AS_OTHERS,
        .max_multiplier = CONFIG_ACCESS_AS_OTHERS,
    };
    const struct access_key general = {.limits = others};

    (void)context;
    for (const struct config_option *limit = &members[3]; limit->type != NULL; limit++) {
        if (config_member (entry, limit->path) == NULL) {
            memcpy ((char *)value + limit->offset, (const char *)&general + limit->offset,
                    limit->type->size);
        }
    }
    return true;
}

static enum config_outcome
read_keys (const struct config_input *input, void *value)
{
    const enum config_outcome outcome = config_list_read (input, value);
    const struct config_access_keys *const keys = value;

    for (size_t i = 0; outcome == CONFIG_READ && i < keys->count; i++) {
        if (keys->items[i].name[0] == '\0') {
            (void)snprintf (keys->items[i].name, sizeof keys->items[i].name, "key %zu", i + 1);
        }
    }
    return outcome;
}

static void
print_keys (const struct config_option *option, const void *value, FILE *stream)
{
    (void)option;
    (void)value;
    fputs ("(hidden)", stream);
}

static const struct config_type access_key = {
    .size = sizeof (struct access_key), .members = members, .finish = complete_key};
const struct config_type config_key_list = {
    .size = sizeof (struct config_access_keys),
    .expected = "a list of tables with a hash, or of \"blake2b:SALT:HASH\"",
    .read = read_keys,
    .print = print_keys,
    .item = &access_key,
    .most = CONFIG_ACCESS_MOST_KEYS,
};

/* clang-format off */

static const struct config_option options[] = {
    {.path = "access.keys", .type = &config_key_list,
     CONFIG_FIELD (struct config_access_keys, access_keys), .initial = "[]",
     .help = "The clients' API keys, at most 256. Each is a table [[access.keys]] with `hash`, "
             "which `workpeer --hash_key` prints, and optionally a `name` for the log, `rights`, "
             "and `rate`, `burst`, max_jobs and max_multiplier, which replace those below for this "
             "key.",
     .more = "The file does not contain the key itself. Make it long and random, as `workpeer "
             "--make_key` does. The hash, salted BLAKE2b, is fast, so an attacker who has it can "
             "find a key that a person made up.\n\n"
             "A key that was not seen recently is compared with all of them, in constant time. "
             "The more keys there are, the longer it takes to refuse a wrong one.\n\n"
             "`rights` lists what the key may do:\n"
             "- `work`: find, validate and cancel work, run `benchmark`, and use Atto's API;\n"
             "- `precache`: find work ahead of need, watch accounts, and `POST /callback`;\n"
             "- `store`: work_get and work_set;\n"
             "- `peers`: list and change the work peers;\n"
             "- `control`: `stop`.\n\n"
             "A key with rights may do what they name, whether rpc.enable_control is true or not, "
             "and nothing else but `status`, `version` and reading metrics. A key without `rights` "
             "may do what rpc.enable_control allows, as may clients that need no key."},
    {.path = "access.allow", CONFIG_TEXTS (config_networks, access_allow), .initial = "[]",
     .help = "Networks whose clients need no key. If there are any, all other clients need a "
             "valid key; if there are no keys, they are refused.",
     .more = "An IPv4 client belongs only to IPv4 networks, not to `::/0`."},
    {.path = "access.nodes", CONFIG_TEXTS (config_networks, access_nodes), .initial = "[]",
     .help = "The nodes' networks. The RPC refuses requests from there with status 200, because a "
             "node waits forever after any other status. By default, these are loopback and the "
             "networks of access.allow.",
     .more = "These networks do not grant access."},
    {.path = "access.proxies", CONFIG_TEXTS (config_networks, access_proxies), .initial = "[]",
     .help = "Networks of trusted proxies. For a request from there, the client's address "
             "is the last one in `X-Forwarded-For` or `Forwarded` that is not in these networks. "
             "From anywhere else these fields are ignored.",
     .more = "Access, rates, limits and the log then go by the client's address. Each proxy must "
             "add the address of its client to one of the two fields, or replace that field with "
             "it, and should remove the other. If no field is there, if all its addresses are in "
             "these networks, or if it says `unknown`, the last known proxy counts as "
             "the client. A malformed field is refused with status 400, and so are "
             "two fields that name different clients.\n\n"
             "Anybody in these networks can claim any address."},
    {.path = "access.proxy_protocol", .type = &config_switch,
     CONFIG_FIELD (bool, access_proxy_protocol), .initial = "false",
     .help = "Whether the proxies in access.proxies begin each connection with a header of the "
             "PROXY protocol, version 1 or 2, which gives the client's address. The fields above "
             "are then ignored.",
     .more = "This applies to all ports, management.port included. A connection from one of these "
             "networks that begins otherwise is closed. From anywhere else a connection begins "
             "without a header."},
    {.path = "access.rate", .type = &config_number, CONFIG_FIELD (double, access_rate), UP_TO_A_MILLION,
     .initial = "0", .unit = "requests a second",
     .help = "How many requests one key may send, or one address without a key (for IPv6, one "
             "/64). 0 means no limit.",
     .more = "Requests with a wrong key, or without one, count towards the limit of their "
             "address. `status` does not count: a display repeats it."},
    {.path = "access.burst", .type = &config_number, CONFIG_FIELD (double, access_burst), UP_TO_A_MILLION,
     .initial = "0", .unit = "requests",
     .help = "How many of them may arrive at once after a pause. 0 means as many as in one second, "
             "but at least 1."},
    {.path = "access.max_jobs", .type = &config_whole, CONFIG_FIELD (uint64_t, access_max_jobs), UP_TO_A_MILLION,
     .initial = "0", .unit = "requests",
     .help = "How many requests from one key or address may wait for work at once. 0 means no "
             "limit.",
     .more = "Requests that are answered from the store do not count."},
    {.path = "access.max_multiplier", .type = &config_number,
     CONFIG_FIELD (double, access_max_multiplier), MULTIPLIER,
     .initial = "0", .unit = "times the network's base difficulty",
     .help = "The highest difficulty that one key or address may ask for. 0 means no limit except "
             "node.max_work_generate_multiplier, which applies to everybody."},
};

const struct config_section config_section_access = {
    .path = "access", CONFIG_OPTIONS (options),
    .help = "Who may send requests, how many, and for how much work. Without keys and networks, "
            "everybody may.",
    .more = "A client in access.allow needs no key. Any other client needs a valid key if there "
            "are keys, and is refused if there are none. This applies to every action of the RPC, "
            "to `POST /callback`, to `GET /metrics` and to Atto's API. `/health` and `/ready` are "
            "open to everybody, and so are the ports management.port, except for what the status "
            "page shows, and atto.management_port. "
            "workpeer-rpc(7) lists the errors that refused clients get.\n\n"
            "The limits apply to one key, from whatever address, and to one address without a key "
            "(for IPv6, one /64). A reload does not reset what has been used up.\n\n"
            "Nothing is encrypted: use keys in trusted networks, or behind a TLS proxy. Name "
            "that proxy in access.proxies: otherwise all its clients have one address.",
};
