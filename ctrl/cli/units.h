// units.h - numbers, rates, sizes and addresses as people write them, to integers and back.
//
// Parsers take one NUL-terminated word and return null, or why it is refused (a static string that reads well after
// the quoted word: "'12x' is not a number"). Printers return their text by value. Pure functions.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct units_text {
	char text[56];
};

// Decimal or 0x hexadecimal, at most max.
const char *units_parse_number(const char *word, uint64_t max, uint64_t *number);

// Bits per second: "10M", "1.5G", "64000"; k, M, G, T are powers of 1000. At most 1 Tb/s.
const char *units_parse_rate(const char *word, uint64_t *bps);

// Bytes: "9000", "64k" (64,000), "64Ki" (65,536). At most 4 GiB less one.
const char *units_parse_size(const char *word, uint32_t *bytes);

const char *units_parse_ipv4(const char *word, uint32_t *address);

// "2001:db8:1:2::" or "2001:db8:1:2::/64"; nothing may be set below the /64.
const char *units_parse_prefix6(const char *word, uint64_t *prefix);

// Seconds: "5", "0.2"; more than 0, at most max_ms.
const char *units_parse_seconds(const char *word, uint32_t max_ms, uint32_t *ms);

// A share in permille: "1%", "0.5%", the sign may be left out; 0.1 to 100 percent.
const char *units_parse_permille(const char *word, uint32_t *permille);

struct units_text units_count(uint64_t number);   // 1,234,567
struct units_text units_rate(uint64_t bps);       // 10 Mb/s; 0: unlimited
struct units_text units_bytes(uint64_t bytes);    // 1.5 GiB
struct units_text units_span(uint64_t ms);        // 2 d 03:04:05
struct units_text units_when(uint64_t ms);        // 2026-11-21T02:03:04Z
struct units_text units_ipv4(uint32_t address);   // 10.0.0.1; 0: -
struct units_text units_prefix6(uint64_t prefix); // 2001:db8:1:2::/64; 0: -

// At most 48 bytes of a hostile word, printable: others become "?", longer ones end in "...".
struct units_text units_quote(const char *word);
