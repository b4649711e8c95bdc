// ip.c - checksums, header edits and headers of our own.
#include "shared/wire/ip.h"

uint64_t ip_sum(uint64_t sum, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint32_t word;

	for (; length >= sizeof(word); at += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum += word;
	}
	word = 0; // the tail counts as if zeros followed
	memcpy(&word, at, length);
	return sum + word;
}

static uint16_t sum_finish(uint64_t sum)
{
	return __builtin_bswap16((uint16_t)~ip_fold(sum));
}

uint16_t ip_checksum(const void *bytes, size_t length)
{
	return sum_finish(ip_sum(0, bytes, length));
}

static uint16_t upper(uint64_t addresses, uint8_t protocol, const void *bytes, uint32_t length)
{
	uint16_t sum =
	    sum_finish(ip_sum(addresses + __builtin_bswap32(length) + __builtin_bswap32(protocol), bytes, length));

	return protocol == IP_UDP && sum == 0 ? 0xffff : sum; // RFC 768: zero would mean "none"
}

uint16_t ip4_checksum_upper(const uint8_t *ip, uint8_t protocol, const void *bytes, uint32_t length)
{
	return upper(ip_sum(0, ip + 12, 8), protocol, bytes, length);
}

uint16_t ip6_checksum_upper(const uint8_t *ip, uint8_t protocol, const void *bytes, uint32_t length)
{
	return upper(ip_sum(0, ip + 8, 32), protocol, bytes, length);
}

bool ip4_sum_good(const uint8_t *bytes, uint32_t header)
{
	if (__builtin_expect(header == IP4_HEADER, 1))
		return ip4_sum(bytes) == 0xffff;
	return ip_fold(ip_sum(0, bytes, header)) == 0xffff;
}

void ip4_pass(uint8_t *header, uint8_t tos)
{
	uint64_t low, high, new_low, new_high, sum;

	memcpy(&low, header, 8);      // version, TOS, length, identification, fragment
	memcpy(&high, header + 8, 8); // TTL, protocol, checksum, source
	new_low = (low & ~0xff00ull) | (uint64_t)tos << 8;
	new_high = high - 1;
	// RFC 1624 eqn. 3: HC' = ~(~HC + ~m + m'), for the two words that change. Byte order does not matter to the sum.
	sum = (~high >> 16 & 0xffff) + (~low & 0xffff) + (new_low & 0xffff) + (~high & 0xffff) + (new_high & 0xffff);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	new_high = (new_high & ~0xffff0000ull) | (~sum & 0xffff) << 16;
	_mm_storeu_si128((__m128i *)header, _mm_set_epi64x((long long)new_high, (long long)new_low));
}

void ip6_pass(uint8_t *header, uint8_t tos)
{
	uint64_t word;

	memcpy(&word, header, 8); // version, traffic class, flow label, length, next header, hop limit
	word = (word & ~0xf00full) | (uint64_t)tos >> 4 | (uint64_t)(tos & 15) << 12;
	word -= 1ull << 56;
	memcpy(header, &word, 8);
}

void ip4_put(uint8_t *bytes, const struct ip4_fields *fields)
{
	uint32_t ttl_protocol = (uint32_t)fields->ttl << 8 | fields->protocol;
	uint32_t first = 0x4500u | fields->tos;
	uint64_t sum = (uint64_t)first + fields->length + IP4_DF + ttl_protocol + (fields->source >> 16) +
		       (fields->source & 0xffff) + (fields->destination >> 16) + (fields->destination & 0xffff);

	be32_put(bytes, first << 16 | fields->length);
	be32_put(bytes + 4, IP4_DF);
	be32_put(bytes + 8, ttl_protocol << 16 | (uint16_t)~ip_fold(sum));
	be32_put(bytes + 12, fields->source);
	be32_put(bytes + 16, fields->destination);
}

void udp_put(uint8_t *bytes, uint16_t source, uint16_t destination, uint16_t length)
{
	be64_put(bytes, (uint64_t)source << 48 | (uint64_t)destination << 32 | (uint64_t)length << 16);
}
