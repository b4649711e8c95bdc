// ctrl_stand.h - the controller without sockets: a real store in a folder of its own, requests as structs, answers as structs.
//
// Pools: "internet" 10.45.0.0/22 and 2001:db8:45::/54 (4 rows), "ims" 2001:db8:99::/56 (1 row); 4 foreign slots a shard, 16 rates.
// A store that fails on command stands in front of the real one.
#pragma once
#include <semaphore.h>
#include "ctrl/desk/desk.h"
#include "ctrl/fleet/upgrade.h"
#include "ctrl/tell/traces.h"
#include "ctrl/truth/truth.h"

struct ctrl_stand {
	struct conf conf;
	struct store lmdb;
	struct store_engine engine;
	int fail_begin, fail_put,
	    fail_commit; // errors to give next, once each; 0 = none. -EUCLEAN of a commit: it is there
	sem_t *gate;     // a commit waits for it; null: it does not
	struct truth truth;
	struct push push;
	struct desk desk;
	struct upgrade upgrade;
	struct quarantine quarantine;
	struct traces traces;
	unsigned told;                                            // of quarantine
	uint32_t departed, applied, alarms, settled, corrections; // hooks called
	uint64_t settled_bytes;                                   // uplink bytes of all deleted
	uint64_t now_ns;                                          // the test's clock
	uint64_t keys;
	const struct role_pass *pass; // of the door that requests come through; null = everything
	Shoal__Oss__Response *answer; // the last one
	unsigned answers;
};

extern const struct store_engine ctrl_stand_failing; // its self is the stand

void ctrl_stand_open(struct ctrl_stand *stand);
void ctrl_stand_close(struct ctrl_stand *stand); // removes the store too

// As after SIGKILL: memory is gone, the store is opened again.
void ctrl_stand_restart(struct ctrl_stand *stand);
void ctrl_stand_down(struct ctrl_stand *stand);             // the first half of it
int ctrl_stand_try(struct ctrl_stand *stand, bool salvage); // the second, may fail

// Time passes until everything that was used is on disk, and patience has ended.
void ctrl_stand_keep(struct ctrl_stand *stand);

// Sends a request (version, and a fresh key unless it has one, are filled in) and runs the desk; the answer, or null: it waits.
const Shoal__Oss__Response *ctrl_stand_ask(struct ctrl_stand *stand, Shoal__Oss__Request *request);
const Shoal__Oss__Response *ctrl_stand_send(struct ctrl_stand *stand, const void *bytes, size_t length);
const Shoal__Oss__StatusAnswer *ctrl_stand_status(struct ctrl_stand *stand); // what StatusGet is answered

// A session with an address from the pool.
struct ctrl_session {
	Shoal__Oss__Session session;
	Shoal__Oss__Identity identity;
	Shoal__Oss__UeAddress ue;
	Shoal__Oss__DefaultBearer bearer;
	Shoal__Oss__Rate uplink, downlink; // uplink: set bearer.uplink to use
	char imsi[16];
};
void ctrl_session_init(struct ctrl_session *session, unsigned n);

// Creates it; 0, the code of the refusal, or CTRL_STAND_WAITS: there is no answer yet.
#define CTRL_STAND_WAITS (-1)
int ctrl_stand_create(struct ctrl_stand *stand, struct ctrl_session *session);
// With this key and deadline.
int ctrl_stand_create_as(struct ctrl_stand *stand, struct ctrl_session *session, const char *key, uint32_t deadline_ms);

const Shoal__Oss__Session *ctrl_stand_get(struct ctrl_stand *stand, uint64_t id); // null: refused
int ctrl_stand_delete(struct ctrl_stand *stand, uint64_t id);
int ctrl_stand_modify(struct ctrl_stand *stand, uint64_t id, uint32_t peer, uint64_t cir_bps);
int ctrl_stand_change(struct ctrl_stand *stand, struct ctrl_session *session); // as it is written, by its id

// A number that changes with anything the truth holds in memory: sessions, cells, notes, queues' heads, rates, chains.
uint64_t ctrl_stand_image(const struct ctrl_stand *stand);
