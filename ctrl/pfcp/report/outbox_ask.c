// outbox_ask.c - reports leave, and what comes of it. One thread.
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/report/outbox_parts.h"
#include "shared/base/log.h"
#include "shared/wire/cursor.h"

#define AGAIN_NS 100000000ull // what could not leave
#define LATER_NS 5000000000ull
#define PAUSE_FIRST_NS 1000000000ull
#define PAUSE_MOST_NS 32000000000ull

static void count(struct outbox *outbox, enum tally tally)
{
	outbox->tally[tally]++;
}

static void wait_for_them(struct outbox *outbox, struct pile *pile)
{
	count(outbox, TALLY_REPORTS_UNANSWERED);
	pile->pause_ns = pile->pause_ns ? pile->pause_ns * 2 : PAUSE_FIRST_NS;
	if (pile->pause_ns > PAUSE_MOST_NS)
		pile->pause_ns = PAUSE_MOST_NS;
	pile->wake_ns = outbox->now_ns + pile->pause_ns;
	pile->may_ask = 1;
}

static void they_answer(struct pile *pile)
{
	pile->pause_ns = pile->wake_ns = 0;
	if (pile->may_ask < PILE_ASKED)
		pile->may_ask *= 2;
}

static void sleep_on(struct outbox *outbox, struct letter *letter)
{
	count(outbox, TALLY_REPORTS_LATER);
	letter->wake_ns = outbox->now_ns + LATER_NS;
	TAILQ_INSERT_TAIL(&outbox->asleep, letter, at);
}

// 0: not to be read.
static uint8_t cause_of(struct outbox *outbox, const struct pfcp_header *answer)
{
	struct pfcp_tree *tree = &outbox->reader.rules;
	struct pfcp_fault fault;

	if (pfcp_read(PFCP_MESSAGE(answer->type), answer->body, answer->bytes, tree, &fault))
		return 0;
	return (uint8_t)pfcp_number(pfcp_first(tree, NULL, PFCP_IE_CAUSE));
}

// The CP function's own address (its F-SEID) if it may be sent to, and is of the family that is spoken; else where it associated from.
static struct remote place_of(struct outbox *outbox, const struct pfcp_address *cp, const struct remote *standing)
{
	struct remote to = *standing;

	to.port = PFCP_PORT;
	if (to.family == 4 && cp->has_ipv4)
		be32_put(to.bytes, cp->ipv4);
	else if (to.family == 6 && cp->has_ipv6)
		memcpy(to.bytes, cp->ipv6, sizeof(to.bytes));
	if (!outbox->ways.place(outbox->ways.arg, &to))
		memcpy(to.bytes, standing->bytes, sizeof(to.bytes));
	return to;
}

// Another SMF of the set is to hear it (Redirection Requested, with an Alternative SMF IP Address), once.
static bool redirected(struct outbox *outbox, struct letter *letter)
{
	const struct pfcp_ie *ie = pfcp_first(&outbox->reader.rules, NULL, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS);
	const struct remote *standing = outbox->ways.standing(outbox->ways.arg, letter->pile->owner);
	struct pfcp_address address;
	struct remote to;

	if (!ie || !standing || letter->elsewhere.family || pfcp_get_address(ie, &address))
		return false;
	to = place_of(outbox, &address, standing);
	if (remote_same(&to, standing) || !outbox->ways.place(outbox->ways.arg, &to))
		return false;
	letter->elsewhere = to;
	return true;
}

static void told(struct outbox *outbox, struct letter *letter)
{
	letter_dequeue(outbox, letter);
	letter_told(outbox, letter);
}

static void accepted(struct outbox *outbox, struct letter *letter)
{
	struct report_said said;

	if (!report_said(&outbox->reader.rules, &said)) {
		count(outbox, TALLY_REPORTS_TOLD);
		told(outbox, letter);
		return;
	}
	letter->saying = true;
	if (outbox->ways.say(outbox->ways.arg, letter->session, &said))
		outbox_said(outbox, letter->session, false);
}

void outbox_said(struct outbox *outbox, uint64_t session, bool done)
{
	struct letter *letter = table_get(&outbox->sessions, session);

	if (!letter || !letter->saying)
		return;
	letter->saying = false;
	if (!done) {
		sleep_on(outbox, letter);
		return;
	}
	count(outbox, TALLY_REPORTS_TOLD);
	told(outbox, letter);
}

// Who did not answer, or does not serve it, hears it without what may be the reason. False: there is nothing of that in it.
static bool plainer(struct letter *letter)
{
	size_t bytes = report_plain(letter->body, letter->bytes);
	bool less = bytes < letter->bytes;

	letter->bytes = bytes;
	return less;
}

static void answered(struct outbox *outbox, struct letter *letter, uint8_t cause)
{
	they_answer(letter->pile);
	if (cause == PFCP_CAUSE_REDIRECTION_REQUESTED && redirected(outbox, letter)) {
		letter_ready(letter);
		return;
	}
	letter->elsewhere = (struct remote){ 0 };
	switch (cause) {
	case 0:
	case PFCP_CAUSE_NO_ASSOCIATION:
	case PFCP_CAUSE_CONGESTION:
	case PFCP_CAUSE_NO_RESOURCES:
	case PFCP_CAUSE_SYSTEM_FAILURE:
		sleep_on(outbox, letter);
		return;
	case PFCP_CAUSE_ACCEPTED:
		accepted(outbox, letter);
		return;
	case PFCP_CAUSE_SESSION_NOT_FOUND:
		count(outbox, TALLY_REPORTS_UNKNOWN);
		break;
	default:
		if (plainer(letter)) {
			letter_ready(letter);
			return;
		}
		count(outbox, TALLY_REPORTS_REFUSED);
		log_warning("pfcp.report_refused", "report %llu of session %llu: cause %u",
			    (unsigned long long)letter->number, (unsigned long long)letter->session, cause);
	}
	told(outbox, letter);
}

static void asked(void *arg, void *about, const struct pfcp_header *answer)
{
	struct letter *letter = about;
	struct outbox *outbox = letter->outbox;
	struct pile *pile = letter->pile;

	(void)arg;
	pile->asked--;
	outbox->asked--;
	if (answer) {
		answered(outbox, letter, cause_of(outbox, answer));
	} else {
		letter->elsewhere = (struct remote){ 0 };
		letter->astray = !letter->astray;
		plainer(letter);
		letter_ready(letter); // behind the others of its pile
		wait_for_them(outbox, pile);
	}
	pile_ask(outbox, pile);
}

// Another SMF of the set has no SEID for the session: it is told the one that it is known by (5.22.3, 7.5.8.1).
static void ask_another(struct outbox *outbox, const struct letter *letter, struct node_question *question)
{
	struct pfcp_writer writer = pfcp_writer_over(outbox->body, sizeof(outbox->body));

	pfcp_raw(&writer, letter->body, letter->bytes);
	pfcp_put_fseid(&writer, PFCP_IE_F_SEID, &letter->to.cp);
	question->seid = 0;
	question->body = outbox->body;
	question->bytes = (size_t)(writer.at - writer.start);
}

static bool is_moved(const struct letter *letter)
{
	return (letter->to.elsewhere.has_ipv4 || letter->to.elsewhere.has_ipv6) && !letter->astray;
}

static int ask(struct outbox *outbox, struct letter *letter)
{
	const struct remote *standing = outbox->ways.standing(outbox->ways.arg, letter->pile->owner);
	struct node_question question = { .type = PFCP_SESSION_REPORT_REQUEST,
					  .seid = letter->to.cp.seid,
					  .body = letter->body,
					  .bytes = letter->bytes,
					  .done = asked,
					  .about = letter };

	bool moved = is_moved(letter);

	if (!standing)
		return -ENOTCONN; // it is forgotten soon
	question.to = place_of(outbox, moved ? &letter->to.elsewhere : &letter->to.cp.address, standing);
	if (letter->elsewhere.family || moved) {
		question.to = letter->elsewhere.family ? letter->elsewhere : question.to;
		ask_another(outbox, letter, &question);
	} else if (outbox->ways.absent(outbox->ways.arg, letter->pile->owner, &question.to)) {
		memcpy(question.to.bytes, standing->bytes, sizeof(question.to.bytes));
		ask_another(outbox, letter, &question);
	}
	return outbox->ways.ask(outbox->ways.arg, &question);
}

void pile_ask(struct outbox *outbox, struct pile *pile)
{
	struct letter *letter;

	while ((letter = TAILQ_FIRST(&pile->ready)) && pile->asked < pile->may_ask && pile->wake_ns <= outbox->now_ns) {
		if (outbox->asked >= ASKED_MAX)
			return;
		if (ask(outbox, letter)) {
			pile->wake_ns = outbox->now_ns + AGAIN_NS;
			return;
		}
		TAILQ_REMOVE(&pile->ready, letter, at);
		pile->asked++;
		outbox->asked++;
		count(outbox, TALLY_REPORTS);
	}
}

void outbox_moved(struct outbox *outbox, uint64_t session, const struct report_to *to)
{
	for (struct letter *letter = table_get(&outbox->sessions, session); letter; letter = letter->next) {
		letter->to = *to;
		letter->astray = false;
	}
}
