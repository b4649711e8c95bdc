// networks.c - networks behind a UE, to and from text. Any thread.
#include "ctrl/cli/networks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/units.h"

static uint64_t word_of(const uint8_t *bytes)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < 8; i++)
		word = word << 8 | bytes[i];
	return word;
}

static const char *ipv4_add(struct networks *networks, const char *address, uint32_t length)
{
	Shoal__Oss__Ipv4Prefix *to = &networks->ipv4[networks->n_ipv4];

	if (networks->n_ipv4 == NETWORKS_MAX)
		return "is one more than 8 networks of a family";
	shoal__oss__ipv4_prefix__init(to);
	if (units_parse_ipv4(address, &to->address))
		return "is not a network (192.0.2.0/28, 2001:db8:7::/56)";
	to->length = length;
	networks->ipv4s[networks->n_ipv4++] = to;
	return NULL;
}

static const char *ipv6_add(struct networks *networks, const char *address, uint32_t length)
{
	Shoal__Oss__Ipv6Prefix *to = &networks->ipv6[networks->n_ipv6];
	uint8_t bytes[16];

	if (networks->n_ipv6 == NETWORKS_MAX)
		return "is one more than 8 networks of a family";
	shoal__oss__ipv6_prefix__init(to);
	if (inet_pton(AF_INET6, address, bytes) != 1)
		return "is not a network (192.0.2.0/28, 2001:db8:7::/56)";
	to->high = word_of(bytes);
	to->low = word_of(bytes + 8);
	to->length = length;
	networks->ipv6s[networks->n_ipv6++] = to;
	return NULL;
}

const char *networks_add(struct networks *networks, const char *word)
{
	char address[INET6_ADDRSTRLEN];
	size_t length = strcspn(word, "/");
	bool ipv6 = strchr(word, ':') != NULL;
	uint64_t bits;

	if (length >= sizeof(address) || !word[length] || units_parse_number(word + length + 1, ipv6 ? 128 : 32, &bits))
		return "is not a network (192.0.2.0/28, 2001:db8:7::/56)";
	memcpy(address, word, length);
	address[length] = '\0';
	return ipv6 ? ipv6_add(networks, address, (uint32_t)bits) : ipv4_add(networks, address, (uint32_t)bits);
}

const char *networks_read(struct networks *networks, const char *words)
{
	const char *why = NULL;

	networks->n_ipv4 = networks->n_ipv6 = 0;
	for (words += strspn(words, " ,"); *words && !why; words += strspn(words, " ,")) {
		size_t length = strcspn(words, " ,");
		char word[NETWORKS_ONE_TEXT];

		if (length >= sizeof(word))
			return "is not a network (192.0.2.0/28, 2001:db8:7::/56)";
		memcpy(word, words, length);
		word[length] = '\0';
		why = networks_add(networks, word);
		words += length;
	}
	return why;
}

const char *networks_ipv4(const Shoal__Oss__Ipv4Prefix *prefix, char text[NETWORKS_ONE_TEXT])
{
	uint8_t bytes[4] = { (uint8_t)(prefix->address >> 24), (uint8_t)(prefix->address >> 16),
			     (uint8_t)(prefix->address >> 8), (uint8_t)prefix->address };
	size_t length;

	inet_ntop(AF_INET, bytes, text, NETWORKS_ONE_TEXT);
	length = strlen(text);
	snprintf(text + length, NETWORKS_ONE_TEXT - length, "/%u", prefix->length);
	return text;
}

const char *networks_ipv6(const Shoal__Oss__Ipv6Prefix *prefix, char text[NETWORKS_ONE_TEXT])
{
	uint8_t bytes[16];
	size_t length;

	for (unsigned i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(prefix->high >> (56 - 8 * i));
		bytes[8 + i] = (uint8_t)(prefix->low >> (56 - 8 * i));
	}
	inet_ntop(AF_INET6, bytes, text, NETWORKS_ONE_TEXT);
	length = strlen(text);
	snprintf(text + length, NETWORKS_ONE_TEXT - length, "/%u", prefix->length);
	return text;
}

bool networks_write(const Shoal__Oss__Session *session, char *text, size_t room)
{
	char one[NETWORKS_ONE_TEXT];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < session->n_framed_ipv4 + session->n_framed_ipv6 && used < room; i++) {
		const char *word = i < session->n_framed_ipv4
				       ? networks_ipv4(session->framed_ipv4[i], one)
				       : networks_ipv6(session->framed_ipv6[i - session->n_framed_ipv4], one);

		used += (size_t)snprintf(text + used, room - used, "%s%s", used ? " " : "", word);
	}
	return used > 0;
}
