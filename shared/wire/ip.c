// ip.c - the headers and checksums that common packets do not need.
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

enum ip_fault ip_read_rare(struct ip_packet *ip, const uint8_t *bytes, uint32_t left)
{
	*ip = (struct ip_packet){ 0 };
	if (left < IP4_HEADER || (bytes[0] >> 4 == 6 && left < IP6_HEADER))
		return IP_SHORT;
	if (bytes[0] >> 4 != 4)
		return IP_BAD;
	*ip = (struct ip_packet){ be16_get(bytes + 2), (bytes[0] & 15u) * 4, 4, bytes[1], bytes[8], bytes[9] };
	if (ip->length > left || ip->header < IP4_HEADER || ip->length < ip->header)
		return IP_BAD;
	return ip_fold(ip_sum(0, bytes, ip->header)) == 0xffff ? IP_SOUND : IP_BAD;
}
