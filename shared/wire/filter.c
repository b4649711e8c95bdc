// filter.c - a flow description word by word. Pure.
#include "shared/wire/filter.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include "shared/wire/cursor.h"

#define ADDRESS_MAX (INET6_ADDRSTRLEN - 1) // characters

struct word {
	const char *at;
	size_t length;
};

struct reading {
	const char *at, *end;
	const char **fault;
};

static int refuse(const struct reading *reading, int error, const char *fault)
{
	*reading->fault = fault;
	return error;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

// The next word; without length: there is none.
static struct word word_next(struct reading *reading)
{
	struct word word;

	while (reading->at < reading->end && blank(*reading->at))
		reading->at++;
	word.at = reading->at;
	while (reading->at < reading->end && !blank(*reading->at))
		reading->at++;
	word.length = (size_t)(reading->at - word.at);
	return word;
}

static bool word_is(struct word word, const char *text)
{
	return word.length == strlen(text) && !memcmp(word.at, text, word.length);
}

// Digits at the word's beginning, which are taken off it. False: there are none, or too large a number.
static bool number_take(struct word *word, uint32_t most, uint32_t *number)
{
	size_t digits = 0;

	*number = 0;
	while (digits < word->length && word->at[digits] >= '0' && word->at[digits] <= '9') {
		*number = *number * 10 + (uint32_t)(word->at[digits++] - '0');
		if (*number > most)
			return false;
	}
	word->at += digits;
	word->length -= digits;
	return digits > 0;
}

static bool sign_take(struct word *word, char sign)
{
	if (!word->length || *word->at != sign)
		return false;
	word->at++;
	word->length--;
	return true;
}

static int protocol_read(struct reading *reading, struct filter *filter)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = { { "tcp", 6 },        { "udp", 17 }, { "sctp", 132 }, { "icmp", 1 }, { "icmpv6", 58 },
		      { "ipv6-icmp", 58 }, { "esp", 50 }, { "ah", 51 },    { "gre", 47 } };
	struct word word = word_next(reading);
	uint32_t number;

	filter->any_protocol = word_is(word, "ip");
	if (filter->any_protocol)
		return 0;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (word_is(word, names[i].name)) {
			filter->protocol = names[i].number;
			return 0;
		}
	if (!number_take(&word, UINT8_MAX, &number) || word.length)
		return refuse(reading, -EINVAL, "A protocol is ip, or a number up to 255.");
	filter->protocol = (uint8_t)number;
	return 0;
}

static bool address_read(struct word word, struct filter_net *net)
{
	char text[ADDRESS_MAX + 1] = { 0 };
	uint8_t bytes[16] = { 0 };

	if (!word.length || word.length > ADDRESS_MAX)
		return false;
	memcpy(text, word.at, word.length);
	if (strlen(text) != word.length)
		return false;
	if (inet_pton(AF_INET, text, bytes) == 1)
		net->family = 4;
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		net->family = 6;
	for (unsigned i = 0; i < 4; i++)
		net->word[i] = be32_get(bytes + 4 * i);
	return net->family;
}

static int net_read(struct reading *reading, struct filter_net *net)
{
	struct word word = word_next(reading), address = word;
	const char *slash = word.length ? memchr(word.at, '/', word.length) : NULL;
	uint32_t bits;

	if (sign_take(&word, '!'))
		return refuse(reading, -EOPNOTSUPP, "Addresses that are not (!) are not served.");
	net->assigned = word_is(word, "assigned");
	if (net->assigned || word_is(word, "any"))
		return 0;
	if (slash)
		address.length = (size_t)(slash - word.at);
	if (!address_read(address, net))
		return refuse(reading, -EINVAL, "An end is any, assigned, or an address with or without /bits.");
	bits = net->family == 4 ? 32 : 128;
	if (slash) {
		struct word rest = { slash + 1, word.length - address.length - 1 };

		if (!number_take(&rest, bits, &bits) || rest.length)
			return refuse(reading, -EINVAL, "A prefix is longer than its address, or no number.");
	}
	net->bits = (uint8_t)bits;
	for (unsigned i = 0; i < 4; i++)
		net->word[i] &= filter_mask(bits, i);
	return 0;
}

static bool range_read(struct word *word, struct filter_range *range)
{
	uint32_t first, last;

	if (!number_take(word, UINT16_MAX, &first))
		return false;
	last = first;
	if (sign_take(word, '-') && (!number_take(word, UINT16_MAX, &last) || last < first))
		return false;
	*range = (struct filter_range){ (uint16_t)first, (uint16_t)last };
	return true;
}

// All ports is what packets without any have, too.
static bool range_all(const struct filter_range *range)
{
	return range->first == 0 && range->last == UINT16_MAX;
}

static int ports_read(struct reading *reading, struct word word, struct filter_ports *ports)
{
	bool all = false;

	do {
		if (ports->count == FILTER_RANGES)
			return refuse(reading, -EOPNOTSUPP, "At most 32 ranges of ports are served.");
		if (!range_read(&word, &ports->range[ports->count]))
			return refuse(reading, -EINVAL, "Ports are numbers up to 65535 and ranges of them.");
		all = all || range_all(&ports->range[ports->count++]);
	} while (sign_take(&word, ','));
	if (word.length)
		return refuse(reading, -EINVAL, "Ports are numbers up to 65535 and ranges of them.");
	if (all)
		ports->count = 0;
	return 0;
}

static bool digit(struct word word)
{
	return word.length && *word.at >= '0' && *word.at <= '9';
}

// One end, and in *word what comes after it.
static int end_read(struct reading *reading, struct filter_net *net, struct filter_ports *ports, struct word *word)
{
	int error = net_read(reading, net);

	*word = word_next(reading);
	if (error || !digit(*word))
		return error;
	error = ports_read(reading, *word, ports);
	*word = word_next(reading);
	return error;
}

static int ends_read(struct reading *reading, struct filter *filter)
{
	struct word word = word_next(reading);
	int error;

	if (!word_is(word, "from"))
		return refuse(reading, -EINVAL, "After the protocol comes from.");
	error = end_read(reading, &filter->remote, &filter->remote_ports, &word);
	if (error)
		return error;
	if (!word_is(word, "to"))
		return refuse(reading, -EINVAL, "After the source and its ports comes to.");
	error = end_read(reading, &filter->local, &filter->local_ports, &word);
	if (error)
		return error;
	return word.length ? refuse(reading, -EOPNOTSUPP, "Options after the destination are not served.") : 0;
}

static bool multicast(const struct filter_net *net)
{
	return (net->family == 4 && net->bits >= 4 && net->word[0] >> 28 == 14) ||
	       (net->family == 6 && net->bits >= 8 && net->word[0] >> 24 == 0xff);
}

// Whether what is written first is the UE's end.
static bool from_ue(const struct filter *filter, struct word direction)
{
	if (filter->remote.assigned != filter->local.assigned)
		return filter->remote.assigned;
	return word_is(direction, "in") || (multicast(&filter->local) && !multicast(&filter->remote));
}

static void turn_round(struct filter *filter)
{
	struct filter was = *filter;

	filter->remote = was.local;
	filter->local = was.remote;
	filter->remote_ports = was.local_ports;
	filter->local_ports = was.remote_ports;
}

int filter_read(const char *text, size_t length, struct filter *filter, const char **fault)
{
	struct reading reading = { text, text + length, fault };
	struct word action = word_next(&reading), direction = word_next(&reading);
	int error;

	*filter = (struct filter){ 0 };
	*fault = NULL;
	if (word_is(action, "deny"))
		return refuse(&reading, -EOPNOTSUPP, "Filters permit; deny is not served.");
	if (!word_is(action, "permit") || (!word_is(direction, "out") && !word_is(direction, "in")))
		return refuse(&reading, -EINVAL, "A flow description begins with permit out.");
	error = protocol_read(&reading, filter);
	if (!error)
		error = ends_read(&reading, filter);
	if (error)
		return error;
	if (filter->remote.assigned && filter->local.assigned)
		return refuse(&reading, -EINVAL, "Only one end is the UE's.");
	if (from_ue(filter, direction))
		turn_round(filter);
	return 0;
}

bool filter_holds(const struct filter_net *net, uint32_t ipv4, uint64_t ipv6)
{
	uint32_t upper = (uint32_t)(ipv6 >> 32), lower = (uint32_t)ipv6;

	if (!net->family)
		return true;
	if (net->family == 4)
		return ipv4 && !((net->word[0] ^ ipv4) & filter_mask(net->bits, 0));
	if (net->bits >= 10 && net->word[0] >> 22 == 0xfe80 >> 6) // every host has one of its own
		return ipv6;
	return ipv6 && net->bits <= 64 && !((net->word[0] ^ upper) & filter_mask(net->bits, 0)) &&
	       !((net->word[1] ^ lower) & filter_mask(net->bits, 1));
}
