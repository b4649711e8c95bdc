// row.h - one session on its way in or out: a public Session message with room for all its parts, and the table of its
// fields. A field has one name everywhere: CSV column, JSON key, and, with '-' for '_', option of `session add`.
//
// Owned by its caller; one thread. A row is big and holds pointers into itself: never copy it, clear it and use it again.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "ctrl/cli/networks.h"
#include "ctrl/cli/units.h"
#include "proto/oss.pb-c.h"

struct rules;

struct row {
	Shoal__Oss__Session session;
	Shoal__Oss__Identity identity;
	Shoal__Oss__UeAddress ue;
	Shoal__Oss__DefaultBearer bearer;
	Shoal__Oss__Rate rate[2]; // uplink, downlink
	char imsi[16], msisdn[16], dnn[101];
	struct networks networks; // behind the UE
	struct rules *rules;      // null, or rules beyond the short form; lives until row_close
};

enum row_side { ROW_UP = 1, ROW_DOWN = 2, ROW_BOTH = 3 };

// A field of the session, or of its rates in one or both directions.
struct row_field {
	const char *name;
	const char *value; // what the help calls it
	const char *help;
	bool number;        // JSON integer
	enum row_side side; // 0: of the session
	const char *(*set)(struct row *row, const char *word);
	bool (*get)(const Shoal__Oss__Session *session, char *text, size_t room); // false: not set
	const char *(*set_rate)(Shoal__Oss__Rate *rate, const char *word);
	bool (*get_rate)(const Shoal__Oss__Rate *rate, char *text, size_t room);
};

extern const struct row_field row_fields[]; // ends with a null name

// What a refusal says: the field ("" = the whole line) and the reason.
struct row_fault {
	char field[96];
	char reason[160];
};

void row_clear(struct row *row);
void row_close(struct row *row); // frees what it holds; row_clear makes it usable again

// The field of that name, or null. '-' counts as '_'.
const struct row_field *row_find(const char *name);

// Is it named without a direction? Then it is also a field of a rate by itself (rules.h).
bool row_is_attribute(const struct row_field *field);

// Sets one field from text. An empty word leaves it unset. Returns null or why not.
const char *row_set(struct row *row, const struct row_field *field, const char *word);

// Is what every session needs there? False: fault says what is missing.
bool row_check(const struct row *row, struct row_fault *fault);

// Text of one field of any session, such that row_set understands it. False: it has its default value. Fields for both
// directions at once (ROW_BOTH) never have one: they are for input only.
bool row_get(const Shoal__Oss__Session *session, const struct row_field *field, char *text, size_t room);

void row_fault(struct row_fault *fault, const char *field, const char *word, const char *why);
