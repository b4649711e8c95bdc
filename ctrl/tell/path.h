// path.h - GTP-U paths (TS 29.281 3.1): one to each peer that tunnels of sessions lead to. Who is there, and which tunnel is whose.
//
//            answered                                    N3 requests unanswered, T3 apart
//   UNKNOWN ----------> UP <----------------------> DOWN
//      `------------------------------------------->
//
// Every peer is sent an Echo Request each interval (7.2.1; no more often than once a minute by default) while tunnels lead there, and one
// that is down until an hour has passed, so that its recovery is told. Time counts only while an answer could be heard: primary, slow lane
// and courier are there, and this loop turns. An Error Indication names a tunnel by its far end; those of one session are found by that.
// A node with several addresses may send it from any of them (7.3.1); but who guesses at tunnels is not heard: of what comes from elsewhere
// than the far end, PATH_GUESSES may be about no tunnel, and one more each PATH_GUESS_NS. Beyond, only the far end itself is believed.
//
// What is told of a path is what it is now; who starts anew knows none yet. No socket, no clock. The main thread owns it.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "ctrl/session/session.h"
#include "proto/fleet.pb-c.h"
#include "proto/oss.pb-c.h"
#include "shared/wire/change.h"

#define PATHS_MAX 16384u  // peers; tunnels to others are not supervised, and counted
#define PATHS_ASKED 256u  // in one order
#define PATH_ERRORS 4096u // Error Indications that wait to be reported
#define PATH_GUESSES 100u
#define PATH_GUESS_NS 100000000u
#define PATH_KEPT_MS 3600000u // so long a path that is down is asked for, though no tunnel leads there,
#define PATH_SHOWN_MS 60000u  // and one that has recovered is shown

struct path_peer {
	uint8_t address[16]; // IPv4 in the first four, the others zero
	uint8_t family;      // 4 or 6
};

struct path {
	struct path_peer peer;
	Shoal__Oss__PathState state;
	uint32_t next;    // of the same bucket
	uint32_t place;   // in paths.list
	uint32_t tunnels; // that are in use; while there are none, and it has not failed, it is not shown and not asked
	uint32_t unused;  // others that rules know
	uint16_t sequence; // of the last request
	uint8_t tries;     // it was sent so often, and not answered yet; 0 = answered, or given up
	bool wants;        // it is to be sent
	bool failed;       // it has been down
	uint64_t due_ns;   // when to send the next, or again, or to give up
	uint64_t sent_ns, since_ms;
	uint64_t asked, answered, errors;
	uint32_t rtt_us;
};

// One tunnel of one session.
struct path_end {
	struct session *session;
	uint64_t told_ns; // last reported to have no context at its end; 0 = never since it is used, or unused
	uint32_t path, teid;
	uint32_t next, before; // of the same bucket: all may be alike, should one peer be told of one TEID only
	uint32_t other;        // of the same session; of the free places
	bool used;             // packets go into it now
};

struct path_error {
	uint64_t session;
	struct path_peer peer;
	uint32_t teid;
};

struct paths {
	// Set by the caller:
	uint64_t interval_ns, t3_ns; // interval 0: nobody is asked
	unsigned n3;
	struct path_peer own[2]; // nobody asks himself; family 0: none
	uint64_t
	    stand; // a number that changes with every path's state, and is no other controller's: what it begins with
	void *with;
	bool (*order)(void *with, const Shoal__Fleet__Order *order); // false: not now. Its answer: paths_answered
	void (*turned)(void *with, const struct path *path);         // up or down, and was down or up
	void (*lost)(void *with, const struct session *session, const struct path_error *error);

	struct path **list; // PATHS_MAX places
	uint32_t places, count, *bucket;
	struct path_end *ends;
	uint32_t *heads; // of the ends' buckets: end_mask + 1
	uint32_t end_count, end_room, end_free, end_mask;
	struct path_error error[PATH_ERRORS]; // from error_first on
	uint32_t error_first, errors;
	uint32_t turn; // place that is asked next
	bool asked;    // an order is under way
	uint64_t ticked_ns, seed;
	uint64_t answers, strays; // Echo Responses; of those to nothing that was asked
	uint64_t heard, unknown, repeated,
	    dropped,            // Error Indications; about no tunnel; told a moment ago; too many at once
	    elsewhere, doubted; // of those heard, not from the tunnel's end; of these, not looked into
	uint64_t guess_ns;      // the wrong ones of elsewhere are paid for until then
	uint64_t unsupervised;  // tunnels without a place among paths or ends
};

int paths_open(struct paths *paths); // 0 or -ENOMEM; what is set by the caller is
void paths_close(struct paths *paths);

// The session's tunnels are what its rules forward into now. Those that a rule knows which buffers or drops are asked after by nobody, but an
// Error Indication is told: what to make of it the control plane knows (TS 23.527 5.3.3.2). Call when it is durable.
void paths_set(struct paths *paths, struct session *session, uint64_t now_ns);
void paths_drop(struct paths *paths, struct session *session); // it has none any more

void paths_hear(struct paths *paths, const struct report *report, uint64_t now_ns, uint64_t now_ms); // ECHO, TUNNEL
// able: an answer could have come since the last tick. About every 50 ms.
void paths_tick(struct paths *paths, uint64_t now_ns, uint64_t now_ms, bool able);
void paths_answered(void *paths, const Shoal__Fleet__Answer *answer);

// Takes the next error that waits to be reported; false: none does.
bool paths_error(struct paths *paths, struct path_error *error);

bool path_shown(const struct path *path);        // it is in use, or was down lately: the others have but a place
uint32_t paths_shown(const struct paths *paths); // how many

const struct path *paths_find(const struct paths *paths, const struct path_peer *peer); // null: there is none

#define PATH_TEXT 46u // an address and its end
void path_name(const struct path_peer *peer, char text[PATH_TEXT]);
