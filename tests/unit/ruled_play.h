// ruled_play.h - one session with a sheet on a stand, for tests of its packets' way: the sheet is written by hand, put in force, and packets
// come from both sides.
#pragma once
#include "tests/stand/stand.h"
#include "workers/pipe/pipe_parts.h"
#include "workers/pipe/ruled_tell.h"

#define SHARD 5u
#define SLOT 3u
#define NOW (STAND_HZ * 10)

extern struct stand stand;
extern struct sheets sheets;
extern struct bearer bearer;
extern struct ruled_tells tells;
extern const struct region *shard_there; // the session's shard's
extern struct ruled *room_there;         // the session's room

// Before and behind each test. The sheet is as sheets_plain has it, and not in force.
int ruled_make(void **unused);
int ruled_destroy(void **unused);

// The sheet as it stands now is in force.
void ruled_by(void);

struct ruled_gauge *ruled_gauge_at(unsigned i);
struct ruled_tokens *ruled_tokens_at(unsigned qer, unsigned way);

// A URR of both rules.
void ruled_urr_add(unsigned i, uint32_t flags);

// An SGW-U's session: PDR 0 is of a second tunnel, from the core, and leads to the radio side's. Its TEID.
void ruled_core_tunnel(void);
uint32_t ruled_core_teid(void);

// Out of the tunnel with that TEID, with a container (GTPU_CONTAINER) or without.
struct lane_handle ruled_lend_up(uint32_t teid, uint8_t container, uint32_t source);
struct lane_handle ruled_worked(struct lane_handle handle);

// What becomes of a usual packet each way.
struct lane_handle ruled_up(void);
struct lane_handle ruled_down(void);
void ruled_verdicts(enum verdict expected_up, enum verdict expected_down);

// TOS byte of the header that begins `at` bytes behind the first.
uint8_t ruled_tos(struct lane_handle handle, unsigned at);
