// bearer.c - range checks and the digest of what a worker is told about a session.
#include "shared/wire/bearer.h"
#include <errno.h>
#include <stddef.h>
#include "shared/wire/sheet.h"

#define MULTICAST 0xe0000000u // and everything above: no host's address

// One round: every bit of the word reaches the upper half, and the upper half comes down for the next round.
static uint64_t mix(uint64_t digest, uint64_t word)
{
	digest = (digest ^ word) * 0xd6e8feb86659fd93ull;
	return digest ^ digest >> 32;
}

static uint32_t way_word(const struct bearer_way *way)
{
	return (uint32_t)way->rate << 16 | (uint32_t)way->mark << 8 | way->flags;
}

uint64_t bearer_digest(uint32_t slot, const struct bearer *bearer)
{
	uint64_t digest = mix(0x9e3779b97f4a7c15ull, (uint64_t)slot << 32 | bearer->teid);

	digest = mix(digest, bearer->ue_ipv6);
	digest = mix(digest, (uint64_t)bearer->ue_ipv4 << 32 | bearer->peer_ipv4);
	digest = mix(digest, (uint64_t)bearer->peer_teid << 32 | bearer->qfi);
	digest = mix(digest, (uint64_t)way_word(&bearer->uplink) << 32 | way_word(&bearer->downlink));
	if (bearer->sheet_bytes | bearer->sheet_sum)
		digest = mix(digest, (uint64_t)bearer->sheet_bytes << 32 | bearer->sheet_sum);
	return mix(digest, digest >> 29);
}

static const char *way_fault(const struct bearer_way *way, const char *mark, const char *flags)
{
	if (way->mark >= BEARER_MARK_COUNT)
		return mark;
	return way->flags & ~BEARER_FLAGS ? flags : NULL;
}

static const char *address_fault(const struct bearer *bearer)
{
	uint32_t top = (uint32_t)(bearer->ue_ipv6 >> 48);

	if ((!bearer->ue_ipv4 && !bearer->ue_ipv6) || bearer->ue_ipv4 >= MULTICAST)
		return "ue_ipv4";
	if (top >= 0xff00 || (top & 0xffc0) == 0xfe80) // multicast, link-local
		return "ue_ipv6";
	return bearer->peer_ipv4 >= MULTICAST ? "peer_ipv4" : NULL;
}

// A bearer with a sheet says so in both ways and says which; one without says nothing.
static const char *sheet_fault(const struct bearer *bearer)
{
	uint8_t said = bearer->uplink.flags & bearer->downlink.flags & BEARER_SHEET;

	if (!((bearer->uplink.flags | bearer->downlink.flags) & BEARER_SHEET) && !bearer->sheet_bytes &&
	    !bearer->sheet_sum)
		return NULL;
	if ((bearer->uplink.flags ^ bearer->downlink.flags) & BEARER_SHEET)
		return "downlink.flags";
	if (!said != !bearer->sheet_bytes || bearer->sheet_bytes % 8 || bearer->sheet_bytes > SHEET_BYTES_MAX)
		return "sheet_bytes";
	return !said != !bearer->sheet_sum ? "sheet_sum" : NULL;
}

int bearer_check(const struct bearer *bearer, const char **field)
{
	*field = address_fault(bearer);
	if (!*field && !bearer->teid)
		*field = "teid";
	if (!*field && bearer->peer_ipv4 && !bearer->peer_teid)
		*field = "peer_teid";
	if (!*field)
		*field = way_fault(&bearer->uplink, "uplink.mark", "uplink.flags");
	if (!*field)
		*field = way_fault(&bearer->downlink, "downlink.mark", "downlink.flags");
	if (!*field && bearer->qfi > 63)
		*field = "qfi";
	if (!*field)
		*field = sheet_fault(bearer);
	return *field ? -EINVAL : 0;
}

int bearer_rate_check(const struct bearer_rate *rate, const char **field)
{
	*field = NULL;
	if (!rate->cir_bps || rate->cir_bps > BEARER_CIR_MAX)
		*field = "cir_bps";
	else if (rate->cbs_bytes > BEARER_BURST_MAX || (!rate->cbs_bytes && !rate->ebs_bytes))
		*field = "cbs_bytes";
	else if (rate->ebs_bytes > BEARER_BURST_MAX - rate->cbs_bytes)
		*field = "ebs_bytes";
	return *field ? -EINVAL : 0;
}
