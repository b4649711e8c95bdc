// pfcp_play.h - a node of shoal-pfcp whose socket, clock and controller are played, and a peer that speaks with it.
#pragma once
#include "ctrl/pfcp/node/node.h"

#define SECOND 1000000000ull
#define STAMP 3942000000u // of the node

struct play {
	struct node node;
	// What it did last, and how often.
	unsigned sent, noted, dropped, sessions, refused;
	struct remote to;
	uint8_t bytes[2048];
	struct pfcp_header header;
	struct pfcp_tree tree;
	struct assoc *writing; // whose note waits for ctrl
	char value[ASSOC_NOTE_BYTES];
	char drop[ASSOC_OWNER_BYTES];
	struct deal *deal;
	uint8_t cause;                 // of what was refused,
	char owner[ASSOC_OWNER_BYTES]; // and to whom; of whom it was asked whether there are sessions
	int note_error;
	unsigned swept;  // requests about many sessions
	unsigned looked; // how often it was asked that
	unsigned provided;
};

int play_open(void **state);         // for cmocka; the node is at 10.0.0.100, its clock at one second
int play_open_calling(void **state); // it asks 10.0.0.3 to associate, and tells its address for one network instance
int play_open_telling(
    void **state); // it tells its address for four network instances, three of them with names as long as may be
int play_close(void **state);

// A message of the peer at 10.0.0.<last>.
struct word {
	uint8_t type, last;
	uint32_t sequence, stamp;
	bool with_node, with_stamp;
	const char *name; // node id; null: the address
	uint64_t seid;
	uint8_t cause;   // 0: none
	const char *set; // null: of none
};

extern const struct word play_setup; // by peer 1, sequence 7, stamp 1000

size_t word_write(const struct word *word, uint8_t *bytes, size_t size);
struct remote host(uint8_t last);
void say(struct play *play, const struct word *word);
void say_from(struct play *play, const struct remote *from, const struct word *word);
void say_bytes(struct play *play, uint8_t last, const uint8_t *bytes, size_t length);

uint8_t told_cause(const struct play *play);
void assert_answered(const struct play *play, uint8_t type, uint32_t sequence, uint8_t cause);

void ctrl_notes(struct play *play, bool done); // the answer to the last note
void associate(struct play *play);             // play_setup, noted and accepted
void at(struct play *play, uint64_t seconds);
void ask_session(struct play *play, uint32_t sequence); // of peer 1: deletion of session 5
