// tab.c - usage of URRs. Pure.
#include "ctrl/pfcp/tab.h"
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

void tabs_start(struct tabs *tabs, uint64_t made_ms)
{
	for (unsigned i = 0; i < tabs->count; i++)
		if (tabs->tab[i].since_ms == TAB_FROM_START)
			tabs->tab[i].since_ms = made_ms;
}

struct tab *tabs_find(struct tabs *tabs, uint32_t urr)
{
	for (unsigned i = 0; i < tabs->count; i++)
		if (tabs->tab[i].urr == urr)
			return &tabs->tab[i];
	return NULL;
}

static const struct translated_urr *urr_find(const struct translation *translation, uint32_t urr)
{
	for (unsigned i = 0; i < translation->urrs; i++)
		if (translation->urr[i].id == urr)
			return &translation->urr[i];
	return NULL;
}

bool tabs_differ(const struct tabs *tabs, const struct translation *translation)
{
	for (unsigned i = 0; i < tabs->count; i++) {
		const struct translated_urr *urr = urr_find(translation, tabs->tab[i].urr);

		if (!urr || urr->ways != tabs->tab[i].ways)
			return true;
	}
	return tabs->count != translation->urrs;
}

// Counts only grow; one that did not is not taken back.
static uint64_t grown(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

static void look(struct tab *tab, const struct usage *now)
{
	for (unsigned way = 0; way < TRANSLATE_WAYS; way++) {
		if (!(tab->ways & 1u << way))
			continue;
		tab->counted.bytes[way] += grown(tab->seen.bytes[way], now->bytes[way]);
		tab->counted.packets[way] += grown(tab->seen.packets[way], now->packets[way]);
	}
	tab->seen = *now;
}

static void begin(struct tab *tab, const struct translated_urr *urr, const struct usage *now, uint64_t now_ms)
{
	*tab = (struct tab){
		.urr = urr->id, .ways = urr->ways, .packets = urr->packets, .since_ms = now_ms, .seen = *now
	};
}

void tabs_follow(struct tabs *tabs, const struct translation *translation, const struct usage *now, uint64_t now_ms,
		 struct tabs *ended)
{
	unsigned kept = 0;

	ended->count = 0;
	for (unsigned i = 0; i < tabs->count; i++) {
		struct tab tab = tabs->tab[i];
		const struct translated_urr *urr = urr_find(translation, tab.urr);

		look(&tab, now);
		if (urr) {
			tab.ways = urr->ways;
			tab.packets = urr->packets;
		}
		if (urr)
			tabs->tab[kept++] = tab;
		else
			ended->tab[ended->count++] = tab;
	}
	tabs->count = kept;
	for (unsigned i = 0; i < translation->urrs; i++)
		if (!tabs_find(tabs, translation->urr[i].id))
			begin(&tabs->tab[tabs->count++], &translation->urr[i], now, now_ms);
}

static uint32_t ntp(uint64_t ms)
{
	return (uint32_t)(ms / 1000 + NTP_OFFSET);
}

void tab_report(struct tab *tab, const struct occasion *occasion, struct pfcp_writer *writer)
{
	const struct usage *counted = &tab->counted;
	struct pfcp_volume volume = { .has = PFCP_VOLUME_BYTES };
	uint8_t *mark;

	look(tab, occasion->now);
	volume.uplink = counted->bytes[TRANSLATE_UPLINK];
	volume.downlink = counted->bytes[TRANSLATE_DOWNLINK];
	volume.total = volume.uplink + volume.downlink;
	volume.uplink_packets = counted->packets[TRANSLATE_UPLINK];
	volume.downlink_packets = counted->packets[TRANSLATE_DOWNLINK];
	volume.total_packets = volume.uplink_packets + volume.downlink_packets;
	if (tab->packets)
		volume.has |= PFCP_VOLUME_PACKETS;
	pfcp_begin(writer, occasion->type, &mark);
	pfcp_put_u32(writer, PFCP_IE_URR_ID, tab->urr);
	pfcp_put_u32(writer, PFCP_IE_UR_SEQN, tab->reports++);
	pfcp_put_flags(writer, PFCP_IE_USAGE_REPORT_TRIGGER, occasion->trigger, 3);
	pfcp_put_u32(writer, PFCP_IE_START_TIME, ntp(tab->since_ms));
	pfcp_put_u32(writer, PFCP_IE_END_TIME, ntp(occasion->now_ms));
	pfcp_put_volume(writer, PFCP_IE_VOLUME_MEASUREMENT, &volume);
	pfcp_end(writer, mark);
	tab->counted = (struct usage){ 0 };
	tab->since_ms = occasion->now_ms;
}
