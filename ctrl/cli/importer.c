// importer.c - the engine of an import: reads, batches, sends, and says which line was at fault. Owned by its caller; one
// thread.
#include "ctrl/cli/importer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say_line(struct importer *import, uint64_t line, const char *field, const char *reason)
{
	progress_clear(&import->progress);
	fprintf(stderr, "%s:%" PRIu64 ": %s%s%s\n", import->name, line, field, field[0] ? ": " : "", reason);
}

static void say_bad(struct importer *import, uint64_t line, const char *field, const char *reason)
{
	if (import->stop) // behind the line that stopped it
		return;
	import->bad++;
	say_line(import, line, field, reason);
	if (!import->go_on)
		import->stop = CLI_PARTLY;
}

// "sessions[12].ue.ipv4" -> "ue.ipv4" and 12; UINT32_MAX where there is no index.
static const char *split_path(const char *path, uint32_t *index)
{
	char close;
	int used = 0;

	if (sscanf(path, "sessions[%" SCNu32 "%c%n", index, &close, &used) != 2 || close != ']') {
		*index = UINT32_MAX;
		return path;
	}
	return path + used + (path[used] == '.');
}

static void say_fault(struct importer *import, unsigned lane, uint32_t index, const Shoal__Oss__Status *status)
{
	uint32_t named;
	const char *field = split_path(status->field, &named);
	char reason[320];

	snprintf(reason, sizeof(reason), "%s (%s)", status->message, client_code((int)status->code).text);
	if (index == UINT32_MAX)
		index = named;
	if (index < import->flying_count[lane] && status->code == SHOAL__OSS__CODE__NOT_APPLIED_YET)
		say_line(import, import->flying[lane][index], field, reason); // the line is good, and done
	else if (index < import->flying_count[lane])
		say_bad(import, import->flying[lane][index], field, reason);
	else
		say_bad(import, import->flying[lane][0], "this line and those sent with it", reason);
}

// A batch refused as a whole. Nothing of it is done, so there is no going on past it.
static void refused(struct importer *import, unsigned lane, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__SessionImportAnswer *answer = NULL;

	if (response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION_IMPORT)
		answer = response->session_import;
	if (answer && answer->n_faults && answer->faults[0]->status)
		say_fault(import, lane, answer->faults[0]->index, answer->faults[0]->status);
	else
		say_fault(import, lane, UINT32_MAX, response->status);
	import->stop = CLI_REFUSED;
}

static void landed(void *arg, unsigned lane, const Shoal__Oss__Response *response, int error)
{
	struct importer *import = arg;
	bool late = response && response->status->code == SHOAL__OSS__CODE__NOT_APPLIED_YET;
	const Shoal__Oss__SessionImportAnswer *answer;

	if (error) {
		if (import->stop != CLI_UNREACHABLE)
			progress_clear(&import->progress), client_say_lost(import->cli, error);
		import->stop = CLI_UNREACHABLE;
		return;
	}
	if (!late && response->status->code != SHOAL__OSS__CODE__OK) {
		refused(import, lane, response);
		return;
	}
	answer = response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION_IMPORT ? response->session_import : NULL;
	import->created += answer ? answer->created : 0;
	import->unapplied += late && answer ? answer->created - answer->applied : 0;
	for (size_t i = 0; answer && i < answer->n_faults; i++)
		if (answer->faults[i]->status)
			say_fault(import, lane, answer->faults[i]->index, answer->faults[i]->status);
	progress_step(&import->progress, import->reader.lines.bytes, import->created);
}

static nng_msg *pack_batch(struct importer *import)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionImport body = SHOAL__OSS__SESSION_IMPORT__INIT;
	struct parcel *batch = &import->batch;

	body.sessions = batch->sessions;
	body.n_sessions = batch->count;
	body.go_on = import->go_on;
	body.wait_applied = import->wait;
	request.version = 1;
	request.deadline_ms = import->cli->timeout_ms < 60000 ? import->cli->timeout_ms : 60000;
	request.key = (ProtobufCBinaryData){ .len = sizeof(batch->key), .data = (uint8_t *)&batch->key };
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT;
	request.session_import = &body;
	return client_pack(&request);
}

static void send_batch(struct importer *import)
{
	struct parcel *batch = &import->batch;
	unsigned lane;
	nng_msg *message;
	int error;

	if (import->check_only) {
		import->created += batch->count;
		progress_step(&import->progress, import->reader.lines.bytes, import->created);
		parcel_begin(batch);
		return;
	}
	lane = flight_lane(&import->flight);
	if (import->stop)
		return;
	message = pack_batch(import);
	memcpy(import->flying[lane], batch->lines, batch->count * sizeof(batch->lines[0]));
	import->flying_count[lane] = batch->count;
	error = message ? flight_send(&import->flight, message) : NNG_ENOMEM;
	if (error)
		landed(import, lane, NULL, error);
	parcel_begin(batch);
}

void importer_run(struct importer *import)
{
	struct row_fault fault;
	int got = 1;

	while (!import->stop && !*import->interrupted) {
		got = reader_next(&import->reader, parcel_next(&import->batch), &fault);
		if (got == -EBADMSG || got == -EPROTO)
			say_bad(import, import->reader.lines.number, fault.field, fault.reason);
		else if (got <= 0)
			break;
		if (got == -EPROTO)
			import->stop = CLI_PARTLY;
		if (got == 1)
			parcel_add(&import->batch, import->reader.lines.number, import->reader.length,
				   import->reader.digest);
		if (parcel_full(&import->batch))
			send_batch(import);
	}
	if (got < 0 && got != -EBADMSG && got != -EPROTO && !*import->interrupted) {
		fprintf(stderr, "shoal: %s: %s\n", import->name, strerror(-got));
		import->stop = CLI_PARTLY;
	}
	if (!import->stop && !*import->interrupted && import->batch.count)
		send_batch(import);
	if (!import->check_only)
		flight_drain(&import->flight);
	progress_clear(&import->progress);
}

int importer_connect(struct importer *import)
{
	nng_socket socket;
	int error = client_connect(import->cli, &socket);

	if (error)
		return error;
	import->flight = (struct flight){
		.timeout_ms = import->cli->timeout_ms + 1000,
		.landed = landed,
		.arg = import,
	};
	error = flight_open(&import->flight, socket, import->window);
	for (unsigned i = 0; !error && i < import->window; i++) {
		import->flying[i] = calloc(import->batch.room, sizeof(uint64_t));
		error = import->flying[i] ? 0 : NNG_ENOMEM;
	}
	if (error)
		client_say_lost(import->cli, error);
	return error ? CLI_UNREACHABLE : CLI_OK;
}

void importer_close(struct importer *import)
{
	flight_close(&import->flight);
	for (unsigned i = 0; i < import->window; i++)
		free(import->flying[i]);
	reader_close(&import->reader);
	parcel_close(&import->batch);
}
