// sheet_skill.h - what sheets have learned since their first version: what it takes to carry one out, and what a build can.
//
// A courier says the skills of its build's workers (feed.proto, Hello). Builds from before that say none, whatever they can: some of them
// refuse a sheet that asks for more, others serve it and leave that out. So whoever makes sheets asks first. A new skill is a bit here, and
// its line in sheet_skill.c. Pure functions.
#pragma once
#include <stdint.h>
#include "shared/wire/sheet.h"

enum sheet_skill {
	SHEET_SKILL_CORE_TUNNELS = 1 << 0, // SHEET_FROM_CORE
	SHEET_SKILL_REFLECTIVE = 1 << 1,   // SHEET_RQI
	SHEET_SKILL_BEFORE = 1 << 2,       // SHEET_BEFORE (MBQE)
	SHEET_SKILL_ROUTES = 1 << 3,       // sheet_route
	SHEET_SKILL_DROPPED = 1 << 4,      // sheet_urr.dropped (DROTH)
	SHEET_SKILL_EVENTS = 1 << 5,       // SHEET_EVENTS
	SHEET_SKILL_WAITS = 1 << 6,        // sheet_far.waits
	SHEET_SKILL_LASTS = 1 << 7,        // sheet_far.lasts
	SHEET_SKILL_APART =
	    1 << 8, // no sheet's: addresses that are not their session's place's own, where networks share them
	SHEET_SKILLS = (1 << 9) - 1, // of this build
	// Suggestions of a control plane's: who lacks these serves the sheet all the same, and whoever comes after follows them.
	SHEET_SKILL_HINTS = SHEET_SKILL_WAITS | SHEET_SKILL_LASTS
};

enum sheet_part { SHEET_PART_ROUTE, SHEET_PART_PDR, SHEET_PART_FAR, SHEET_PART_QER, SHEET_PART_URR };

// A part of a sheet, by its kind and id (sheet_rules.h); of a route 0.
struct sheet_asker {
	enum sheet_part part;
	uint32_t id;
};

// What a sheet that has been checked (sheet_check) asks for beyond these skills; 0 = nothing. who: the first part that does, untouched where
// none does; null = nobody wants to know.
uint32_t sheet_beyond(const struct sheet *sheet, uint32_t skills, struct sheet_asker *who);
