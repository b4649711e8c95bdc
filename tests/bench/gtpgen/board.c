// board.c - maps a port's board. Called by the thread that probes devices.
#include "tests/bench/gtpgen/board.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static int board_map(int file, struct board **board)
{
	int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *page = mmap(NULL, sizeof(**board), PROT_READ | PROT_WRITE, flags | MAP_POPULATE, file, 0);

	if (page == MAP_FAILED)
		return -errno;
	*board = page;
	if (!(*board)->lever)
		(*board)->lever = '1';
	return 0;
}

int board_open(const char *path, struct board **board)
{
	int file = -1, error = 0;

	*board = NULL;
	if (path) {
		file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (file < 0 || ftruncate(file, sizeof(**board)))
			error = -errno;
	}
	if (!error)
		error = board_map(file, board);
	if (file >= 0)
		close(file);
	return error;
}

void board_close(struct board *board)
{
	if (board)
		munmap(board, sizeof(*board));
}
