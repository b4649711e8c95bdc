// session_play.c - the played controller and peer; longer than the house allows because it is all that a controller does.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/ids.h"
#include "ctrl/pfcp/rules/pfds.h"
#include "tests/unit/session_play.h"

struct call {
	struct call *next;
	Shoal__Oss__Request *request;
	rpc_done *done;
	void *arg;
};

struct play play;
struct pfds play_pfds;
struct sessions *sessions;

// ---- What is played

const char *deal_owner(const struct deal *deal)
{
	return deal->assoc ? deal->assoc->owner : "";
}

void deal_key(const struct deal *deal, uint8_t step, uint8_t key[DEAL_KEY_BYTES])
{
	memset(key, 0, DEAL_KEY_BYTES);
	key[0] = step;
	memcpy(key + 1, &deal->content, sizeof(deal->content));
	key[1 + sizeof(deal->content)] = (uint8_t)play.life;
}

bool deal_key_before(const struct deal *deal, uint8_t step, uint8_t key[DEAL_KEY_BYTES])
{
	deal_key(deal, step, key);
	return key[1 + sizeof(deal->content)]-- != 0;
}

void deal_answer(struct deal *deal, const uint8_t *datagram, size_t length)
{
	struct pfcp_fault fault;

	assert_true(length && length <= sizeof(play.answer));
	memcpy(play.answer, datagram, length);
	play.answers++;
	assert_int_equal(pfcp_header_read(play.answer, length, &play.header), 0);
	assert_int_equal(play.header.sequence, deal->sequence);
	assert_int_equal(
	    pfcp_read(PFCP_MESSAGE(play.header.type), play.header.body, play.header.bytes, &play.tree, &fault), 0);
}

int rpc_call(struct rpc *rpc, const Shoal__Oss__Request *request, rpc_done *done, void *arg)
{
	size_t length = shoal__oss__request__get_packed_size(request);
	uint8_t *bytes = malloc(length + 1);
	struct call *call = calloc(1, sizeof(*call));

	shoal__oss__request__pack(request, bytes);
	*call = (struct call){ .request = shoal__oss__request__unpack(NULL, length, bytes), .done = done, .arg = arg };
	*play.last = call;
	play.last = &call->next;
	free(bytes);
	return 0;
}

static Shoal__Oss__Session *copy(const Shoal__Oss__Session *session)
{
	size_t length = shoal__oss__session__get_packed_size(session);
	uint8_t *bytes = malloc(length + 1);
	Shoal__Oss__Session *new;

	shoal__oss__session__pack(session, bytes);
	new = shoal__oss__session__unpack(NULL, length, bytes);
	free(bytes);
	return new;
}

static Shoal__Oss__Response *respond(Shoal__Oss__Code code)
{
	Shoal__Oss__Response *response = calloc(1, sizeof(*response));

	shoal__oss__response__init(response);
	response->status = calloc(1, sizeof(*response->status));
	shoal__oss__status__init(response->status);
	response->status->code = code;
	return response;
}

static Shoal__Oss__Response *respond_session(const Shoal__Oss__Session *session, Shoal__Oss__Code code)
{
	Shoal__Oss__Response *response = respond(session ? code : SHOAL__OSS__CODE__NOT_FOUND);

	if (!session)
		return response;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_SESSION;
	response->session = calloc(1, sizeof(*response->session));
	shoal__oss__session_answer__init(response->session);
	response->session->session = copy(session);
	return response;
}

// What ctrl adds: number, tunnel, addresses, counters.
static void dress(Shoal__Oss__Session *session)
{
	session->id = PLAY_ID;
	session->teid = PLAY_TEID;
	session->gtpu_ipv4 = WORDS_OURS;
	session->applied = play.applies;
	if (!session->usage) {
		session->usage = calloc(1, sizeof(*session->usage));
		shoal__oss__usage__init(session->usage);
	}
	for (size_t i = 0; i < session->n_rules; i++)
		if (session->rules[i]->match->source != SHOAL__OSS__INTERFACE__CORE && !session->rules[i]->match->teid)
			session->rules[i]->match->teid = PLAY_TEID ^ session->rules[i]->match->tunnel << 20;
	session->usage->uplink_bytes = play.uplink;
}

static Shoal__Oss__Code applied(bool wait)
{
	return wait && !play.applies ? SHOAL__OSS__CODE__NOT_APPLIED_YET : SHOAL__OSS__CODE__OK;
}

static Shoal__Oss__Response *create(const Shoal__Oss__SessionCreate *create)
{
	if (play.session)
		return respond(SHOAL__OSS__CODE__ADDRESS_TAKEN);
	play.session = copy(create->session);
	if (play.session->ue->want_ipv4)
		play.session->ue->ipv4 = WORDS_UE;
	dress(play.session);
	return respond_session(play.session, applied(create->wait_applied));
}

// Of what was asked for, since the last.
static Shoal__Oss__UsageReport **report(uint32_t measure)
{
	Shoal__Oss__UsageReport **reports = calloc(1, sizeof(*reports));

	reports[0] = calloc(1, sizeof(**reports));
	shoal__oss__usage_report__init(reports[0]);
	reports[0]->measure = measure;
	reports[0]->triggers = play.went ? 1 << 11 : (uint32_t)PFCP_USAGE_REPORT_TRIGGER_IMMER; // TERMR
	reports[0]->uplink_bytes = reports[0]->uplink_packets = play.uplink - play.reported;
	play.reported = play.uplink;
	return reports;
}

static Shoal__Oss__Response *modify(const Shoal__Oss__SessionModify *modify)
{
	Shoal__Oss__Response *response;
	Shoal__Oss__Session *new = copy(modify->session);

	if (play.full) {
		shoal__oss__session__free_unpacked(new, NULL);
		return respond(SHOAL__OSS__CODE__LIMIT);
	}
	assert_string_equal(new->owner, play.session->owner);
	if (new->ue || modify->no_prefix)
		play.session->ue->ipv6_prefix = modify->no_prefix ? 0 : new->ue->ipv6_prefix;
	shoal__oss__ue_address__free_unpacked(new->ue, NULL);
	new->ue = play.session->ue;
	play.session->ue = NULL;
	shoal__oss__session__free_unpacked(play.session, NULL);
	play.session = new;
	dress(new);
	play.drops += modify->drop_buffered;
	play.buffer_s = modify->buffer_s;
	play.buffer_packets = modify->has_buffer_packets ? (int)modify->buffer_packets : -1;
	play.undrops += modify->undrop;
	response = respond_session(new, applied(modify->wait_applied));
	if (modify->n_query || play.went)
		response->session->usage = report(play.went ? play.went : modify->query[0]);
	response->session->n_usage = response->session->usage != NULL;
	return response;
}

static Shoal__Oss__Response *keep(const Shoal__Oss__SessionFront *wanted)
{
	Shoal__Oss__Code code = play.disk;

	play.disk = SHOAL__OSS__CODE__OK;
	if (code)
		return respond(code);
	if (!play.session || wanted->id != play.session->id)
		return respond(SHOAL__OSS__CODE__NOT_FOUND);
	assert_string_equal(wanted->owner, play.session->owner);
	free(play.session->front.data);
	play.session->front.data = malloc(wanted->front.len + 1);
	play.session->front.len = wanted->front.len;
	memcpy(play.session->front.data, wanted->front.data, wanted->front.len);
	return respond(SHOAL__OSS__CODE__OK);
}

// Of its owner: it knows whose it is, keeps what was kept with it, and answers with the account.
static Shoal__Oss__Response *delete_owned(const Shoal__Oss__Owned *owned)
{
	Shoal__Oss__Response *response;

	if (play.earlier)
		return respond(SHOAL__OSS__CODE__MISSING_FIELD);
	if (play.long_words)
		return respond(SHOAL__OSS__CODE__INVALID_FIELD);
	if (!play.session || owned->id != play.session->id || strcmp(owned->owner, play.session->owner) != 0)
		return respond(SHOAL__OSS__CODE__NOT_FOUND);
	dress(play.session);
	play.closed = play.session;
	play.session = NULL;
	response = respond_session(play.closed, applied(true));
	response->session->session->front.len = 0;
	response->session->closed = calloc(1, sizeof(*response->session->closed));
	shoal__oss__closed_session__init(response->session->closed);
	response->session->closed->session = copy(play.closed);
	if (!play.applies || play.unsettled || !play.closed->n_measures)
		return response;
	response->session->closed->number = 1;
	response->session->closed->reports = report(play.closed->measures[0]->id);
	response->session->closed->n_reports = 1;
	return response;
}

static Shoal__Oss__Response *delete (const Shoal__Oss__SessionDelete *delete)
{
	Shoal__Oss__Response *response;

	if (play.stuck)
		return respond(SHOAL__OSS__CODE__STORE_FAILED);
	if (delete->owned)
		return delete_owned(delete->owned);
	if (!play.session || delete->id != play.session->id)
		return respond(SHOAL__OSS__CODE__NOT_FOUND);
	dress(play.session);
	response = respond_session(play.session, SHOAL__OSS__CODE__OK);
	response->session->session->front.len = 0;
	play.closed = play.session;
	play.session = NULL;
	free(play.closed->front.data);
	play.closed->front.data = malloc(delete->front.len + 1);
	play.closed->front.len = delete->front.len;
	memcpy(play.closed->front.data, delete->front.data, delete->front.len);
	return response;
}

static Shoal__Oss__Response *closed(const Shoal__Oss__ClosedList *wanted)
{
	Shoal__Oss__Response *response = respond(SHOAL__OSS__CODE__OK);
	Shoal__Oss__ClosedListAnswer *list = response->closed_list = calloc(1, sizeof(*list));

	response->body_case = SHOAL__OSS__RESPONSE__BODY_CLOSED_LIST;
	shoal__oss__closed_list_answer__init(list);
	assert_true(!wanted->teid || wanted->teid == PLAY_TEID);
	list->next = play.pages > wanted->after ? wanted->after + 1 : 0;
	if (!play.closed || play.unsettled || list->next)
		return response;
	list->closed = calloc(1, sizeof(*list->closed));
	list->closed[0] = calloc(1, sizeof(**list->closed));
	shoal__oss__closed_session__init(list->closed[0]);
	list->n_closed = 1;
	list->closed[0]->session = copy(play.closed);
	list->closed[0]->reports = report(play.closed->measures[0]->id);
	list->closed[0]->n_reports = 1;
	play.reported = 0; // it is the same whenever it is asked for
	return response;
}

static Shoal__Oss__Response *listed(const Shoal__Oss__SessionList *wanted)
{
	Shoal__Oss__Response *response = respond(SHOAL__OSS__CODE__OK);
	Shoal__Oss__SessionListAnswer *list = response->session_list = calloc(1, sizeof(*list));

	response->body_case = SHOAL__OSS__RESPONSE__BODY_SESSION_LIST;
	shoal__oss__session_list_answer__init(list);
	if (!play.session || (*wanted->owner && strcmp(play.session->owner, wanted->owner)))
		return response;
	list->sessions = calloc(1, sizeof(*list->sessions));
	list->sessions[0] = copy(play.session);
	list->n_sessions = 1;
	return response;
}

static Shoal__Oss__Response *decide(const Shoal__Oss__Request *request)
{
	switch (request->body_case) {
	case SHOAL__OSS__REQUEST__BODY_SESSION_CREATE:
		return create(request->session_create);
	case SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY:
		return modify(request->session_modify);
	case SHOAL__OSS__REQUEST__BODY_SESSION_FRONT:
		return keep(request->session_front);
	case SHOAL__OSS__REQUEST__BODY_SESSION_DELETE:
		return delete (request->session_delete);
	case SHOAL__OSS__REQUEST__BODY_CLOSED_LIST:
		return closed(request->closed_list);
	case SHOAL__OSS__REQUEST__BODY_SESSION_LIST:
		return listed(request->session_list);
	default:
		if (play.session)
			dress(play.session);
		return respond_session(play.session, SHOAL__OSS__CODE__OK);
	}
}

static uint64_t content_of(const Shoal__Oss__Request *request)
{
	Shoal__Oss__Request keyless = *request;
	uint8_t *bytes = malloc(shoal__oss__request__get_packed_size(request));
	uint64_t content;

	keyless.key = keyless.key_before = (ProtobufCBinaryData){ 0 };
	content = hash_bytes(0, bytes, shoal__oss__request__pack(&keyless, bytes));

	free(bytes);
	return content;
}

static bool is_key(const uint8_t *had, const ProtobufCBinaryData *key)
{
	return key->len && !memcmp(had, key->data, key->len);
}

// A change with a key that was answered has that answer again, if it is the same change.
static Shoal__Oss__Response *ask(const Shoal__Oss__Request *request)
{
	Shoal__Oss__Response *response;

	if (!request->key.len)
		return decide(request);
	for (unsigned i = 0; i < play.keys; i++)
		if (is_key(play.key[i], &request->key) || is_key(play.key[i], &request->key_before))
			return play.content[i] == content_of(request) ? play.said[i]
								      : respond(SHOAL__OSS__CODE__KEY_REUSED);
	response = decide(request);
	play.changes++;
	if (response->status->code && response->status->code != SHOAL__OSS__CODE__NOT_APPLIED_YET)
		return response;
	assert_true(play.keys < 8);
	memcpy(play.key[play.keys], request->key.data, request->key.len);
	play.content[play.keys] = content_of(request);
	play.said[play.keys++] = response;
	return response;
}

static bool kept(const Shoal__Oss__Response *response)
{
	for (unsigned i = 0; i < play.keys; i++)
		if (play.said[i] == response)
			return true;
	return false;
}

// One request is decided and its play.answer told; false: there was none.
bool play_step(void)
{
	struct call *call = play.first;
	Shoal__Oss__Response *response;

	if (!call)
		return false;
	play.first = call->next;
	if (!play.first)
		play.last = &play.first;
	play.asked++;
	play.deadline_ms = call->request->deadline_ms;
	response = play.busy && !play.served ? respond(SHOAL__OSS__CODE__BUSY) : ask(call->request);
	play.busy -= play.busy && !play.served;
	play.served -= play.served != 0;
	if (play.silent) {
		play.silent--;
		play.now_ms += 10000;
		sessions_tick(sessions, play.now_ms * PLAY_NS);
		call->done(call->arg, NULL, -ETIMEDOUT);
	} else {
		call->done(call->arg, response, 0);
	}
	if (!kept(response))
		shoal__oss__response__free_unpacked(response, NULL);
	shoal__oss__request__free_unpacked(call->request, NULL);
	free(call);
	return true;
}

void play_delay(void)
{
	struct call *call = play.first;

	if (!call || !call->next)
		return;
	play.first = call->next;
	call->next = NULL;
	*play.last = call;
	play.last = &call->next;
}

// Until nobody asks or sleeps any more, or so many milliseconds have gone by.
void play_run(unsigned ms)
{
	uint64_t end = play.now_ms + ms;

	while (play_step())
		;
	while (sessions_due(sessions) != UINT64_MAX && play.now_ms < end) {
		play.now_ms++;
		sessions_tick(sessions, play.now_ms * PLAY_NS);
		while (play_step())
			;
	}
}

void play_first_version(void)
{
	enum { HEAD = 1 + 8 + 8, MORE = 2 + 2 }; // no answer, nothing to report
	ProtobufCBinaryData *front = &play.session->front;
	uint8_t *first = calloc(1, front->len + MORE);

	memcpy(first, front->data, HEAD);
	memcpy(first + HEAD + MORE, front->data + HEAD, front->len - HEAD);
	first[0] = 1;
	free(front->data);
	*front = (ProtobufCBinaryData){ front->len + MORE, first };
	for (size_t i = 0; i < play.session->n_rules; i++)
		play.session->rules[i]->id = pfcp_id(play.session->rules[i]->id);
	for (size_t i = 0; i < play.session->n_measures; i++)
		play.session->measures[i]->id = pfcp_id(play.session->measures[i]->id);
}

static const char *dnn(void *arg, const char *instance)
{
	return strcmp(instance, "internet") ? NULL : "internet";
}

static void address(void *arg, const struct deal *deal, struct pfcp_address *to)
{
	*to = (struct pfcp_address){ .has_ipv4 = true, .ipv4 = 0x0a630401 };
}

static uint64_t wall_ms(void *arg)
{
	return play.now_ms;
}

static void drop_done(void *arg, const char *owner)
{
	strcpy(play.dropped, owner);
}

static void sweep_done(void *arg, struct deal *deal, uint8_t cause)
{
	play.swept = deal;
	play.swept_cause = cause;
}

static void look_done(void *arg, bool owned)
{
	play.looks++;
	play.owned = owned;
}

static void moved(void *arg, uint64_t session, const struct report_to *to)
{
	assert_int_equal(session, PLAY_ID);
	play.moves++;
	play.to = *to;
}

static void said(void *arg, uint64_t session, bool done)
{
	play.saids++;
	play.kept += done;
}

static void follow_done(void *arg, unsigned changed, unsigned left)
{
	play.follows++;
	play.followed = changed;
	play.left = left;
}

static void begin(void)
{
	const struct sessions_world world = { .node_id = { .kind = PFCP_NODE_ID_NAME, .name = "upf.example" },
					      .gtpu_ipv4 = WORDS_OURS,
					      .dnn = dnn,
					      .address = address,
					      .wall_ms = wall_ms,
					      .dropped = drop_done,
					      .owned = look_done,
					      .swept = sweep_done,
					      .moved = moved,
					      .said = said,
					      .followed = follow_done,
					      .pfds = &play_pfds };

	assert_int_equal(sessions_open(&world, &sessions), 0);
}

int play_open(void **state)
{
	memset(&play, 0, sizeof(play));
	play.assoc = (struct assoc){ .node_id = "10.99.4.2", .owner = "pfcp:10.99.4.2#1" };
	play.applies = true;
	play.last = &play.first;
	play.now_ms = 1000000;
	begin();
	return 0;
}

int play_close(void **state)
{
	sessions_close(sessions);
	pfds_clear(&play_pfds);
	for (unsigned i = 0; i < play.keys; i++)
		shoal__oss__response__free_unpacked(play.said[i], NULL);
	if (play.session)
		shoal__oss__session__free_unpacked(play.session, NULL);
	if (play.closed)
		shoal__oss__session__free_unpacked(play.closed, NULL);
	return 0;
}

void play_die(void)
{
	struct call *call;

	sessions_close(sessions);
	while ((call = play.first) != NULL) {
		play.first = call->next;
		shoal__oss__request__free_unpacked(call->request, NULL);
		free(call);
	}
	play.last = &play.first;
	play.now_ms += 500;
	play.life++;
	begin();
}

void play_say(unsigned n, uint8_t type, uint64_t seid)
{
	const struct pfcp_header said = { .type = type,
					  .has_seid = true,
					  .seid = seid,
					  .body = play.words[n].bytes,
					  .bytes = (size_t)(play.words[n].writer.at - play.words[n].bytes) };
	struct pfcp_request request = { .header = &said, .deal = &play.deals[n] };
	static struct pfcp_tree tree;
	struct pfcp_fault fault;

	play.deals[n].assoc = &play.assoc;
	play.deals[n].type = type;
	play.deals[n].sequence = 100 + n;
	play.deals[n].content = 1000u * type + n;
	if (!pfcp_read(PFCP_MESSAGE(type), said.body, said.bytes, &tree, &fault))
		request.tree = &tree;
	sessions_request(sessions, &request, play.now_ms * PLAY_NS);
	memset(&tree, 0xff, sizeof(tree)); // it is the caller's
}

uint8_t play_cause(void)
{
	return (uint8_t)pfcp_number(pfcp_first(&play.tree, NULL, PFCP_IE_CAUSE));
}

void play_attach(bool choose_ue)
{
	words_begin(&play.words[0]);
	words_session(&play.words[0], 7, choose_ue);
	play_say(0, PFCP_SESSION_ESTABLISHMENT_REQUEST, 0);
	play_run(0);
}

void play_handover(unsigned n, uint32_t teid)
{
	words_begin(&play.words[n]);
	words_handover(&play.words[n], 2, teid);
	play_say(n, PFCP_SESSION_MODIFICATION_REQUEST, PLAY_ID);
}

void play_leave(unsigned n)
{
	words_begin(&play.words[n]);
	play_say(n, PFCP_SESSION_DELETION_REQUEST, PLAY_ID);
}

uint64_t play_reported(uint16_t type)
{
	const struct pfcp_ie *report = pfcp_first(&play.tree, NULL, type);
	struct pfcp_volume volume;

	assert_non_null(report);
	assert_int_equal(pfcp_get_volume(pfcp_first(&play.tree, report, PFCP_IE_VOLUME_MEASUREMENT), &volume), 0);
	return volume.uplink;
}
