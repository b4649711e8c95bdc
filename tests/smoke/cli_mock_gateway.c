// cli_mock_gateway.c - workers, shards and status of the stand-in for shoal-ctrl. One thread.
#include <string.h>
#include "tests/smoke/cli_mock.h"

static uint64_t polls;

// Two workers and the slow lane; every look finds them 1000 packets on.
static Shoal__Oss__Worker **workers(size_t *count)
{
	static Shoal__Oss__Worker worker[3], *list[3];
	static Shoal__Oss__Counter verdict[2], *verdicts[2] = { &verdict[0], &verdict[1] };

	polls++;
	for (unsigned i = 0; i < 2; i++) {
		shoal__oss__counter__init(&verdict[i]);
		verdict[i].name = i ? "no_session" : "forward";
		verdict[i].value = (i ? 10 : 990) * polls;
	}
	for (unsigned i = 0; i < 3; i++) {
		shoal__oss__worker__init(&worker[i]);
		worker[i].seat = i < 2 ? i : 15;
		worker[i].slow = i == 2;
		worker[i].state = SHOAL__OSS__WORKER_STATE__WORKER_READY;
		worker[i].cpu = -1;
		worker[i].shards = i < 2 ? 128 : 0;
		worker[i].in_packets = worker[i].out_packets = 1000 * polls;
		worker[i].in_bytes = 1000000 * polls;
		worker[i].verdicts = verdicts;
		worker[i].n_verdicts = i < 2 ? 2 : 0;
		list[i] = &worker[i];
	}
	*count = 3;
	return list;
}

void gateway_workers(Shoal__Oss__Response *response)
{
	static Shoal__Oss__WorkerListAnswer answer;

	shoal__oss__worker_list_answer__init(&answer);
	answer.workers = workers(&answer.n_workers);
	response->body_case = SHOAL__OSS__RESPONSE__BODY_WORKER_LIST;
	response->worker_list = &answer;
}

void gateway_quarantine(Shoal__Oss__Response *response)
{
	static Shoal__Oss__QuarantineListAnswer answer;
	static Shoal__Oss__Quarantined one, *list[] = { &one };
	static Shoal__Oss__Identity identity;

	shoal__oss__quarantine_list_answer__init(&answer);
	shoal__oss__quarantined__init(&one);
	shoal__oss__identity__init(&identity);
	identity.imsi = (char *)"001010000000007";
	one.session = 4711;
	one.identity = &identity;
	one.at_ms = 1700000000000;
	one.refused = 12345;
	one.record = (char *)"/var/lib/shoal/records/x.pcap";
	answer.sessions = list;
	answer.n_sessions = 1;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_QUARANTINE_LIST;
	response->quarantine_list = &answer;
}

void gateway_reports(Shoal__Oss__Response *response)
{
	static Shoal__Oss__ReportListAnswer answer;
	static Shoal__Oss__Report one, *list[] = { &one };
	static Shoal__Oss__UsageReport usage, *usages[] = { &usage };

	shoal__oss__report_list_answer__init(&answer);
	shoal__oss__report__init(&one);
	shoal__oss__usage_report__init(&usage);
	usage.measure = 7;
	usage.triggers = 2;
	usage.uplink_bytes = 1000;
	usage.downlink_bytes = 2000;
	one.number = 5;
	one.session = 4711;
	one.kind = SHOAL__OSS__REPORT_KIND__REPORT_USAGE;
	one.at_ms = 1700000000000;
	one.owner = (char *)"pfcp/smf";
	one.usage = usages;
	one.n_usage = 1;
	answer.reports = list;
	answer.n_reports = 1;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_REPORT_LIST;
	response->report_list = &answer;
}

void gateway_paths(Shoal__Oss__Response *response)
{
	static Shoal__Oss__PathListAnswer answer;
	static Shoal__Oss__Path four, six, *list[] = { &four, &six };
	static uint8_t address[16] = { 0x20, 1, 0xd, 0xb8, [15] = 9 };

	shoal__oss__path_list_answer__init(&answer);
	shoal__oss__path__init(&four);
	shoal__oss__path__init(&six);
	four.peer_ipv4 = 0xc0000209;
	four.state = SHOAL__OSS__PATH_STATE__PATH_DOWN;
	four.since_ms = 1700000000000;
	four.tunnels = 12;
	four.asked = 3;
	six.peer_ipv6 = (ProtobufCBinaryData){ sizeof(address), address };
	six.state = SHOAL__OSS__PATH_STATE__PATH_UP;
	six.rtt_us = 1500;
	answer.paths = list;
	answer.n_paths = 2;
	answer.stand = 1;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_PATH_LIST;
	response->path_list = &answer;
}

void gateway_shards(Shoal__Oss__Response *response)
{
	static Shoal__Oss__ShardListAnswer answer;
	static Shoal__Oss__Shard shard[256], *list[256];

	shoal__oss__shard_list_answer__init(&answer);
	for (unsigned i = 0; i < 256; i++) {
		shoal__oss__shard__init(&shard[i]);
		shard[i].shard = i;
		shard[i].seat = i == 255 ? 255 : i % 2;
		shard[i].in_step = true;
		list[i] = &shard[i];
	}
	answer.shards = list;
	answer.n_shards = 256;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_SHARD_LIST;
	response->shard_list = &answer;
}

void gateway_status(Shoal__Oss__Response *response)
{
	static Shoal__Oss__StatusAnswer answer;
	static Shoal__Oss__Account account;
	static Shoal__Oss__Port port, *ports[1] = { &port };
	static Shoal__Oss__Nest nest, *nests[1] = { &nest };

	shoal__oss__status_answer__init(&answer);
	shoal__oss__account__init(&account);
	shoal__oss__port__init(&port);
	shoal__oss__nest__init(&nest);
	nest.build = "mock build";
	nest.pid = 4711;
	nest.ready = nest.home = true;
	answer.nests = nests;
	answer.n_nests = 1;
	answer.upgrade = SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK;
	answer.version = "mock";
	answer.sessions = answer.applied = sessions_number();
	answer.primary_up = answer.courier_up = true;
	answer.workers = workers(&answer.n_workers);
	account.rx = account.forwarded = 2000 * polls;
	account.closes = true;
	port.name = "n3";
	port.rx_packets = 2000 * polls;
	answer.account = &account;
	answer.ports = ports;
	answer.n_ports = 1;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_STATUS_ANSWER;
	response->status_answer = &answer;
}

void gateway_order(uint32_t seat, Shoal__Oss__Response *response)
{
	if (seat == 9)
		refuse(response->status, SHOAL__OSS__CODE__NOT_FOUND, "seat", "nobody sits there");
	else
		gateway_workers(response);
}

// Every look finds it a phase on; a path with "bad" in it is rolled back, one with "slow" stays on trial until it is turned back.
void gateway_upgrade(const Shoal__Oss__Request *request, Shoal__Oss__Response *response)
{
	static Shoal__Oss__UpgradeAnswer answer = SHOAL__OSS__UPGRADE_ANSWER__INIT;
	static bool bad, slow;

	answer.from_build = "one";
	answer.to_build = "two";
	if (request->body_case == SHOAL__OSS__REQUEST__BODY_UPGRADE_START) {
		const Shoal__Oss__UpgradeStart *start = request->upgrade_start;

		bad = strstr(start->binary, "bad") != NULL;
		slow = strstr(start->binary, "slow") != NULL;
		answer.phase = SHOAL__OSS__UPGRADE_PHASE__UPGRADE_STARTING;
		answer.moved = start->canary_permille * 256 / 1000;
		answer.started_ms = start->watch_ms;
		answer.reason = "";
		if (*start->binary != '/')
			refuse(response->status, SHOAL__OSS__CODE__INVALID_FIELD, "binary", "not a path");
	} else if (request->body_case == SHOAL__OSS__REQUEST__BODY_UPGRADE_ABORT) {
		bad = true;
		answer.phase = SHOAL__OSS__UPGRADE_PHASE__UPGRADE_CANARY;
		slow = false;
	} else if (answer.phase == SHOAL__OSS__UPGRADE_PHASE__UPGRADE_CANARY && bad) {
		answer.phase = SHOAL__OSS__UPGRADE_PHASE__UPGRADE_ROLLED_BACK;
		answer.reason = "it is a bad one";
	} else if (answer.phase < SHOAL__OSS__UPGRADE_PHASE__UPGRADE_DONE &&
		   !(answer.phase == SHOAL__OSS__UPGRADE_PHASE__UPGRADE_CANARY && slow)) {
		answer.phase++;
	}
	response->body_case = SHOAL__OSS__RESPONSE__BODY_UPGRADE;
	response->upgrade = &answer;
}
