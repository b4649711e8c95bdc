// pfcp_again.h - for tests: IEs out of a tree into plain structs, and from these written again.
#pragma once
#include "ctrl/pfcp/codec/ie_write.h"

// One IE and what it holds. Of what has no struct (numbers, texts, bytes, strangers) the bytes are copied. Returns 0; or a getter's error.
int pfcp_again_ie(struct pfcp_writer *writer, const struct pfcp_tree *tree, const struct pfcp_ie *ie);
