// orders.c - what one can tell the gauge, as a table of words. Called by its one thread between two turns.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"
#include "tests/chaos/desk.h"
#include "tests/chaos/gauge.h"
#include "tests/chaos/report.h"

#define PPS_MAX 100000000u
#define STRIKE_REST_NS 50000000u
#define STRIKE_READY_NS 1000000u

struct order {
	const char *name, *help;
	void (*run)(struct gauge *gauge, char **word); // word: up to three, "" where there is none
};

static void answer(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(10));

	desk_answer(text ? text : "{\"error\": \"out of memory\"}");
	free(text);
	json_decref(object);
}

static void refuse(const char *why)
{
	answer(json_pack("{s:s}", "error", why));
}

static void done(const struct gauge *gauge)
{
	answer(json_pack("{s:b, s:b, s:I, s:I, s:I}", "sending", gauge->sending, "ready", gauge->ready, "pps",
			 (json_int_t)gauge->pps, "sessions", (json_int_t)gauge->book.sessions, "span",
			 (json_int_t)gauge->account.now->number));
}

static void order_load(struct gauge *gauge, char **word)
{
	int error = gauge->sending ? -EBUSY : gauge_load(gauge, word[0]);

	if (error)
		refuse(strerror(-error));
	else
		done(gauge);
}

static void order_start(struct gauge *gauge, char **word)
{
	uint64_t pps = *word[0] ? strtoull(word[0], NULL, 10) : gauge->pps;

	if (!pps || pps > PPS_MAX || !gauge->book.sessions) {
		refuse(gauge->book.sessions ? "a rate is 1 to 100000000 packets a second" : "there are no sessions");
		return;
	}
	gauge->pps = pps;
	gauge_go(gauge);
	done(gauge);
}

static void order_stop(struct gauge *gauge, char **word)
{
	gauge->sending = false;
	done(gauge);
}

static void order_status(struct gauge *gauge, char **word)
{
	done(gauge);
}

static void order_quit(struct gauge *gauge, char **word)
{
	gauge->quit = true;
	done(gauge);
}

static void order_mark(struct gauge *gauge, char **word)
{
	account_mark(&gauge->account, gauge_time(gauge, clock_ticks()));
	done(gauge);
}

// Answered when what was sent between two marks has come, or when the time is over: orders_work looks.
static void order_settle(struct gauge *gauge, char **word)
{
	gauge->settle.from = (uint32_t)strtoul(word[0], NULL, 10);
	gauge->settle.to = (uint32_t)strtoul(word[1], NULL, 10);
	gauge->settle.until_ns = clock_ns() + strtoull(word[2], NULL, 10) * 1000000;
	gauge->settle.waits = true;
}

// The gauge itself kills, when whoever asked for it sleeps again, so that the span is short and begins just before: on a
// host that takes cores away, every long span shows that.
static void order_strike(struct gauge *gauge, char **word)
{
	gauge->strike.pid = (pid_t)strtoul(word[0], NULL, 10);
	gauge->strike.ns = strtoull(word[1], NULL, 10) * 1000000;
	gauge->strike.at_ns = clock_ns() + STRIKE_REST_NS;
	gauge->strike.stage = STRIKE_WAITS;
}

// A mark is work of 0.2 ms, after which it sends what was due meanwhile: the kill waits until that is over, for it is none of its cost.
static void strike_turn(struct gauge *gauge)
{
	if (gauge->strike.stage == STRIKE_MARKED) {
		if (gauge->strike.pid > 1)
			kill(gauge->strike.pid, SIGKILL);
		gauge->strike.ticks = clock_ticks();
		gauge->strike.stage = STRIKE_STRUCK;
		gauge->strike.at_ns += gauge->strike.ns;
		return;
	}
	account_mark(&gauge->account, gauge_time(gauge, clock_ticks()));
	if (gauge->strike.stage == STRIKE_STRUCK) {
		gauge->strike.stage = STRIKE_NONE;
		done(gauge);
		return;
	}
	gauge->strike.stage = STRIKE_MARKED;
	gauge->strike.at_ns += STRIKE_READY_NS;
}

static void order_report(struct gauge *gauge, char **word)
{
	struct report_ask ask = { .from = (uint32_t)strtoul(word[0], NULL, 10),
				  .to = (uint32_t)strtoul(word[1], NULL, 10),
				  .hz = gauge->hz,
				  .pps = gauge->pps };
	json_t *report;

	if (!report_shards(*word[2] ? word[2] : "all", ask.shards)) {
		refuse("shards are all, none, or numbers such as 0,3,7-9");
		return;
	}
	report = report_make(&gauge->account, &ask);
	if (report)
		answer(report);
	else
		refuse("these marks are not there, or not any more");
}

// What was sent and came, session by session, since the gauge began: to be compared with what was charged.
static void order_dump(struct gauge *gauge, char **word)
{
	FILE *file = fopen(word[0], "w");

	if (!file) {
		refuse(strerror(errno));
		return;
	}
	fputs("teid,sent_up,received_up,sent_down,received_down,packet_bytes\n", file);
	for (unsigned i = 0; i < gauge->book.sessions; i++) {
		const struct account_flow *flow = account_flow(&gauge->account, i, GAUGE_UP);

		fprintf(file, "%u,%u,%u,%u,%u,%u\n", ntohl(gauge->session[i].teid), flow[0].next, flow[0].received,
			flow[1].next, flow[1].received, GAUGE_INNER);
	}
	if (fclose(file))
		refuse(strerror(errno));
	else
		done(gauge);
}

static const struct order orders[] = {
	{ "load", "FILE: takes up other sessions, lines of teid,ue-ipv4,peer-teid; begins a new account", order_load },
	{ "start", "[PPS]: sends, both ways together so many packets a second", order_start },
	{ "stop", ": sends no more; still receives", order_stop },
	{ "mark", ": ends a span and begins the next, whose number is answered", order_mark },
	{ "settle", "FROM TO MS: answers when what was sent between two marks has come, at the latest after MS",
	  order_settle },
	{ "strike",
	  "PID MS: ends a span, kills a millisecond later (PID 0: nobody), ends the span MS after that, and answers "
	  "the next one's number",
	  order_strike },
	{ "report", "FROM TO [SHARDS]: what happened between two marks, for these shards and for the others",
	  order_report },
	{ "dump", "FILE: CSV of what each session sent and received", order_dump },
	{ "status", ": rate, sessions, current span", order_status },
	{ "quit", ": ends the gauge", order_quit },
};

static void unknown(void)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		json_array_append_new(all, json_sprintf("%s %s", orders[i].name, orders[i].help));
	answer(json_pack("{s:s, s:o}", "error", "no such order", "orders", all));
}

static void orders_run(struct gauge *gauge, char *line)
{
	char *word[4] = { "", "", "", "" }, *rest = NULL;
	unsigned n = 0;

	for (char *at = strtok_r(line, " ", &rest); at && n < 4; at = strtok_r(NULL, " ", &rest))
		word[n++] = at;
	for (unsigned i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (!strcmp(word[0], orders[i].name)) {
			orders[i].run(gauge, word + 1);
			return;
		}
	}
	unknown();
}

void orders_work(struct gauge *gauge, uint64_t now_ns)
{
	char line[4096];

	if (gauge->settle.waits) {
		bool landed = account_landed(&gauge->account, gauge->settle.from, gauge->settle.to);

		if (!landed && now_ns < gauge->settle.until_ns)
			return;
		gauge->settle.waits = false;
		answer(json_pack("{s:b}", "landed", landed));
	}
	if (gauge->strike.stage != STRIKE_NONE) {
		if (now_ns >= gauge->strike.at_ns)
			strike_turn(gauge);
		return;
	}
	if (desk_take(line, sizeof(line)))
		orders_run(gauge, line);
}
