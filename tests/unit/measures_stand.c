// measures_stand.c - sessions with measures for tests.
#include "tests/unit/measures_stand.h"
#include <assert.h>
#include <string.h>
#include <unistd.h>
#include "ctrl/kit/wall.h"

struct ctrl_stand *stand;
struct measures_session wanted;
uint32_t teid;
uint64_t id;
static uint64_t ahead_ms; // of the real time: restarts look at that

uint64_t clock_ms(void)
{
	return wall_ms() + ahead_ms;
}

static void stand_up(void)
{
	static struct ctrl_stand one;

	stand = &one;
	ctrl_stand_open(stand);
	stand->desk.wall = clock_ms;
	ahead_ms = 0;
}

int measures_teardown(void **state)
{
	ctrl_stand_close(stand);
	return 0;
}

void clock_pass(uint64_t seconds)
{
	ahead_ms += seconds * 1000;
	do
		desk_run(&stand->desk);
	while (desk_busy(&stand->desk));
}

void measures_session(struct measures_session *session)
{
	Shoal__Oss__Session *message = &session->session;

	shoal__oss__session__init(message);
	shoal__oss__identity__init(&session->identity);
	shoal__oss__ue_address__init(&session->ue);
	session->identity.imsi = "001010000000001";
	session->ue.want_ipv4 = true;
	message->identity = &session->identity;
	message->ue = &session->ue;
	message->owner = (char *)"pfcp/a";
	session->ids[0] = 7;
	for (unsigned way = 0; way < 2; way++) {
		shoal__oss__rule__init(&session->rule[way]);
		shoal__oss__match__init(&session->match[way]);
		shoal__oss__forward__init(&session->forward[way]);
		session->match[way].source = way ? SHOAL__OSS__INTERFACE__CORE : SHOAL__OSS__INTERFACE__ACCESS;
		session->forward[way].destination = way ? SHOAL__OSS__INTERFACE__ACCESS : SHOAL__OSS__INTERFACE__CORE;
		session->rule[way].id = way + 1;
		session->rule[way].precedence = 100;
		session->rule[way].match = &session->match[way];
		session->rule[way].forward = &session->forward[way];
		session->rule[way].measure_ids = session->ids;
		session->rule[way].n_measure_ids = 1;
		session->rules[way] = &session->rule[way];
		shoal__oss__measure__init(&session->measure[way]);
		session->measure[way].id = 7 + way;
		session->measure[way].volume = true;
		session->measures[way] = &session->measure[way];
	}
	session->forward[1].peer_ipv4 = 0xc6336401;
	session->forward[1].peer_teid = 77;
	message->rules = session->rules;
	message->n_rules = 2;
	message->measures = session->measures;
	message->n_measures = 1;
}

static uint64_t make(struct measures_session *session, uint32_t *own)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	const Shoal__Oss__Response *answer;

	create.session = &session->session;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	answer = ctrl_stand_ask(stand, &request);
	if (answer->status->code)
		return 0;
	*own = answer->session->session->teid;
	session->session.id = answer->session->session->id;
	session->identity.imsi = "";
	session->ue.want_ipv4 = false;
	return session->session.id;
}

int measures_change(struct measures_session *session, bool query_all, const char *key)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	const Shoal__Oss__Response *answer;

	modify.session = &session->session;
	modify.query_all = query_all;
	request.key = (ProtobufCBinaryData){ key ? strlen(key) : 0, (uint8_t *)key };
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	answer = ctrl_stand_ask(stand, &request);
	return answer ? (int)answer->status->code : CTRL_STAND_WAITS;
}

const Shoal__Oss__Response *measures_wait(void)
{
	unsigned answers = stand->answers;

	for (unsigned i = 0; i < 6000 && stand->answers == answers; i++) {
		usleep(10000);
		desk_run(&stand->desk);
	}
	return stand->answers == answers ? NULL : stand->answer;
}

const Shoal__Oss__ReportListAnswer *reports_after(uint64_t number)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__ReportList body = SHOAL__OSS__REPORT_LIST__INIT;

	body.after = number;
	body.limit = 1000;
	request.body_case = SHOAL__OSS__REQUEST__BODY_REPORT_LIST;
	request.report_list = &body;
	return ctrl_stand_ask(stand, &request)->report_list;
}

const Shoal__Oss__ClosedSession *closed_of(uint64_t whose)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__ClosedList body = SHOAL__OSS__CLOSED_LIST__INIT;
	const Shoal__Oss__ClosedListAnswer *answer;

	body.session = whose;
	request.body_case = SHOAL__OSS__REQUEST__BODY_CLOSED_LIST;
	request.closed_list = &body;
	answer = ctrl_stand_ask(stand, &request)->closed_list;
	return answer->n_closed == 1 ? answer->closed[0] : NULL;
}

// ---- The one session

int measures_one(void **state)
{
	stand_up();
	measures_session(&wanted);
	id = make(&wanted, &teid);
	return id ? 0 : -1;
}

void measures_restart(void)
{
	ctrl_stand_keep(stand);
	ctrl_stand_restart(stand);
	stand->desk.wall = clock_ms;
}

const struct sheet *measures_sheet(void)
{
	return session_by_id(&stand->truth.sessions, id)->sheet;
}

void measures_used(uint64_t life, uint64_t up, uint64_t down)
{
	const struct feed_usage usage = { .teid = teid, .life = life, .count = { up / 100, up, down / 100, down } };

	books_usage(&stand->truth.books, &usage, clock_ms());
}

const Shoal__Oss__UsageReport *measures_asked(const char *key)
{
	int code = measures_change(&wanted, true, key);
	const Shoal__Oss__Response *answer = code == CTRL_STAND_WAITS ? measures_wait() : stand->answer;

	assert(!answer->status->code && answer->session->n_usage == 1);
	return answer->session->usage[0];
}
