// sheet_skill.c - which skill each part of a sheet asks for. Pure.
#include "shared/wire/sheet_skill.h"
#include <stdbool.h>
#include <stddef.h>

static uint32_t far_asks(const struct sheet_far *far)
{
	if (far->action != SHEET_BUFFER || far->flags & SHEET_HAS_PEER)
		return 0;
	return (far->waits ? SHEET_SKILL_WAITS : 0u) | (far->lasts ? SHEET_SKILL_LASTS : 0u);
}

static uint32_t urr_asks(const struct sheet_urr *urr)
{
	return (urr->flags & SHEET_BEFORE ? SHEET_SKILL_BEFORE : 0u) | (urr->dropped ? SHEET_SKILL_DROPPED : 0u) |
	       (urr->flags & SHEET_EVENTS ? SHEET_SKILL_EVENTS : 0u);
}

struct asking {
	uint32_t skills, beyond;
	struct sheet_asker first;
};

static void asked(struct asking *asking, uint32_t skills, enum sheet_part part, uint32_t id)
{
	if (!asking->beyond && skills & ~asking->skills)
		asking->first = (struct sheet_asker){ part, id };
	asking->beyond |= skills & ~asking->skills;
}

uint32_t sheet_beyond(const struct sheet *sheet, uint32_t skills, struct sheet_asker *who)
{
	struct sheet_parts parts = sheet_parts(sheet);
	struct asking asking = { .skills = skills };

	if (sheet->routes)
		asked(&asking, SHEET_SKILL_ROUTES, SHEET_PART_ROUTE, 0);
	for (unsigned i = 0; i < sheet->pdrs; i++)
		if (parts.pdr[i].flags & SHEET_FROM_CORE)
			asked(&asking, SHEET_SKILL_CORE_TUNNELS, SHEET_PART_PDR, parts.pdr[i].id);
	for (unsigned i = 0; i < sheet->fars; i++)
		asked(&asking, far_asks(&parts.far[i]), SHEET_PART_FAR, parts.far[i].id);
	for (unsigned i = 0; i < sheet->qers; i++)
		if (parts.qer[i].flags & SHEET_RQI)
			asked(&asking, SHEET_SKILL_REFLECTIVE, SHEET_PART_QER, parts.qer[i].id);
	for (unsigned i = 0; i < sheet->urrs; i++)
		asked(&asking, urr_asks(&parts.urr[i]), SHEET_PART_URR, parts.urr[i].id);
	if (who && asking.beyond)
		*who = asking.first;
	return asking.beyond;
}
