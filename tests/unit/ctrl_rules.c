// ctrl_rules.c - rules by lot: the first goes up, the second down, others either way with a filter.
#include "tests/unit/ctrl_rules.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static uint32_t draw(struct ctrl_rules *rules, uint32_t below)
{
	rules->random = rules->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(rules->random >> 33) % below;
}

static void match_draw(struct ctrl_rules *rules, unsigned i, bool down)
{
	static const char *const flows[] = {
		"permit out ip from any to assigned",
		"permit out %u from 192.0.2.0/24 80,443,%u-65535 to assigned",
		"permit out %u from 2001:db8:%x::/48 to any 1-%u",
		"permit out 58 from ff02::2/128 to assigned",
	};
	Shoal__Oss__Match *match = &rules->match[i];
	uint32_t protocol = 1 + draw(rules, 20), port = 1 + draw(rules, 9999);

	match->source = down ? SHOAL__OSS__INTERFACE__CORE : SHOAL__OSS__INTERFACE__ACCESS;
	match->tunnel = down ? 0 : draw(rules, 3);
	if (i < 2)
		return;
	snprintf(rules->flow[i], sizeof(rules->flow[i]), flows[draw(rules, 4)], protocol, port, port);
	rules->filter[i].flow = rules->flow[i];
	rules->filter[i].tos_mask = draw(rules, 4) ? 0 : 0xfc;
	match->filters = &rules->filters[i];
	match->n_filters = 1;
	if (down || draw(rules, 4))
		return;
	match->qfis = &rules->qfi;
	match->n_qfis = 1;
}

static void forward_draw(struct ctrl_rules *rules, unsigned i, bool down, uint32_t peer)
{
	Shoal__Oss__Forward *forward = &rules->forward[i];

	forward->destination = down ? SHOAL__OSS__INTERFACE__ACCESS : SHOAL__OSS__INTERFACE__CORE;
	forward->drop = !draw(rules, 8);
	if (!down)
		return;
	forward->buffer = !forward->drop && i > 1 && !draw(rules, 3);
	forward->notify = forward->buffer && draw(rules, 2);
	forward->peer_ipv4 = i == 1 ? peer : 0xc6336401 + draw(rules, 3);
	forward->peer_teid = 1 + draw(rules, 5);
}

static void rule_draw(struct ctrl_rules *rules, unsigned i, uint32_t peer)
{
	Shoal__Oss__Rule *rule = &rules->rule[i];
	bool down = i == 1 || (i > 1 && draw(rules, 2));

	shoal__oss__rule__init(rules->rules[i] = rule);
	shoal__oss__match__init(rule->match = &rules->match[i]);
	shoal__oss__forward__init(rule->forward = &rules->forward[i]);
	shoal__oss__filter__init(rules->filters[i] = &rules->filter[i]);
	rule->id = i + 1;
	rule->precedence = i < 2 ? 1000 : draw(rules, 255);
	rule->rate_ids = rules->rate_ids;
	rule->n_rate_ids = draw(rules, 4);
	rule->measure_ids = rules->measure_ids;
	rule->n_measure_ids = draw(rules, 4);
	match_draw(rules, i, down);
	forward_draw(rules, i, down, peer);
}

static void rates_draw(struct ctrl_rules *rules)
{
	for (unsigned i = 0; i < 3; i++) {
		shoal__oss__rate__init(rules->rates[i] = &rules->rate[i]);
		rules->rate_ids[i] = rules->rate[i].id = i + 1;
	}
	for (unsigned i = 0; i < 2; i++) {
		shoal__oss__limit__init(&rules->limit[i]);
		rules->limit[i].cir_bps = 64000 * draw(rules, 9);
		rules->limit[i].gate_closed = !draw(rules, 5);
	}
	rules->rate[0].uplink = &rules->limit[0];
	rules->rate[0].downlink = &rules->limit[1];
	rules->rate[1].has_qfi = true;
	rules->rate[1].qfi = rules->qfi = 1 + draw(rules, 9);
	rules->rate[2].cir_bps = 1000000;
}

void ctrl_rules_draw(struct ctrl_rules *rules, Shoal__Oss__Session *session, uint64_t random, uint32_t peer)
{
	memset(rules, 0, sizeof(*rules));
	rules->random = random;
	rates_draw(rules);
	for (unsigned i = 0; i < 3; i++) {
		shoal__oss__measure__init(rules->measures[i] = &rules->measure[i]);
		rules->measure_ids[i] = rules->measure[i].id = i + 1;
		rules->measure[i].volume = rules->measure[i].duration = true;
	}
	session->bearer = NULL;
	session->n_rules = 2 + draw(rules, CTRL_RULES_MAX - 1);
	for (unsigned i = 0; i < session->n_rules; i++)
		rule_draw(rules, i, peer);
	session->rules = rules->rules;
	session->rates = rules->rates;
	session->n_rates = 3;
	session->measures = rules->measures;
	session->n_measures = 3;
}
