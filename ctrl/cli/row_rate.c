// row_rate.c - the fields of one direction's rate: text to message and back. Pure; any thread.
#include "ctrl/cli/row_rate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/units.h"

struct choice {
	const char *word;
	int value;
};

static const struct choice marks[] = {
	{ "keep", SHOAL__OSS__MARK__MARK_KEEP }, { "be", SHOAL__OSS__MARK__MARK_BE },
	{ "af1", SHOAL__OSS__MARK__MARK_AF1 },   { "af2", SHOAL__OSS__MARK__MARK_AF2 },
	{ "af3", SHOAL__OSS__MARK__MARK_AF3 },   { "af4", SHOAL__OSS__MARK__MARK_AF4 },
	{ "ef", SHOAL__OSS__MARK__MARK_EF },     { NULL, 0 },
};
static const struct choice reds[] = {
	{ "drop", SHOAL__OSS__RED__RED_DROP },
	{ "remark", SHOAL__OSS__RED__RED_REMARK },
	{ NULL, 0 },
};
static const struct choice colours[] = { { "blind", 0 }, { "aware", 1 }, { NULL, 0 } };
static const struct choice gates[] = { { "open", 0 }, { "closed", 1 }, { NULL, 0 } };

static bool choose(const struct choice *choices, const char *word, int *value)
{
	for (; choices->word; choices++) {
		if (strcmp(choices->word, word))
			continue;
		*value = choices->value;
		return true;
	}
	return false;
}

// The first choice is the default and has no text.
static bool name_choice(const struct choice *choices, int value, char *text, size_t room)
{
	for (choices++; choices->word; choices++) {
		if (choices->value != value)
			continue;
		snprintf(text, room, "%s", choices->word);
		return true;
	}
	return false;
}

static bool print_number(uint64_t number, char *text, size_t room)
{
	snprintf(text, room, "%" PRIu64, number);
	return number != 0;
}

const char *row_set_cir(Shoal__Oss__Rate *rate, const char *word)
{
	return units_parse_rate(word, &rate->cir_bps);
}

const char *row_set_cbs(Shoal__Oss__Rate *rate, const char *word)
{
	return units_parse_size(word, &rate->cbs_bytes);
}

const char *row_set_ebs(Shoal__Oss__Rate *rate, const char *word)
{
	return units_parse_size(word, &rate->ebs_bytes);
}

const char *row_set_qfi(Shoal__Oss__Rate *rate, const char *word)
{
	uint64_t number;

	if (units_parse_number(word, 63, &number)) // TS 38.415 5.5.3.3: six bits
		return "is not a QFI (0..63)";
	rate->qfi = (uint32_t)number;
	rate->has_qfi = true;
	return NULL;
}

const char *row_set_mark(Shoal__Oss__Rate *rate, const char *word)
{
	int value;

	if (!choose(marks, word, &value))
		return "is none of keep, be, af1, af2, af3, af4, ef";
	rate->mark = (Shoal__Oss__Mark)value;
	return NULL;
}

const char *row_set_red(Shoal__Oss__Rate *rate, const char *word)
{
	int value;

	if (!choose(reds, word, &value))
		return "is neither drop nor remark";
	rate->red = (Shoal__Oss__Red)value;
	return NULL;
}

const char *row_set_colour(Shoal__Oss__Rate *rate, const char *word)
{
	return choose(colours, word, &rate->colour_aware) ? NULL : "is neither blind nor aware";
}

const char *row_set_gate(Shoal__Oss__Rate *rate, const char *word)
{
	return choose(gates, word, &rate->gate_closed) ? NULL : "is neither open nor closed";
}

bool row_get_cir(const Shoal__Oss__Rate *rate, char *text, size_t room)
{
	return print_number(rate->cir_bps, text, room);
}

bool row_get_cbs(const Shoal__Oss__Rate *rate, char *text, size_t room)
{
	return print_number(rate->cbs_bytes, text, room);
}

bool row_get_ebs(const Shoal__Oss__Rate *rate, char *text, size_t room)
{
	return print_number(rate->ebs_bytes, text, room);
}

bool row_get_qfi(const Shoal__Oss__Rate *rate, char *text, size_t room)
{
	print_number(rate->qfi, text, room);
	return rate->has_qfi;
}

bool row_get_mark(const Shoal__Oss__Rate *rate, char *text, size_t room)
{
	return name_choice(marks, (int)rate->mark, text, room);
}

bool row_get_red(const Shoal__Oss__Rate *rate, char *text, size_t room)
{
	return name_choice(reds, (int)rate->red, text, room);
}

bool row_get_colour(const Shoal__Oss__Rate *rate, char *text, size_t room)
{
	return name_choice(colours, rate->colour_aware, text, room);
}

bool row_get_gate(const Shoal__Oss__Rate *rate, char *text, size_t room)
{
	return name_choice(gates, rate->gate_closed, text, room);
}
