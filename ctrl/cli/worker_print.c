// worker_print.c - workers as people and programs read them. One thread.
#include "ctrl/cli/worker_print.h"

#include <stdio.h>

#include "ctrl/cli/sheet.h"
#include "ctrl/cli/units.h"

const char *worker_state(Shoal__Oss__WorkerState state)
{
	static const char *const names[] = {
		[SHOAL__OSS__WORKER_STATE__WORKER_FREE] = "free",
		[SHOAL__OSS__WORKER_STATE__WORKER_STARTING] = "starting",
		[SHOAL__OSS__WORKER_STATE__WORKER_READY] = "ready",
		[SHOAL__OSS__WORKER_STATE__WORKER_DRAINING] = "draining",
		[SHOAL__OSS__WORKER_STATE__WORKER_DEAD] = "dead",
		[SHOAL__OSS__WORKER_STATE__WORKER_STOPPED] = "stopped",
	};

	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void print_row(struct sheet *sheet, const Shoal__Oss__Worker *worker)
{
	sheet_cell(sheet, "%u%s", worker->seat, worker->slow ? " slow" : "");
	sheet_cell(sheet, "%s%s", worker_state(worker->state), worker->guest ? " guest" : "");
	sheet_cell(sheet, "%u", worker->nest);
	sheet_cell(sheet, "%d", worker->pid);
	if (worker->cpu < 0)
		sheet_cell(sheet, "any");
	else
		sheet_cell(sheet, "%d", worker->cpu);
	sheet_cell(sheet, "%u", worker->shards);
	sheet_cell(sheet, "%s", units_count(worker->sessions).text);
	sheet_cell(sheet, "%s", units_count(worker->in_packets).text);
	sheet_cell(sheet, "%s", units_count(worker->out_packets).text);
	sheet_cell(sheet, "%s", units_count(worker->held).text);
	sheet_cell(sheet, "%.1f %%", (double)worker->busy_permille / 10);
	sheet_cell(sheet, "%u", worker->generation);
	sheet_cell(sheet, "%u", worker->deaths);
}

void worker_print(Shoal__Oss__Worker *const workers[], size_t count)
{
	static const char *const titles[] = { "SEAT", "STATE", ">NEST", ">PID",  ">CPU",        ">SHARDS", ">SESSIONS",
					      ">IN",  ">OUT",  ">HELD", ">BUSY", ">GENERATION", ">DEATHS", NULL };
	struct sheet sheet;

	sheet_open(&sheet, titles);
	for (size_t i = 0; i < count; i++)
		if (workers[i]->state != SHOAL__OSS__WORKER_STATE__WORKER_FREE)
			print_row(&sheet, workers[i]);
	sheet_close(&sheet, stdout);
}

json_t *worker_counters_json(Shoal__Oss__Counter *const counters[], size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_pack("{s:s, s:I, s:s}", "name", counters[i]->name, "value",
						       (json_int_t)counters[i]->value, "help", counters[i]->help));
	return array;
}

static json_t *one_json(const Shoal__Oss__Worker *worker)
{
	json_t *object =
	    json_pack("{s:i, s:s, s:b, s:i, s:i, s:i}", "seat", (int)worker->seat, "state", worker_state(worker->state),
		      "slow", worker->slow, "pid", worker->pid, "cpu", worker->cpu, "shards", (int)worker->shards);
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "sessions", worker->sessions },
		{ "generation", worker->generation },
		{ "deaths", worker->deaths },
		{ "in_packets", worker->in_packets },
		{ "out_packets", worker->out_packets },
		{ "in_bytes", worker->in_bytes },
		{ "held", worker->held },
		{ "busy_permille", worker->busy_permille },
		{ "busy_ticks", worker->busy_ticks },
		{ "clock_hz", worker->clock_hz },
		{ "lent", worker->lent },
		{ "nest", worker->nest },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(object, numbers[i].key, json_integer((json_int_t)numbers[i].value));
	json_object_set_new(object, "guest", json_boolean(worker->guest));
	json_object_set_new(object, "verdicts", worker_counters_json(worker->verdicts, worker->n_verdicts));
	return object;
}

json_t *worker_json(Shoal__Oss__Worker *const workers[], size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		if (workers[i]->state != SHOAL__OSS__WORKER_STATE__WORKER_FREE)
			json_array_append_new(array, one_json(workers[i]));
	return array;
}
