// outbox_ask.c - reports leave, and what comes of it. One thread.
#include "ctrl/pfcp/ie_get.h"
#include "ctrl/pfcp/outbox_parts.h"
#include "shared/base/log.h"

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

// Buffering that the answer wants changed (Update BAR, DROBU) is not ours to change: features that we do not announce.
static void answered(struct outbox *outbox, struct letter *letter, uint8_t cause)
{
	they_answer(letter->pile);
	switch (cause) {
	case 0:
	case PFCP_CAUSE_NO_ASSOCIATION:
	case PFCP_CAUSE_CONGESTION:
	case PFCP_CAUSE_NO_RESOURCES:
	case PFCP_CAUSE_SYSTEM_FAILURE:
		sleep_on(outbox, letter);
		return;
	case PFCP_CAUSE_ACCEPTED:
		count(outbox, TALLY_REPORTS_TOLD);
		break;
	case PFCP_CAUSE_SESSION_NOT_FOUND:
		count(outbox, TALLY_REPORTS_UNKNOWN);
		break;
	default:
		count(outbox, TALLY_REPORTS_REFUSED);
		log_warning("pfcp.report_refused", "report %llu of session %llu: cause %u",
			    (unsigned long long)letter->number, (unsigned long long)letter->session, cause);
	}
	letter_dequeue(outbox, letter);
	letter_told(outbox, letter);
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
		letter_ready(letter); // behind the others of its pile
		wait_for_them(outbox, pile);
	}
	pile_ask(outbox, pile);
}

static int ask(struct outbox *outbox, struct letter *letter)
{
	const struct node_question question = { .to = letter->to,
						.type = PFCP_SESSION_REPORT_REQUEST,
						.seid = letter->seid,
						.body = letter->body,
						.bytes = letter->bytes,
						.done = asked,
						.about = letter };

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
