// fade.h - which silent node is being looked at: whether it has sessions, or its association ends (node_fade.c).
#pragma once
#include "ctrl/pfcp/peer/assoc.h"

#define FADE_SECONDS 86400u        // so long nothing was heard of it,
#define FADE_ROOM 64u              // or there is room for fewer associations than that
#define FADE_AGAIN_SECONDS 600u    // one that has sessions is looked at again then
#define FADE_PACE_NS 1000000000ull // between looks: ctrl may have a million sessions to go through

struct fade {
	char note[ASSOC_OWNER_BYTES]; // of whom ctrl has been asked, "" = nobody
	uint64_t heard_ns, due_ns;    // of it, then; the next look
};
