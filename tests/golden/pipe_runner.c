// pipe_runner.c - the packet path behind pipe_golden.py's script (pipe_script.h).
#include "tests/golden/pipe_script.h"

static void work(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	stand_burst(with, handles, n, now);
}

int main(void)
{
	static struct stand stand;
	int code;

	stand_open_ruled(&stand);
	code = pipe_script(&stand, work, &stand);
	stand_close(&stand);
	return code;
}
