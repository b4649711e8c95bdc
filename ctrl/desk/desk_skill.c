// desk_skill.c - what only workers of later builds can do is refused as long as others serve. One thread.
#include <errno.h>
#include "ctrl/desk/job.h"
#include "ctrl/rules/compile_framed.h"
#include "shared/wire/sheet_skill.h"

#define OLD "Workers of an earlier build are in service, which can't do it; upgrade them first."

static void rule_name(struct fault *fault, const Shoal__Oss__Session *session, uint32_t id)
{
	for (size_t i = 0; i < session->n_rules; i++)
		if (session->rules[i]->id == id)
			fault_under(fault, "rules", (int)i);
}

static void asker_name(struct fault *fault, const Shoal__Oss__Session *session, const struct sheet_asker *who)
{
	const char *parts[] = { [SHEET_PART_PDR] = "match.source",
				[SHEET_PART_FAR] = "forward",
				[SHEET_PART_QER] = "reflective",
				[SHEET_PART_URR] = "" };

	fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, parts[who->part], OLD);
	if (who->part == SHEET_PART_PDR || who->part == SHEET_PART_FAR)
		rule_name(fault, session, who->id);
	for (size_t i = 0; who->part == SHEET_PART_QER && i < session->n_rates; i++)
		if (session->rates[i]->id == who->id)
			fault_under(fault, "rates", (int)i);
	for (size_t i = 0; who->part == SHEET_PART_URR && i < session->n_measures; i++)
		if (session->measures[i]->id == who->id)
			fault_under(fault, "measures", (int)i);
}

int desk_skill_check(struct job *job, const struct plan *plan, const Shoal__Oss__Session *wanted,
		     const struct sheet *was)
{
	uint32_t skills = plan->sheet ? push_skills(job->desk->push) : SHEET_SKILLS;
	struct sheet_asker who;

	if (!(SHEET_SKILLS & ~skills))
		return 0;
	skills |= SHEET_SKILL_HINTS | (was ? sheet_beyond(was, 0, NULL) : 0);
	if (!sheet_beyond(plan->sheet, skills, &who))
		return 0;
	if (who.part == SHEET_PART_ROUTE)
		return compile_framed_fault(&plan->framed, 0, SHOAL__OSS__CODE__UNSUPPORTED, OLD, &job->fault);
	asker_name(&job->fault, wanted, &who);
	return -EINVAL;
}
