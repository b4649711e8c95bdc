// test_deaths.c - the writer of a session dies at every single instruction, and its successor finds order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/stand/stand.h"
#include "workers/lines/foreign.h"

#define SHARD 7u
#define FOREIGN_SLOT (STAND_FIRST_FOREIGN + 3)

static struct stand stand;

static int open_stand(void **state)
{
	stand_open(&stand);
	return 0;
}

static int close_stand(void **state)
{
	stand_close(&stand);
	return 0;
}

// What a successor finds when the owner died at this instruction: the old cell, none, or the new one; the header in
// step with the cells; the neighbour untouched; and the same change applies again.
static void assert_survived(const struct bearer *old, const struct bearer *new, const struct bearer *neighbour)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer found;

	lines_adopt(&lines);
	assert_true(stand_in_step(&lines));
	if (lines_read(&lines, FOREIGN_SLOT, &found) == 0)
		assert_true(!memcmp(&found, old, sizeof(found)) || !memcmp(&found, new, sizeof(found)));
	assert_true(lines_validate_slot(&lines, FOREIGN_SLOT));
	assert_int_equal(lines_read(&lines, FOREIGN_SLOT + 1, &found), 0);
	assert_memory_equal(&found, neighbour, sizeof(found));
	assert_int_equal(foreign_find4(lines.region, &stand.shape, neighbour->ue_ipv4), FOREIGN_SLOT + 1);
	assert_int_equal(lines_set(&lines, FOREIGN_SLOT, new), 0);
	assert_true(stand_in_step(&lines));
	assert_int_equal(lines_read(&lines, FOREIGN_SLOT, &found), 0);
	assert_memory_equal(&found, new, sizeof(found));
	assert_int_equal(foreign_find4(lines.region, &stand.shape, new->ue_ipv4), FOREIGN_SLOT);
	assert_int_equal(lines.region->header->foreign_used, 4);
	assert_int_equal(lines.region->rest[FOREIGN_SLOT].teid, new->teid);
}

enum order { ORDER_SET, ORDER_CLEAR };

static pid_t traced_child(enum order order, const struct bearer *new)
{
	struct lines lines = stand_lines(&stand, SHARD);
	pid_t pid = fork();

	if (pid)
		return pid;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	if (order == ORDER_SET)
		lines_set(&lines, FOREIGN_SLOT, new);
	else
		lines_clear(&lines, FOREIGN_SLOT, 0, &(struct lines_count){ 0 });
	_exit(0);
}

// Runs the order in another process one instruction at a time; after each one the memory is looked at as if it had been
// the last.
static unsigned die_everywhere(enum order order, const struct bearer *old, const struct bearer *new,
			       const struct bearer *neighbour)
{
	uint8_t *shard = stand.zone + SHARD * region_stride(&stand.shape), *saved = malloc(region_stride(&stand.shape));
	size_t bytes = region_stride(&stand.shape);
	pid_t pid = traced_child(order, new);
	unsigned deaths = 0;
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	memcpy(saved, shard, bytes);
	while (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status)) {
		if (!memcmp(saved, shard, bytes))
			continue; // nothing written: the same death as before
		memcpy(saved, shard, bytes);
		assert_survived(old, new, neighbour);
		memcpy(shard, saved, bytes);
		deaths++;
	}
	assert_true(WIFEXITED(status));
	free(saved);
	print_message("%u deaths\n", deaths);
	return deaths;
}

static void death_at_every_instruction(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer old = stand_foreign_bearer(&stand, SHARD, FOREIGN_SLOT, 1), same = old, moved,
		      next = stand_foreign_bearer(&stand, SHARD, FOREIGN_SLOT, 2);
	struct bearer neighbour = stand_foreign_bearer(&stand, SHARD, FOREIGN_SLOT + 1, 1);

	lines_set(&lines, FOREIGN_SLOT + 1, &neighbour);
	assert_true(die_everywhere(ORDER_SET, &old, &old, &neighbour) > 10); // a new session
	same.ue_ipv4 += 512;
	same.ue_ipv6 += 512;
	same.peer_teid++;
	assert_true(die_everywhere(ORDER_SET, &old, &same, &neighbour) > 10); // the same session, modified
	moved = same;
	moved.peer_ipv4++;
	assert_true(die_everywhere(ORDER_SET, &same, &moved, &neighbour) > 10); // its addresses stay, and their entries
	assert_true(die_everywhere(ORDER_SET, &moved, &next, &neighbour) > 10); // another session in its place
	assert_true(die_everywhere(ORDER_CLEAR, &next, &next, &neighbour) > 5);
	assert_true(stand_in_step(&lines));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(death_at_every_instruction, open_stand, close_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
