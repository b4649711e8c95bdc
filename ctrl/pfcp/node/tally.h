// tally.h - what shoal-pfcp counts. The list is the enum, the name and the help text.
#pragma once

// clang-format off
#define TALLIES(T) \
	T(DATAGRAMS, "datagrams", "datagrams received") \
	T(SENT, "sent", "datagrams sent") \
	T(UNSENT, "unsent", "datagrams that the kernel did not take") \
	T(MALFORMED, "malformed", "messages whose header lies or does not fit their type: dropped") \
	T(VERSION, "version", "messages of another version of PFCP: answered so") \
	T(UNKNOWN, "unknown", "messages of a type we don't know: dropped") \
	T(UNEXPECTED, "unexpected", "requests that only a user plane sends, answers to nothing we asked: dropped") \
	T(STRANGERS, "strangers", "messages from addresses that are not among pfcp.peers: dropped, or refused") \
	T(MUTED, "muted", "answers to strangers and other versions that were not sent: too many") \
	T(HEARTBEATS, "heartbeats", "heartbeats answered") \
	T(NODE, "node_requests", "requests about associations and the like") \
	T(SESSION, "session_requests", "requests about sessions") \
	T(REPEATED, "repeated", "requests that came again: answered as before") \
	T(UNDER_WAY, "under_way", "requests that came again before their answer: dropped") \
	T(CONGESTED, "congested", "requests refused because their peer has too many under way, or there is no memory") \
	T(FAULTY, "faulty", "requests refused for an information element") \
	T(UNASSOCIATED, "unassociated", "requests about sessions of nodes without association: refused") \
	T(BEGUN, "associations_begun", "associations begun") \
	T(APPLICATIONS, "applications_provisioned", "applications whose PFDs a CP function has changed, or taken away") \
	T(FOLLOWED, "sessions_followed", "sessions changed because an application that they name was") \
	T(UNFOLLOWED, "sessions_unfollowed", "sessions that could not follow their application, and stayed as they were") \
	T(CALLS_FAILED, "associations_not_had", "times that a CP function among pfcp.associate did not answer, or refused") \
	T(RESUMED, "associations_resumed", "associations set up again by the same life of a node: its sessions stay") \
	T(RELEASED, "associations_released", "associations released by their node") \
	T(SIFTED, "session_sets_deleted", "parts of nodes whose sessions were deleted by their FQ-CSIDs") \
	T(SHIFTED, "session_sets_moved", "requests that another SMF hears of a part of the sessions from now on") \
	T(RESTARTED, "peers_restarted", "nodes that came back with a later Recovery Time Stamp: their sessions are deleted") \
	T(SILENT, "peers_silent", "nodes that stopped answering heartbeats: their sessions stay") \
	T(FORGOTTEN, "associations_forgotten", "associations ended because their node was silent for long and had no sessions") \
	T(UPDATES_TOLD, "updates_accepted", "updates of associations by us that the CP function has accepted") \
	T(UPDATES_REFUSED, "updates_refused", "updates of associations by us refused, or not answered by who answers heartbeats: done") \
	T(NODE_REPORTS, "node_reports", "reports about GTP-U paths sent, repeats within T1 apart") \
	T(NODE_REPORTS_TOLD, "node_reports_accepted", "reports about GTP-U paths that the CP function has accepted") \
	T(NODE_REPORTS_REFUSED, "node_reports_refused", "reports about GTP-U paths refused for good: done") \
	T(NODE_REPORTS_LATER, "node_reports_later", "reports about GTP-U paths not answered, or with not now: sent again") \
	T(PATHS_UNTOLD, "paths_untold", "GTP-U paths not told of because too many are down") \
	T(REPORTS, "reports", "session reports sent, repeats within T1 apart") \
	T(REPORTS_TOLD, "reports_accepted", "session reports that the CP function has accepted") \
	T(REPORTS_UNKNOWN, "reports_of_nobody", "session reports answered with session not found: done") \
	T(REPORTS_REFUSED, "reports_refused", "session reports refused for good: done") \
	T(REPORTS_LATER, "reports_later", "session reports answered with not now, or with what can't be read: sent again") \
	T(REPORTS_UNANSWERED, "reports_unanswered", "session reports nobody answered N1 times: sent again, ever more seldom") \
	T(REPORTS_VOID, "reports_void", "session reports that could not be put into words")
// clang-format on

enum tally {
#define T(name, ...) TALLY_##name,
	TALLIES(T)
#undef T
	    TALLY_COUNT
};
