// session_play.h - session procedures between a controller of a few lines and a peer: both played, and the clock.
#pragma once
#include "ctrl/pfcp/peer/assoc.h"
#include "ctrl/pfcp/peer/deal.h"
#include "ctrl/pfcp/report/report.h"
#include "ctrl/pfcp/session/session.h"
#include "tests/unit/pfcp_words.h"

#define PLAY_TEID 0x1234u
#define PLAY_ID 42u
#define PLAY_REQUESTS 4u
#define PLAY_NS 1000000ull

struct call;

// The controller: one session at most, the keys it has answered, and how it is in the mood.
struct play {
	Shoal__Oss__Session *session, *closed;
	uint8_t key[8][64];
	uint64_t content[8]; // of the request that had this key
	Shoal__Oss__Response *said[8];
	unsigned keys, changes;
	unsigned life;           // of deal_key's keys: another one after each death
	unsigned drops, undrops; // of packets that wait: ordered, taken back
	uint32_t buffer_s;       // how long they are to be kept,
	int buffer_packets;      // how many; -1 = not said
	unsigned busy;           // refuses so many requests
	unsigned silent;         // does so many, and does not say so for ten seconds
	unsigned served;         // after so many that it serves
	bool applies;            // workers do what they are told
	bool full;               // has no room for what is modified
	bool stuck;              // deletes nothing: its disk is full
	bool unsettled;          // the tabs of what is deleted are not closed yet
	unsigned pages;          // of others' tabs that a list of them goes through before
	bool earlier;            // is of a build that deletes by id alone
	bool long_words;         // has no room for what was kept with a session that is deleted
	unsigned asked;          // requests it has had,
	uint32_t deadline_ms;    // the last one's
	struct call *first, **last;
	uint64_t now_ms, uplink, reported;
	uint32_t went; // the measure whose usage it tells with a modification, as the last of it
	char dropped[64];
	unsigned looks; // sessions_owned is through so often: there are
	bool owned;
	const struct deal *swept;
	uint8_t swept_cause;
	unsigned moves;                   // others hear of the session,
	struct report_to to;              // these
	unsigned saids, kept;             // what answers said of it: told of so often; and so often done
	Shoal__Oss__Code disk;            // what the next replacing of its front comes to
	unsigned follows, followed, left; // sessions_follow is through so often; sessions then
	// The peer: what it says, and the last answer it got.
	struct assoc assoc;
	struct deal deals[PLAY_REQUESTS];
	struct words words[PLAY_REQUESTS];
	unsigned answers;
	uint8_t answer[8192];
	struct pfcp_header header;
	struct pfcp_tree tree;
};

extern struct play play;
extern struct pfds play_pfds;
extern struct sessions *sessions;

int play_open(void **state);
int play_close(void **state);
bool play_step(void);       // one request is decided and its answer told; false: there was none
void play_delay(void);      // ctrl does what was asked first after all the rest
void play_run(unsigned ms); // until nobody asks or sleeps any more, or so many milliseconds have gone by
void play_die(void);        // as after SIGKILL: nobody hears what was asked

// The session is as a build made it whose words were of the first version (front.h): its rules have PFCP's ids.
void play_first_version(void);

// Sends words[n] as this message, about this SEID.
void play_say(unsigned n, uint8_t type, uint64_t seid);
uint8_t play_cause(void);

void play_attach(bool choose_ue);              // words[0]: establishment, by SEID 7, and its answer
void play_handover(unsigned n, uint32_t teid); // words[n]: its tunnel ends elsewhere now
void play_leave(unsigned n);                   // words[n]: deletion
uint64_t play_reported(uint16_t type);         // uplink bytes of the answer's first usage report of this type
