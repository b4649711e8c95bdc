// heard.h - what GTP-U peers say of paths and tunnels (TS 29.281 7.2.2, 7.3.1), for the controller. State: struct slow's.
//
// An Error Indication names the tunnel by the address and TEID that our G-PDU went to; it may come from another address of that node. Such
// ones have limits of their own, so that who guesses takes nothing from who answers, and the controller looks closer (ctrl/tell/path.h). What is
// said is not judged here; no session is touched.
#pragma once
#include "shared/plane/verdict.h"
#include "workers/slow/signal.h"

// An Echo Response, or an Error Indication. The verdict; VERDICT_GTPU_HEARD: there is one more report in slow->heard.
enum verdict heard_message(struct slow *slow, const struct signal *signal, uint64_t now);
