// outbox_play.c - see outbox_play.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/outbox_play.h"
#include "ctrl/pfcp/codec/ie_put.h"

static const struct remote *standing(void *arg, const char *owner)
{
	struct world *world = arg;

	if (!strcmp(owner, OTHER_OWNER))
		return &world->remote[1];
	return world->gone || strcmp(owner, ONE_OWNER) ? NULL : &world->remote[0];
}

static bool place(void *arg, const struct remote *to)
{
	(void)arg;
	return to->bytes[0] == 10;
}

static bool absent(void *arg, const char *owner, const struct remote *to)
{
	(void)owner;
	return ((struct world *)arg)->absent && to->bytes[3] == 9;
}

static int ask(void *arg, const struct node_question *question)
{
	struct world *world = arg;
	struct asked *asked = &world->question[world->asked];

	assert_true(world->asked < QUESTIONS && question->bytes <= sizeof(asked->body));
	asked->question = *question;
	memcpy(asked->body, question->body, question->bytes);
	world->asked++;
	return 0;
}

static int list(void *arg, const char *owner, uint64_t after)
{
	struct world *world = arg;

	world->lists++;
	world->listed += *owner != 0;
	if (*owner)
		world->after = after;
	return 0;
}

static int close_them(void *arg, const uint64_t *numbers, unsigned count)
{
	struct world *world = arg;

	if (world->deaf)
		return -EAGAIN;
	world->closes++;
	world->numbers = count;
	memcpy(world->number, numbers, count * sizeof(*numbers));
	return 0;
}

static int say(void *arg, uint64_t session, const struct report_said *said)
{
	struct world *world = arg;

	world->says++;
	world->of = session;
	world->said = *said;
	return world->say_error;
}

int world_open(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const struct outbox_ways ways = { standing, place, absent, ask, list, close_them, say, world };

	if (!world || outbox_open(&world->outbox, &ways, world->tally))
		return -1;
	world->remote[0] = (struct remote){ .bytes = { 10, 0, 0, 1 }, .family = 4 };
	world->remote[1] = (struct remote){ .bytes = { 10, 0, 0, 2 }, .family = 4 };
	world->now_ns = SECOND;
	outbox_tick(&world->outbox, world->now_ns);
	*state = world;
	return 0;
}

int world_close(void **state)
{
	struct world *world = *state;

	outbox_close(&world->outbox);
	free(world);
	return 0;
}

void tick(struct world *world, uint64_t later_ns)
{
	world->now_ns += later_ns;
	outbox_tick(&world->outbox, world->now_ns);
}

size_t front_of(struct world *world, uint32_t address)
{
	const struct front front = { .cp = { .seid = 0xc0ffee, .address = { .has_ipv4 = true, .ipv4 = address } } };
	int length = front_write(&front, &world->rules, world->front, sizeof(world->front));

	assert_true(length > 0);
	return (size_t)length;
}

void hear_from(struct world *world, const char *owner, Shoal__Oss__Report *report, uint64_t next)
{
	Shoal__Oss__Report *reports[] = { report };
	Shoal__Oss__ReportListAnswer answer = SHOAL__OSS__REPORT_LIST_ANSWER__INIT;

	answer.n_reports = 1;
	answer.reports = reports;
	answer.next = next;
	outbox_heard(&world->outbox, owner, &answer);
}

Shoal__Oss__Report made(struct world *world, const struct wish *wish)
{
	Shoal__Oss__Report report = SHOAL__OSS__REPORT__INIT;

	report.owner = (char *)wish->owner;
	report.number = wish->number;
	report.session = wish->session;
	report.kind = SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE;
	report.front.len = front_of(world, 0x0a000009);
	report.front.data = world->front;
	return report;
}

void hear(struct world *world, const char *owner, uint64_t number, uint64_t session)
{
	const struct wish wish = { owner, number, session };
	Shoal__Oss__Report report = made(world, &wish);

	hear_from(world, "", &report, 0);
}

void answer_elsewhere(struct world *world, unsigned i, uint8_t cause, const struct pfcp_address *elsewhere)
{
	uint8_t body[32];
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));
	struct pfcp_header header = { .type = PFCP_SESSION_REPORT_RESPONSE, .body = body };
	const struct node_question *question = &world->question[i].question;

	assert_true(i < world->asked);
	pfcp_put_u8(&writer, PFCP_IE_CAUSE, cause);
	if (elsewhere)
		pfcp_put_address(&writer, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS, elsewhere);
	header.bytes = (size_t)(writer.at - writer.start);
	question->done(NULL, question->about, cause ? &header : NULL);
}

void answer(struct world *world, unsigned i, uint8_t cause)
{
	answer_elsewhere(world, i, cause, NULL);
}

void answer_says(struct world *world, unsigned i, const struct pfcp_fseid *cp, bool drops)
{
	uint8_t body[64];
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));
	struct pfcp_header header = { .type = PFCP_SESSION_REPORT_RESPONSE, .body = body };
	const struct node_question *question = &world->question[i].question;

	assert_true(i < world->asked);
	pfcp_put_u8(&writer, PFCP_IE_CAUSE, PFCP_CAUSE_ACCEPTED);
	if (drops)
		pfcp_put_flags(&writer, PFCP_IE_PFCPSRRSP_FLAGS, PFCP_PFCPSRRSP_FLAGS_DROBU, 1);
	if (cp)
		pfcp_put_fseid(&writer, PFCP_IE_F_SEID, cp);
	header.bytes = (size_t)(writer.at - writer.start);
	question->done(NULL, question->about, &header);
}
