// conf_packets.c - the words of the section `packets`. Constant.
#include "shared/base/conf_parts.h"

static const struct conf_word ue_to_ue_words[] = {
	{ "local", CONF_LOCAL }, { "network", CONF_NETWORK }, { "refuse", CONF_REFUSE }, { NULL, 0 }
};
const struct conf_kind conf_kind_ue_to_ue = { conf_read_word, conf_write_word, ue_to_ue_words };

int conf_packets_check(const struct conf_source *source, const struct conf *conf)
{
	uint32_t mss = conf->packets.tcp_mss;

	if (mss && mss < CONF_MSS_LEAST)
		return conf_fault(source, "packets.tcp_mss", "%u is below %u, what any host takes (RFC 9293 3.7.1)",
				  mss, CONF_MSS_LEAST);
	return 0;
}
