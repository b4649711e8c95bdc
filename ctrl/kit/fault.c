// fault.c - composing refusals.
#include "ctrl/kit/fault.h"
#include <errno.h>
#include <stdio.h>

int fault_say(struct fault *fault, Shoal__Oss__Code code, const char *field, const char *message)
{
	fault->code = code;
	snprintf(fault->field, sizeof(fault->field), "%s", field);
	snprintf(fault->message, sizeof(fault->message), "%s", message);
	return -EINVAL;
}

int fault_name(struct fault *fault, const char *field)
{
	snprintf(fault->field, sizeof(fault->field), "%s", field);
	return -EINVAL;
}

void fault_under(struct fault *fault, const char *parent, int index)
{
	char child[sizeof(fault->field)];
	char position[16] = "";

	snprintf(child, sizeof(child), "%s", fault->field);
	if (index >= 0)
		snprintf(position, sizeof(position), "[%d]", index);
	snprintf(fault->field, sizeof(fault->field), "%.32s%s%s%.72s", parent, position, *child ? "." : "", child);
}
