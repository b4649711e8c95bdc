// sheet_draft.h - what the files of sheet_make share: a sheet whose parts are still growing. For them alone.
#pragma once
#include "ctrl/rules/sheet_make.h"

// A line of a group of filters (sheet_rules.h), before it is one.
struct sheet_filter {
	uint32_t remote[4], mask[4], remote_ports, local_ports, kind, spi, has_spi, label, label_mask, reserved;
	uint64_t pdrs;
};

struct sheet_list {
	unsigned count;
	struct sheet_filter filter[SHEET_FILTERS];
};

struct sheet_draft {
	const Shoal__Oss__Session *session;
	const struct compile_about *about;
	struct sheet head; // counts grow with the parts
	uint64_t tunnel[SHEET_TUNNELS];
	struct sheet_pdr pdr[SHEET_PDRS];
	struct sheet_far far[SHEET_FARS];
	struct sheet_qer qer[SHEET_QERS];
	struct sheet_urr urr[SHEET_URRS];
	struct sheet_list list[2]; // IPv4, IPv6
	struct sheet_route route[SHEET_ROUTES];
	bool ends;
};

// The filters of a rule, whose bit is `pdr`. 0, or -EINVAL with *fault, relative to the rule.
int sheet_filters(struct sheet_draft *draft, const Shoal__Oss__Match *match, uint64_t pdr, struct fault *fault);

// The rates that rules name, and all measures. 0, or -EINVAL with *fault, relative to the session.
int sheet_rates(struct sheet_draft *draft, struct fault *fault);
int sheet_measures(struct sheet_draft *draft, const struct compile_quota *quota, uint32_t *made, struct fault *fault);
uint8_t sheet_rule_qers(const struct sheet_draft *draft, const Shoal__Oss__Rule *rule);
uint16_t sheet_rule_urrs(const struct sheet_draft *draft, const Shoal__Oss__Rule *rule);
