// pipe_script.h - pushes packets from stdin through a packet path and writes what came out, for pipe_golden.py.
//
//   mtu ACCESS CORE
//   rate SHARD INDEX CIR CBS EBS
//   bearer SHARD SLOT UE4 UE6 TEID PEER_TEID PEER4 UP_RATE UP_MARK UP_FLAGS DOWN_RATE DOWN_MARK DOWN_FLAGS QFI
//   sheet SHARD SLOT HEX        a sheet (shared/wire/sheet.h) for the bearer that is there; the stand has to have room for rules
//   gtpu6 HIGH LOW              our GTP-U address over IPv6
//   settle                all shards have heard everything: who has no session is told
//   front                 packets lie from now on where the primary puts them
//   packet KIND HINT HEX -> VERDICT HINT PORT OFFSET HEX     OFFSET: where the result begins, from where it lay
// Numbers as strtoull reads them. Before `front`, every packet ends with its room, and the room with readable memory, so a read past
// the end is a crash.
#pragma once
#include <stdint.h>
#include "tests/stand/stand.h"

// The packet path, as the loop knows it.
typedef void pipe_script_burst(void *with, struct lane_handle *handles, unsigned n, uint64_t now);

// Until the end of stdin. Returns the exit code; leaves with 1 or 2 where a bearer is refused or a number missing.
int pipe_script(struct stand *stand, pipe_script_burst *burst, void *with);
