// units.c - numbers, rates, sizes and addresses as people write them. Pure; any thread.
#include "ctrl/cli/units.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RATE_MAX UINT64_C(1000000000000)

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 255;
}

const char *units_parse_number(const char *word, uint64_t max, uint64_t *number)
{
	unsigned base = word[0] == '0' && (word[1] == 'x' || word[1] == 'X') ? 16 : 10;
	const char *p = base == 16 ? word + 2 : word;
	uint64_t value = 0;

	if (!*p)
		return "is not a number";
	for (; *p; p++) {
		unsigned digit = digit_value(*p);

		if (digit >= base)
			return "is not a number";
		if (value > (UINT64_MAX - digit) / base)
			return "is too large";
		value = value * base + digit;
	}
	if (value > max)
		return "is too large";
	*number = value;
	return NULL;
}

// "12.5" in thousandths, so that no floating point rounds a rate. *end is what follows.
static const char *parse_milli(const char *word, uint64_t *milli, const char **end)
{
	uint64_t value = 0;
	unsigned scale = 1000;
	const char *p = word;

	if (!isdigit((unsigned char)*p))
		return "is not a number";
	for (; isdigit((unsigned char)*p); p++) {
		if (value > RATE_MAX)
			return "is too large";
		value = value * 10 + digit_value(*p);
	}
	value *= 1000;
	if (*p == '.' && isdigit((unsigned char)p[1])) {
		for (p++; isdigit((unsigned char)*p); p++) {
			scale /= 10;
			if (!scale && *p != '0')
				return "has more than three digits after the point";
			value += scale * digit_value(*p);
		}
	}
	*milli = value;
	*end = p;
	return NULL;
}

struct suffix {
	const char *text;
	uint64_t factor;
};

static uint64_t suffix_factor(const struct suffix *suffixes, const char *text)
{
	for (; suffixes->text; suffixes++)
		if (!strcmp(suffixes->text, text))
			return suffixes->factor;
	return 0;
}

// number x factor, whole, at most max.
static const char *parse_scaled(const char *word, const struct suffix *suffixes, uint64_t max, uint64_t *number)
{
	const char *end;
	uint64_t milli, factor;
	const char *why = parse_milli(word, &milli, &end);

	if (why)
		return why;
	factor = suffix_factor(suffixes, end);
	if (!factor)
		return "has an unknown unit";
	if (milli > UINT64_MAX / factor || milli * factor / 1000 > max)
		return "is too large";
	if (milli * factor % 1000)
		return "is not a whole number of units";
	*number = milli * factor / 1000;
	return NULL;
}

const char *units_parse_rate(const char *word, uint64_t *bps)
{
	static const struct suffix rates[] = {
		{ "", 1 },           { "k", 1000 },     { "K", 1000 }, { "M", 1000000 },
		{ "G", 1000000000 }, { "T", RATE_MAX }, { NULL, 0 },
	};

	return parse_scaled(word, rates, RATE_MAX, bps);
}

const char *units_parse_size(const char *word, uint32_t *bytes)
{
	static const struct suffix sizes[] = {
		{ "", 1 },         { "k", 1000 },     { "K", 1000 },     { "M", 1000000 }, { "G", 1000000000 },
		{ "Ki", 1 << 10 }, { "Mi", 1 << 20 }, { "Gi", 1 << 30 }, { NULL, 0 },
	};
	uint64_t value;
	const char *why = parse_scaled(word, sizes, UINT32_MAX, &value);

	if (!why)
		*bytes = (uint32_t)value;
	return why;
}

const char *units_parse_seconds(const char *word, uint32_t max_ms, uint32_t *ms)
{
	const char *end;
	uint64_t milli;
	const char *why = parse_milli(word, &milli, &end);

	if (why)
		return why;
	if (*end && strcmp(end, "s"))
		return "is not a number of seconds";
	if (!milli || milli > max_ms)
		return "is out of range";
	*ms = (uint32_t)milli;
	return NULL;
}

const char *units_parse_permille(const char *word, uint32_t *permille)
{
	const char *end;
	uint64_t milli;
	const char *why = parse_milli(word, &milli, &end);

	if (why)
		return why;
	if (*end && strcmp(end, "%"))
		return "is not a percentage";
	if (milli < 100 || milli > 100000 || milli % 100)
		return "is not a percentage from 0.1 to 100 in steps of 0.1";
	*permille = (uint32_t)(milli / 100);
	return NULL;
}

const char *units_parse_ipv4(const char *word, uint32_t *address)
{
	struct in_addr parsed;

	if (inet_pton(AF_INET, word, &parsed) != 1)
		return "is not an IPv4 address";
	*address = ntohl(parsed.s_addr);
	return NULL;
}

const char *units_parse_prefix6(const char *word, uint64_t *prefix)
{
	static const uint8_t zero[8];
	struct in6_addr parsed;
	char address[INET6_ADDRSTRLEN];
	size_t length = strcspn(word, "/");
	uint64_t value = 0;

	if (length >= sizeof(address) || (word[length] && strcmp(word + length, "/64")))
		return "is not an IPv6 /64 prefix";
	memcpy(address, word, length);
	address[length] = 0;
	if (inet_pton(AF_INET6, address, &parsed) != 1)
		return "is not an IPv6 /64 prefix";
	if (memcmp(parsed.s6_addr + 8, zero, 8))
		return "has bits set below the /64";
	for (unsigned i = 0; i < 8; i++)
		value = value << 8 | parsed.s6_addr[i];
	if (!value)
		return "is the unspecified prefix";
	*prefix = value;
	return NULL;
}

struct units_text units_count(uint64_t number)
{
	struct units_text out;
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	char *p = out.text;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = 0;
	return out;
}

struct units_text units_rate(uint64_t bps)
{
	static const char prefix[] = " kMGT";
	struct units_text out;
	uint64_t unit = 1;
	unsigned step = 0;

	while (step < 4 && bps >= unit * 1000) {
		unit *= 1000;
		step++;
	}
	if (!bps)
		snprintf(out.text, sizeof(out.text), "unlimited");
	else if (!step)
		snprintf(out.text, sizeof(out.text), "%" PRIu64 " b/s", bps);
	else
		snprintf(out.text, sizeof(out.text), "%.4g %cb/s", (double)bps / (double)unit, prefix[step]);
	return out;
}

struct units_text units_bytes(uint64_t bytes)
{
	static const char prefix[] = " KMGTPE";
	struct units_text out;
	double value = (double)bytes;
	unsigned step = 0;

	for (; value >= 1024 && step < 6; step++)
		value /= 1024;
	if (step)
		snprintf(out.text, sizeof(out.text), "%.3g %ciB", value, prefix[step]);
	else
		snprintf(out.text, sizeof(out.text), "%" PRIu64 " B", bytes);
	return out;
}

struct units_text units_span(uint64_t ms)
{
	struct units_text out;
	uint64_t seconds = ms / 1000;
	uint64_t days = seconds / 86400;
	int used = days ? snprintf(out.text, sizeof(out.text), "%" PRIu64 " d ", days) : 0;

	snprintf(out.text + used, sizeof(out.text) - (size_t)used, "%02u:%02u:%02u", (unsigned)(seconds / 3600 % 24),
		 (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
	return out;
}

struct units_text units_when(uint64_t ms)
{
	struct units_text out = { "-" };
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;

	if (ms && gmtime_r(&seconds, &utc))
		strftime(out.text, sizeof(out.text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return out;
}

struct units_text units_ipv4(uint32_t address)
{
	struct units_text out = { "-" };

	if (address)
		snprintf(out.text, sizeof(out.text), "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
			 address >> 8 & 255, address & 255);
	return out;
}

struct units_text units_prefix6(uint64_t prefix)
{
	struct units_text out = { "-" };
	struct in6_addr address = { 0 };

	if (!prefix)
		return out;
	for (unsigned i = 0; i < 8; i++)
		address.s6_addr[i] = (uint8_t)(prefix >> (56 - 8 * i));
	inet_ntop(AF_INET6, &address, out.text, sizeof(out.text));
	strcat(out.text, "/64");
	return out;
}

struct units_text units_quote(const char *word)
{
	struct units_text out;
	size_t i;

	for (i = 0; word[i] && i < 48; i++)
		out.text[i] = (char)(word[i] >= ' ' && word[i] <= '~' ? word[i] : '?');
	strcpy(out.text + i, word[i] ? "..." : "");
	return out;
}
