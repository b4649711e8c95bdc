// pfcp_shape.h - PDRs, FARs and what else rules are made of, in the shapes that real control planes give them.
#pragma once
#include "ctrl/pfcp/codec/ie_put.h"
#include "tests/unit/pfcp_words.h"

#define SHAPE_UE6 0x20010db800000007ull
#define NO_REMOVAL 0xff

enum tunnel { NO_TUNNEL, CHOOSE, CHOOSE_5, CHOOSE_6, CHOOSE_IPV6, TEID }; // CHOOSE_n: with CHOOSE ID n

struct pdr {
	uint16_t id;
	uint8_t source;
	enum tunnel tunnel;
	uint32_t teid;
	bool ue4, ue6;
	const char *flow;
	const char *framed[3];  // framed routes, as they are written
	const uint8_t *routing; // Framed-Routing, four octets
	uint32_t filter_id;     // 0 = none
	uint8_t qfis[2];        // 0 = none
	uint8_t removal;
	uint32_t far, qers[2], urrs[2]; // 0 = none
};

struct far {
	uint32_t id;
	uint64_t action;
	int to; // -1 = without parameters
	uint32_t teid, peer;
	uint8_t bar;
	uint16_t marking;
	bool end_marker;
};

struct bar {
	uint8_t id;
	int packets, delay; // -1 = not said
};

void shape_pdr(struct pfcp_writer *writer, unsigned verb, const struct pdr *pdr);
void shape_far_create(struct pfcp_writer *writer, const struct far *far);
void shape_fars(struct pfcp_writer *writer); // 1: to the core; 2: to the gNB, TEID 7
void shape_far_update(struct pfcp_writer *writer, const struct far *far);
void shape_bar(struct pfcp_writer *writer, unsigned verb, const struct bar *bar); // verb: Create BAR, Update BAR ...
