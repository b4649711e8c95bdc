// refusal.c - see refusal.h. Constant tables; any thread may read.
#include "ctrl/door/refusal.h"

static const char *const names[] = {
#define R(name, counter, help) #counter,
	REFUSALS(R)
#undef R
};

static const char *const helps[] = {
#define R(name, counter, help) help,
	REFUSALS(R)
#undef R
};

const char *refusal_name(enum refusal refusal)
{
	return names[refusal];
}

const char *refusal_help(enum refusal refusal)
{
	return helps[refusal];
}
