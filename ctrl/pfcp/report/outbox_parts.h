// outbox_parts.h - what the files of outbox share. Private to outbox*.c and letter.c.
#pragma once
#include "ctrl/pfcp/report/outbox.h"

#define LETTER_MORE 128u // of a message, beside a letter's body

struct pile {
	TAILQ_ENTRY(pile) all;
	uint64_t taken;    // largest number it has had in hand
	uint64_t wake_ns;  // not before then
	uint64_t pause_ns; // since nobody answers; 0: they do
	uint64_t list_ns;  // no list of its own before then
	unsigned in_hand, asked, may_ask;
	bool behind, listing, skipped; // skipped: since the listing began
	bool held;                     // it is being worked on, and stays
	struct letter_list ready;
	char owner[ASSOC_OWNER_BYTES];
};

struct letter {
	TAILQ_ENTRY(letter) at; // ready, asleep, told or closing
	struct outbox *outbox;
	struct pile *pile;
	struct letter *next, *last; // of its session; last: of the first alone
	uint64_t number, session, wake_ns;
	struct report_to to;
	bool saying; // what the answer says of the session is being kept
	bool astray; // who hears of it instead of the CP function did not answer: the others of its set are asked
	struct remote elsewhere; // the CP function wants it there; family 0: nowhere in particular
	size_t bytes;
	uint8_t body[];
};

// ---- letter.c: piles, letters, and the queue of each session

struct pile *pile_of(struct outbox *outbox, const char *owner);  // null: none
struct pile *pile_new(struct outbox *outbox, const char *owner); // null: no memory
void pile_look(struct outbox *outbox, struct pile *pile);        // whether it is still of use

void letter_ready(struct letter *letter);
int letter_enqueue(struct outbox *outbox,
		   struct letter *letter); // behind what its session has to tell before it; 0 or -ENOMEM
void letter_dequeue(struct outbox *outbox, struct letter *letter); // the first of its session makes room for the next
void letter_end(struct outbox *outbox, struct letter *letter);
void letter_told(struct outbox *outbox, struct letter *letter); // ctrl is to hear that it is done

// ---- outbox_ask.c

void pile_ask(struct outbox *outbox, struct pile *pile); // what is ready, as far as more may be under way
