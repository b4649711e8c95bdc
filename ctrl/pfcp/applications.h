// applications.h - provisioning of applications (provision.h) with what it needs of the process: notes in ctrl, sessions that follow, answers.
//
// One thread.
#pragma once
#include "ctrl/pfcp/memory.h"
#include "ctrl/pfcp/node/node.h"
#include "ctrl/pfcp/session/provision.h"
#include "ctrl/pfcp/session/session.h"

struct applications {
	struct provision provision;
	struct memory *memory;
	struct node *node;
	struct sessions *sessions;
};

void applications_open(struct applications *applications, struct memory *memory, struct node *node);
bool applications_owns(const Shoal__Oss__Note *note);
bool applications_found(struct applications *applications, const Shoal__Oss__Note *note); // false: it is not understood
void applications_followed(struct applications *applications, unsigned changed, unsigned left);
