// fault.h - why a request is refused: the code, the field at fault, a sentence for people. Becomes oss.proto's Status.
#pragma once
#include "proto/oss.pb-c.h"

struct fault {
	Shoal__Oss__Code code; // OK = no fault
	char field[128];       // path from the session on, e.g. "rules[1].match.teid"
	char message[192];
};

// Fills *fault and returns -EINVAL, so that a check is one line.
int fault_say(struct fault *fault, Shoal__Oss__Code code, const char *field, const char *message);

// Another name for the field at fault; -EINVAL.
int fault_name(struct fault *fault, const char *field);

// Puts "<parent>." (or "<parent>[index]." where index >= 0) in front of the field.
void fault_under(struct fault *fault, const char *parent, int index);
