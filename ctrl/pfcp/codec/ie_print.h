// ie_print.h - PFCP messages as text, a line an IE, for people and tests. What a peer wrote reaches the text only as printable characters.
//
// Writes to a stream; any thread, the caller's tree.
//
//   Session Establishment Request, sequence 3, SEID 0x0, 164 bytes
//     Node ID: smf.example
//     Create PDR:
//       PDR ID: 1
#pragma once
#include <stdio.h>
#include "ctrl/pfcp/codec/ie.h"

// All messages of a datagram. Returns 0, or the error of the first that can't be read (message.h, ie.h), which is told in the text.
int pfcp_print(FILE *out, const uint8_t *datagram, size_t bytes, struct pfcp_tree *tree);

// One IE and what it holds; depth: how far it is indented.
void pfcp_print_ie(FILE *out, const struct pfcp_tree *tree, const struct pfcp_ie *ie, unsigned depth);
