// report.h - what a session has to tell, as the body of a Session Report Request (TS 29.244 7.5.8). Pure.
#pragma once
#include "ctrl/pfcp/codec/ie_value.h"
#include "ctrl/pfcp/report/usage.h"
#include "ctrl/pfcp/rules/front.h"

struct report_reader { // room for reading; of the caller's, large
	struct front front;
	struct pfcp_tree rules;
};

// Whom a session's reports are for: the CP function's F-SEID; and who hears of it instead (front.h), no family: nobody.
struct report_to {
	struct pfcp_fseid cp;
	struct pfcp_address elsewhere;
};

// What an answer's Update BAR says (7.5.9.2).
struct report_bar {
	bool said;
	uint8_t id;
	uint8_t packets,
	    delay; // Suggested Buffering Packets Count and Downlink Data Notification Delay: of the BAR from now on
	bool has_packets, has_delay;
	uint32_t seconds;     // DL Buffering Duration: what waits by now does for so long; PFCP_FOREVER; 0 = not said
	uint16_t packets_now; // DL Buffering Suggested Packet Count: so many, meanwhile
	bool has_packets_now;
};

// What the CP function says of the session in its answer (7.5.9).
struct report_said {
	bool moves, drops;    // it has another F-SEID for it from now on; what waits is dropped (DROBU)
	struct pfcp_fseid cp; // that one
	struct report_bar bar;
};
// answer: its body. False: nothing.
bool report_said(const struct pfcp_tree *answer, struct report_said *said);

// Writes the body, and says for whom it is. 0; -ENOENT: there is no such session, or nothing to be
// said in PFCP; -EBADMSG: what is kept with the session is not understood; -EMSGSIZE: larger than the writer's room.
int report_write(struct report_reader *reader, const Shoal__Oss__Report *report, struct report_to *to,
		 struct pfcp_writer *writer);

// Takes out of such a body what is behind the PDR ID of a packet that waits: OAI's SMF knows no such IE, and Open5GS' serves none that says
// something. The new length, or the same: there is nothing to take out.
size_t report_plain(uint8_t *body, size_t bytes);
