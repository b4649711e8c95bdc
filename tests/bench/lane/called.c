// called.c - which lines either side calls into its cache for a burst: a trace of loads and stores does not show prefetches, and one
// that nobody needs would take a header from the other core all the same.
//
// A fork takes one turn of each side, an instruction at a time; of each prefetch the address is worked out. Ends with 1 where the worker
// calls other lines than those it touches (lines.py), or the primary any of a session or of a room beyond its headers; with 77
// where the kernel does not let us trace our own child.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/bench/lane/played.h"
#include "tests/bench/lane/worker.h"

#define WARM 64u
#define LINE 64u
#define LINES_MAX 512u
#define SKIPPED 77
#define CODE_BEFORE (64u << 10) // of the worker's library, around one of its functions
#define CODE (1u << 20)

enum side { SIDE_PRIMARY, SIDE_WORKER, SIDES };
enum kind { KIND_HEADER, KIND_PAYLOAD, KIND_SESSION, KIND_OTHER, KINDS };

// Lines called, each once.
static struct called {
	unsigned count;
	uint64_t line[LINES_MAX];
} called[SIDES][KINDS];

static enum kind kind_of(uint64_t address)
{
	const struct plane_view *view = played.view;
	uint64_t room = address - (uintptr_t)view->rooms.base[0], shard = address - (uintptr_t)view->shards[0].header;

	if (room < (uint64_t)view->rooms.count[0] * ROOM_STRIDE)
		return room % ROOM_STRIDE < 3 * LINE ? KIND_HEADER : KIND_PAYLOAD;
	return shard < SHARDS * region_stride(&view->plane->shape) ? KIND_SESSION : KIND_OTHER;
}

static void called_note(enum side side, uint64_t address)
{
	struct called *list = &called[side][kind_of(address)];

	for (unsigned i = 0; i < list->count; i++)
		if (list->line[i] == address / LINE)
			return;
	if (list->count < LINES_MAX)
		list->line[list->count++] = address / LINE;
}

static uint64_t reg(const struct user_regs_struct *regs, unsigned number)
{
	const uint64_t value[16] = { regs->rax, regs->rcx, regs->rdx, regs->rbx, regs->rsp, regs->rbp,
				     regs->rsi, regs->rdi, regs->r8,  regs->r9,  regs->r10, regs->r11,
				     regs->r12, regs->r13, regs->r14, regs->r15 };

	return value[number];
}

// Where the operand in memory is that begins at `at`: ModR/M, SIB and displacement, and nothing behind them.
static uint64_t operand(const uint8_t *at, unsigned rex, const struct user_regs_struct *regs)
{
	unsigned mod = at[0] >> 6, base = at[0] & 7;
	bool direct = !mod && base == 5; // relative to the next instruction, or with SIB to nothing
	uint64_t address = 0;
	int32_t far = 0;

	at++;
	if (base == 4) {
		unsigned index = (*at >> 3 & 7) | (rex & 2) << 2;

		base = *at++ & 7;
		if (index != 4)
			address = reg(regs, index) << (at[-1] >> 6);
		direct = false;
	} else if (direct) {
		address = (uintptr_t)at + sizeof(far);
	}
	if (mod == 2 || (!mod && base == 5))
		memcpy(&far, at, sizeof(far));
	if (mod || base != 5)
		address += reg(regs, base | (rex & 1) << 3);
	return address + (uint64_t)(mod == 1 ? (int8_t)*at : far);
}

// The code is ours as well, at the same place.
static void step_look(pid_t child, uint64_t worker)
{
	struct user_regs_struct regs;
	const uint8_t *code;
	unsigned rex = 0;

	if (ptrace(PTRACE_GETREGS, child, NULL, &regs))
		exit(1);
	code = (const uint8_t *)(uintptr_t)regs.rip;
	if (*code >> 4 == 4)
		rex = *code++;
	if (code[0] == 0x0f && (code[1] == 0x0d || (code[1] == 0x18 && (code[2] >> 3 & 7) < 4)))
		called_note(regs.rip + CODE_BEFORE - worker < CODE ? SIDE_WORKER : SIDE_PRIMARY,
			    operand(code + 2, rex, &regs));
}

static void turns(unsigned up, unsigned down)
{
	for (unsigned i = 0; i < WARM; i++) {
		played_offer(up, down);
		played_turn();
	}
	played_offer(up, down);
}

static void child_turn(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(SKIPPED);
	raise(SIGSTOP);
	played_turn();
	_exit(0);
}

// Takes the next turn in a fork. The exit status.
static int called_count(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		child_turn();
	memset(called, 0, sizeof(called));
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1;
	while (WIFSTOPPED(status)) {
		step_look(child, (uintptr_t)worker_turn);
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) || waitpid(child, &status, 0) != child)
			return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static bool judge(const char *way, unsigned headers)
{
	const struct called *worker = called[SIDE_WORKER], *primary = called[SIDE_PRIMARY];

	printf("%s, a burst of %u: lines called by the worker: %u of headers (touched: %u), %u of sessions, %u of "
	       "payload, %u others; "
	       "by the primary: %u of headers, %u of sessions, %u of payload, %u others\n",
	       way, LANE_BURST, worker[KIND_HEADER].count, headers, worker[KIND_SESSION].count,
	       worker[KIND_PAYLOAD].count, worker[KIND_OTHER].count, primary[KIND_HEADER].count,
	       primary[KIND_SESSION].count, primary[KIND_PAYLOAD].count, primary[KIND_OTHER].count);
	return worker[KIND_HEADER].count == headers && worker[KIND_SESSION].count == LANE_BURST &&
	       !worker[KIND_PAYLOAD].count && primary[KIND_HEADER].count && !primary[KIND_SESSION].count &&
	       !primary[KIND_PAYLOAD].count;
}

int main(void)
{
	bool good;
	int error;

	played_open();
	turns(LANE_BURST, 0);
	error = called_count();
	if (error)
		return error;
	good = judge("uplink", LANE_BURST);
	turns(0, LANE_BURST);
	error = called_count();
	return error ? error : !judge("downlink", 2 * LANE_BURST) || !good;
}
