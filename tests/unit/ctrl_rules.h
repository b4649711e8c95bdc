// ctrl_rules.h - sessions whose rules two lines can't tell, drawn by lot: what an SMF might ask for, and always sound.
#pragma once
#include "proto/oss.pb-c.h"

#define CTRL_RULES_MAX 12u

struct ctrl_rules {
	Shoal__Oss__Rule rule[CTRL_RULES_MAX], *rules[CTRL_RULES_MAX];
	Shoal__Oss__Match match[CTRL_RULES_MAX];
	Shoal__Oss__Forward forward[CTRL_RULES_MAX];
	Shoal__Oss__Filter filter[CTRL_RULES_MAX], *filters[CTRL_RULES_MAX];
	char flow[CTRL_RULES_MAX][80];
	Shoal__Oss__Rate rate[3], *rates[3];
	Shoal__Oss__Limit limit[2];
	Shoal__Oss__Measure measure[3], *measures[3];
	uint32_t rate_ids[3], measure_ids[3], qfi;
	uint64_t random;
};

// Puts them into the session instead of what it has; the same number, the same rules. peer: of the first rule down, rules[1].
void ctrl_rules_draw(struct ctrl_rules *rules, Shoal__Oss__Session *session, uint64_t random, uint32_t peer);
