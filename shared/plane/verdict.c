// verdict.c - names and help texts of verdicts, made from the one list. Read-only after start; any thread.
#include "shared/plane/verdict.h"
#include <ctype.h>

#define VERDICT_NAME_BYTES 24

#define X(name, help) #name,
static char names[VERDICT_COUNT][VERDICT_NAME_BYTES] = { VERDICTS_FINAL(X) VERDICTS_RELAY(X) VERDICTS_LATER(
    X) VERDICTS_LATER_RELAY(X) VERDICTS_LAST(X) VERDICTS_LAST_RELAY(X) };
#undef X

#define X(name, help) _Static_assert(sizeof(#name) <= VERDICT_NAME_BYTES, "the name has its final zero");
VERDICTS_FINAL(X)
VERDICTS_RELAY(X)
VERDICTS_LATER(X)
VERDICTS_LATER_RELAY(X)
VERDICTS_LAST(X)
VERDICTS_LAST_RELAY(X)
#undef X

#define X(name, help) help,
static const char *const helps[VERDICT_COUNT] = { VERDICTS_FINAL(X) VERDICTS_RELAY(X) VERDICTS_LATER(X)
						      VERDICTS_LATER_RELAY(X) VERDICTS_LAST(X) VERDICTS_LAST_RELAY(X) };
#undef X

// The enum shouts, metrics do not: lowered once, before main.
__attribute__((constructor)) static void names_lower(void)
{
	for (unsigned v = 0; v < VERDICT_COUNT; v++)
		for (char *c = names[v]; *c; c++)
			*c = (char)tolower((unsigned char)*c);
}

const char *verdict_name(unsigned v)
{
	return v < VERDICT_COUNT ? names[v] : "invalid";
}

const char *verdict_help(unsigned v)
{
	return v < VERDICT_COUNT ? helps[v] : "invalid";
}
