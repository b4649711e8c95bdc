// account.c - usage of URRs. Pure.
#include "ctrl/pfcp/account.h"
#include "ctrl/pfcp/ie_put.h"

#define NTP_OFFSET 2208988800ull // seconds from 1900 to 1970

struct usage usage_of(const Shoal__Oss__Session *session)
{
	const Shoal__Oss__Usage *usage = session->usage;
	struct usage now = { 0 };

	if (!usage)
		return now;
	now.bytes[TRANSLATE_UPLINK] = usage->uplink_bytes;
	now.bytes[TRANSLATE_DOWNLINK] = usage->downlink_bytes;
	now.packets[TRANSLATE_UPLINK] = usage->uplink_packets;
	now.packets[TRANSLATE_DOWNLINK] = usage->downlink_packets;
	return now;
}

struct account *account_find(struct accounts *accounts, uint32_t urr)
{
	for (unsigned i = 0; i < accounts->count; i++)
		if (accounts->account[i].urr == urr)
			return &accounts->account[i];
	return NULL;
}

static const struct translated_urr *urr_find(const struct translation *translation, uint32_t urr)
{
	for (unsigned i = 0; i < translation->urrs; i++)
		if (translation->urr[i].id == urr)
			return &translation->urr[i];
	return NULL;
}

bool accounts_differ(const struct accounts *accounts, const struct translation *translation)
{
	for (unsigned i = 0; i < accounts->count; i++) {
		const struct translated_urr *urr = urr_find(translation, accounts->account[i].urr);

		if (!urr || urr->ways != accounts->account[i].ways)
			return true;
	}
	return accounts->count != translation->urrs;
}

// Counts only grow; one that did not is not taken back.
static uint64_t grown(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

static void look(struct account *account, const struct usage *now)
{
	for (unsigned way = 0; way < TRANSLATE_WAYS; way++) {
		if (!(account->ways & 1u << way))
			continue;
		account->counted.bytes[way] += grown(account->seen.bytes[way], now->bytes[way]);
		account->counted.packets[way] += grown(account->seen.packets[way], now->packets[way]);
	}
	account->seen = *now;
}

static void begin(struct account *account, const struct translated_urr *urr, const struct usage *now, uint64_t now_ms)
{
	*account = (struct account){
		.urr = urr->id, .ways = urr->ways, .packets = urr->packets, .since_ms = now_ms, .seen = *now
	};
}

void accounts_follow(struct accounts *accounts, const struct translation *translation, const struct usage *now,
		     uint64_t now_ms, struct accounts *ended)
{
	unsigned kept = 0;

	ended->count = 0;
	for (unsigned i = 0; i < accounts->count; i++) {
		struct account account = accounts->account[i];
		const struct translated_urr *urr = urr_find(translation, account.urr);

		look(&account, now);
		if (urr) {
			account.ways = urr->ways;
			account.packets = urr->packets;
		}
		if (urr)
			accounts->account[kept++] = account;
		else
			ended->account[ended->count++] = account;
	}
	accounts->count = kept;
	for (unsigned i = 0; i < translation->urrs; i++)
		if (!account_find(accounts, translation->urr[i].id))
			begin(&accounts->account[accounts->count++], &translation->urr[i], now, now_ms);
}

static uint32_t ntp(uint64_t ms)
{
	return (uint32_t)(ms / 1000 + NTP_OFFSET);
}

void account_report(struct account *account, const struct occasion *occasion, struct pfcp_writer *writer)
{
	const struct usage *counted = &account->counted;
	struct pfcp_volume volume = { .has = PFCP_VOLUME_BYTES };
	uint8_t *mark;

	look(account, occasion->now);
	volume.uplink = counted->bytes[TRANSLATE_UPLINK];
	volume.downlink = counted->bytes[TRANSLATE_DOWNLINK];
	volume.total = volume.uplink + volume.downlink;
	volume.uplink_packets = counted->packets[TRANSLATE_UPLINK];
	volume.downlink_packets = counted->packets[TRANSLATE_DOWNLINK];
	volume.total_packets = volume.uplink_packets + volume.downlink_packets;
	if (account->packets)
		volume.has |= PFCP_VOLUME_PACKETS;
	pfcp_begin(writer, occasion->type, &mark);
	pfcp_put_u32(writer, PFCP_IE_URR_ID, account->urr);
	pfcp_put_u32(writer, PFCP_IE_UR_SEQN, account->reports++);
	pfcp_put_flags(writer, PFCP_IE_USAGE_REPORT_TRIGGER, occasion->trigger, 3);
	pfcp_put_u32(writer, PFCP_IE_START_TIME, ntp(account->since_ms));
	pfcp_put_u32(writer, PFCP_IE_END_TIME, ntp(occasion->now_ms));
	pfcp_put_volume(writer, PFCP_IE_VOLUME_MEASUREMENT, &volume);
	pfcp_end(writer, mark);
	account->counted = (struct usage){ 0 };
	account->since_ms = occasion->now_ms;
}
