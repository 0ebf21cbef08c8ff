#include "node/daemon/descriptors.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "node/base/log.h"
#include "rpc/peer/peer.h"

/*
 * Listeners, log, store, kept connections to peers, the loop's own; the few of the two faces of
 * management; and the work_cancels.
 */
#define OWN (128 + 2 * DESCRIPTORS_MANAGEMENT + PEER_MAX_CANCELS)

/* The limit, raised as far towards `needed` as it may be. */
static rlim_t
raise_limit (rlim_t needed)
{
    struct rlimit limit;
    rlim_t before;

    if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) {
        return needed;
    }
    before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
    return setrlimit (RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

struct descriptors
descriptors_share (uint64_t wanted, size_t ports)
{
    const rlim_t needed = (rlim_t)wanted * ports + DESCRIPTORS_CALLS + OWN;
    const rlim_t limit = raise_limit (needed);
    struct descriptors share = {.connections = (size_t)wanted, .calls = DESCRIPTORS_CALLS};
    rlim_t rest;

    if (limit >= needed) {
        return share;
    }
    rest = limit > 2 * OWN ? limit - OWN : limit / 2;
    share.calls = rest / 4 < DESCRIPTORS_CALLS ? (size_t)(rest / 4) : DESCRIPTORS_CALLS;
    rest = (rest - share.calls) / ports;
    if (rest < wanted) {
        share.connections = rest > 0 ? (size_t)rest : 1;
        log_warn ("Only %zu connections at a time: the system allows %" PRIu64
                  " open files (rpc.max_connections, ulimit -n)",
                  share.connections, (uint64_t)limit);
    }
    return share;
}
