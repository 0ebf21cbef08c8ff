/*
 * What a work peer's answer is worth: JSON read, work found, and held against what was asked by the
 * oracle. Event-loop thread.
 */
#ifndef RPC_PEER_JUDGE_H
#define RPC_PEER_JUDGE_H

#include <event2/buffer.h>
#include <stdint.h>

#include "rpc/peer/peer_record.h"
#include "work/scan/scan.h"

/*
 * Judges the body of an answer with status 200. PEER_FOUND, with `work` and `value`; or a failure,
 * with a short printable `reason`. As nano_node does it, only "work" counts where there is one,
 * whatever else the answer says.
 */
enum peer_outcome peer_judge (struct evbuffer *body, const struct scan_target *target,
                              uint64_t *work, uint64_t *value, char reason[PEER_REASON_SIZE]);

#endif
