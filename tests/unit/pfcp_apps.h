// pfcp_apps.h - applications as CP functions provision them, for tests.
#pragma once
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/rules/pfds.h"

// Application ID's PFDs with a flow description for each text, ended by a null; "http..." is a URL. None: without PFDs.
void apps_put(struct pfcp_writer *writer, const char *id, const char *const *texts);
// It is in the set.
void apps_know(struct pfds *pfds, const char *id, const char *const *texts);
