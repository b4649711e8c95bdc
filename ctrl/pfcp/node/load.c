// load.c - see load.h. Pure.
#include "ctrl/pfcp/node/load.h"

#define STEP 5u // smaller changes are told to nobody
#define AGAIN_NS 60000000000ull
#define HEARD_NS 10000000000ull // nobody waits longer until it asks again
#define TRIALS 2u               // a datagram may be lost
#define VALID_TWO_SECONDS 5u    // Timer, 8.2.35: units of two seconds
#define OVERLOADED_FROM 4u      // a quarter of what may wait

static void metric_set(struct load_metric *metric, unsigned percent, uint64_t wall_ms)
{
	uint8_t is = (uint8_t)(percent > 100 ? 100 : percent);
	unsigned apart = is > metric->metric ? is - metric->metric : metric->metric - is;
	uint32_t seconds = (uint32_t)(wall_ms / 1000);

	if (metric->sequence && apart < STEP && (apart == 0 || (is && is < 100)))
		return;
	metric->metric = is;
	metric->sequence = metric->sequence < seconds ? seconds : metric->sequence + 1;
}

void load_is(struct load *load, unsigned percent, uint64_t wall_ms)
{
	metric_set(&load->load, percent, wall_ms);
}

void load_waits(struct load *load, unsigned waiting, unsigned most, uint64_t wall_ms)
{
	unsigned percent = most ? (unsigned)(waiting * 100ull / most) : 0;

	if (percent * OVERLOADED_FROM < 100 && !load->overload.sequence)
		return; // nothing to take back
	metric_set(&load->overload, percent * OVERLOADED_FROM < 100 ? 0 : percent, wall_ms);
}

static bool due(const struct load_metric *metric, uint32_t told, uint64_t told_ns, uint64_t now_ns)
{
	return metric->sequence && (metric->sequence != told || now_ns - told_ns >= AGAIN_NS);
}

static void metric_put(struct pfcp_writer *writer, const struct load_metric *metric)
{
	pfcp_put_u32(writer, PFCP_IE_SEQUENCE_NUMBER, metric->sequence);
	pfcp_put_u8(writer, PFCP_IE_METRIC, metric->metric);
}

void load_put(const struct load *load, uint64_t features, struct load_told *told, uint64_t now_ns,
	      struct pfcp_writer *writer)
{
	uint8_t *mark;

	if (features & PFCP_CP_FUNCTION_FEATURES_LOAD && due(&load->load, told->load, told->load_ns, now_ns)) {
		pfcp_begin(writer, PFCP_IE_LOAD_CONTROL_INFORMATION, &mark);
		metric_put(writer, &load->load);
		pfcp_end(writer, mark);
		told->load = load->load.sequence;
		told->load_ns = now_ns;
	}
	if (features & PFCP_CP_FUNCTION_FEATURES_OVRL &&
	    (load->overload.metric || due(&load->overload, told->overload, told->overload_ns, now_ns))) {
		pfcp_begin(writer, PFCP_IE_OVERLOAD_CONTROL_INFORMATION, &mark);
		metric_put(writer, &load->overload);
		pfcp_put_u8(writer, PFCP_IE_TIMER, VALID_TWO_SECONDS);
		pfcp_end(writer, mark);
		told->overload = load->overload.sequence;
		told->overload_ns = now_ns;
	}
}

bool load_may(struct load_told *told, bool answer, uint64_t now_ns)
{
	uint64_t since_ns = now_ns - told->tried_ns;

	if (told->trial == LOAD_TRIED && since_ns >= HEARD_NS)
		told->trial = LOAD_HEARD;
	if (told->trial == LOAD_UNHEARD && told->trials < TRIALS && since_ns >= AGAIN_NS)
		told->trial = LOAD_UNTRIED;
	return told->trial == LOAD_HEARD || (answer && told->trial == LOAD_UNTRIED);
}

void load_tried(struct load_told *told, uint32_t sequence, uint64_t now_ns)
{
	if (told->trial != LOAD_UNTRIED)
		return;
	told->trial = LOAD_TRIED;
	told->trials++;
	told->answer = sequence;
	told->tried_ns = now_ns;
}

void load_unheard(struct load_told *told, uint32_t sequence)
{
	if (told->trial == LOAD_TRIED && told->answer == sequence)
		told->trial = LOAD_UNHEARD;
}
