// group.h - requests that are decided together, and durable together. For desk.c alone.
//
//   desk->first .. --group_begin--> all kinds -----> scribe ...................--> answered
//                  --group_go_ahead--> creations, meanwhile ................... `--> scribe ...
//
// What is decided ahead stands upon what is with the disk. It goes there next and at once; or, if that fails or takes too long, is taken
// back, and its requests are as if nobody had looked at them. Only creations behind creations are decided ahead: they take nothing from
// anybody, so what becomes durable first, and is told, is in memory as it is on disk.
#pragma once
#include "ctrl/desk/job.h"

#define GROUP_REQUESTS 512u

// One request of the group, decided but not yet answered.
struct decided {
	struct request *request;
	uint8_t *answer;
	size_t answer_bytes;
	struct wait *wait;
	bool change; // made by this group, or refused behind one: stands only if the commit succeeds
	bool read;   // not decided yet: to be read when the changes are durable
};

struct group {
	struct decided decided[GROUP_REQUESTS];
	unsigned count;
	size_t bytes;
	struct request *later, **later_end; // for the next group
	bool open;                          // not answered yet
	bool creates;                       // sessions, and does nothing else
};

struct groups {
	struct group *disk;  // open: it is with the disk
	struct group *ahead; // decided meanwhile
	struct group group[2];
};

void group_begin(
    struct desk *desk); // decides what there is, and writes it. Not while one is open or the scribe is busy
void group_go_ahead(struct desk *desk);  // decides what may be decided meanwhile
void group_take_back(struct desk *desk); // what was decided ahead

void group_look(struct job *job);                              // notes what kind of request it is
void group_finish(struct job *job, struct decided *decided);   // with the answer that the job has
void group_answer(struct desk *desk, struct decided *decided); // gives it, or waits
bool group_read(
    struct desk *desk,
    struct decided
	*decided); // one that could not be opened has its fault for an answer. False: it asks for what is with the disk

// True if the request has been answered before: *decided is filled, or job->later set.
bool group_repeated(struct job *job, struct keys_request *key, struct decided *decided);
