// slow_disk.c - ctrl_stand with the scribe's thread, and a commit that waits.
#include "tests/unit/slow_disk.h"
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "shared/base/clock.h"

#define DISK_MS 60000 // no disk of ours takes longer

struct ctrl_stand stand;
static struct inbox inbox;
static sem_t gate;

void disk_slow(void)
{
	stand.gate = &gate;
}

void disk_done(void)
{
	struct pollfd bell = { inbox.bell, POLLIN, 0 };

	stand.gate = NULL; // the one under way has it already, or finds none
	sem_post(&gate);
	while (scribe_busy(&stand.truth.scribe)) {
		assert_int_equal(poll(&bell, 1, DISK_MS), 1);
		inbox_run(&inbox);
	}
	while (!sem_trywait(&gate))
		;
}

void disk_done_once(void)
{
	struct pollfd bell = { inbox.bell, POLLIN, 0 };

	sem_post(&gate);
	assert_int_equal(poll(&bell, 1, DISK_MS), 1);
	inbox_run(&inbox);
}

void disk_has_had_it_for(uint64_t ns)
{
	stand.truth.scribe.since_ns -= ns;
}

int slow_disk_open(void **state)
{
	ctrl_stand_open(&stand);
	sem_init(&gate, 0, 0);
	assert_int_equal(inbox_open(&inbox), 0);
	assert_int_equal(scribe_start(&stand.truth.scribe, &inbox), 0);
	return 0;
}

int slow_disk_close(void **state)
{
	sem_post(&gate); // a test that failed has left the disk standing
	scribe_stop(&stand.truth.scribe);
	inbox_close(&inbox);
	ctrl_stand_close(&stand);
	return 0;
}

int create(unsigned n)
{
	struct ctrl_session session;

	ctrl_session_init(&session, n);
	return ctrl_stand_create(&stand, &session);
}

uint32_t created(unsigned n)
{
	if (create(n) == CTRL_STAND_WAITS)
		disk_done();
	assert_int_equal(stand.answer->status->code, 0);
	return stand.answer->session->session->teid;
}

unsigned sessions(void)
{
	return stand.truth.sessions.by_id.count;
}

void go_ahead(unsigned count)
{
	disk_slow();
	for (unsigned n = 1; n <= count; n++) {
		assert_int_equal(create(n), CTRL_STAND_WAITS);
		assert_int_equal(sessions(), n);
	}
}

bool all_is_told(struct bearer *last)
{
	static struct feed_hello hello;
	static struct feed_batch batch;
	static struct feed_reports reports;
	bool told = false;

	push_hello(&stand.push, 0, &hello, clock_ns());
	do {
		push_fill(&stand.push, 0, &batch, clock_ns());
		reports.count = 0;
		for (uint32_t i = 0; i < batch.count; i++) {
			const struct change *change = &batch.change[i];

			reports.report[reports.count++] = (struct report){
				.kind = REPORT_ACK, .shard = change->shard, .epoch = batch.epoch, .seq = change->seq
			};
			if (change->verb != CHANGE_SET)
				continue;
			told = true;
			*last = change->bearer;
		}
		push_reports(&stand.push, 0, &reports, clock_ns());
	} while (batch.count);
	return told;
}
