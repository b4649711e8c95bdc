// ie_put.h - into information elements: the structs of ie_value.h. What the getters of ie_get.h make of it is the struct again.
//
// Pure.
#pragma once
#include "ctrl/pfcp/codec/ie_value.h"
#include "ctrl/pfcp/codec/ie_write.h"

// A name as DNS labels; cut off nowhere: a label of more than 63 characters is our own bug.
void pfcp_put_name(struct pfcp_writer *writer, unsigned type, const char *name);

void pfcp_put_node_id(struct pfcp_writer *writer, unsigned type, const struct pfcp_node_id *node);
void pfcp_put_fseid(struct pfcp_writer *writer, unsigned type, const struct pfcp_fseid *fseid);
void pfcp_put_fteid(struct pfcp_writer *writer, unsigned type, const struct pfcp_fteid *fteid);
void pfcp_put_ue_address(struct pfcp_writer *writer, unsigned type, const struct pfcp_ue_address *ue);
void pfcp_put_outer_creation(struct pfcp_writer *writer, unsigned type, const struct pfcp_outer_creation *outer);
void pfcp_put_outer_removal(struct pfcp_writer *writer, unsigned type, const struct pfcp_outer_removal *outer);
void pfcp_put_sdf(struct pfcp_writer *writer, unsigned type, const struct pfcp_sdf *sdf);
void pfcp_put_rate(struct pfcp_writer *writer, unsigned type, const struct pfcp_rate *rate);
void pfcp_put_gate(struct pfcp_writer *writer, unsigned type, const struct pfcp_gate *gate);
void pfcp_put_volume(struct pfcp_writer *writer, unsigned type, const struct pfcp_volume *volume);
void pfcp_put_dropped(struct pfcp_writer *writer, unsigned type, const struct pfcp_dropped *dropped);
void pfcp_put_failed_rule(struct pfcp_writer *writer, unsigned type, const struct pfcp_failed_rule *rule);
void pfcp_put_redirect(struct pfcp_writer *writer, unsigned type, const struct pfcp_redirect *redirect);
void pfcp_put_policy(struct pfcp_writer *writer, unsigned type, const struct pfcp_piece *policy);
void pfcp_put_pfd(struct pfcp_writer *writer, unsigned type, const struct pfcp_pfd *pfd);
// Alternative SMF IP Address, CP PFCP Entity IP Address, Remote GTP-U Peer.
void pfcp_put_address(struct pfcp_writer *writer, unsigned type, const struct pfcp_address *address);

// User Plane IP Resource Information (8.2.82 until release 16): where CP functions may have tunnels end, with any TEID. Written only:
// nobody says so to a user plane.
struct pfcp_ip_resource {
	struct pfcp_address address;
	const char *instance; // labels; not empty
	uint8_t source;       // enum pfcp_source_interface_kind
};

void pfcp_put_ip_resource(struct pfcp_writer *writer, unsigned type, const struct pfcp_ip_resource *resource);
