// seat.c - sits a worker's loop thread down in its seat.
//
// The robust list is how the kernel tells the primary of a death without either of them asking: on the thread's exit,
// SIGKILL included, it sets FUTEX_OWNER_DIED in the word registered here. Called once, by the loop thread itself.
#include "shared/plane/seat.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(SEAT_LIFE_DIED == FUTEX_OWNER_DIED, "the kernel's bit");

// The kernel finds the word at a fixed distance from the list's nodes. With one node the distance may lead anywhere, so
// the node stays private and only the word is shared: a neighbour can't lead the kernel astray through the list.
static struct robust_list node;
static struct robust_list_head list;

int seat_sit(struct seat_worker_page *page)
{
	uint32_t thread = (uint32_t)syscall(SYS_gettid), nobody = 0;

	node.next = &list.list;
	list.list.next = &node;
	list.futex_offset = (char *)&page->life - (char *)&node;
	list.list_op_pending = NULL;
	// A nursery that died between fork and FORKED leaves a worker nobody knows of: then two may come for one seat.
	if (!atomic_compare_exchange_strong(&page->life, &nobody, thread))
		return -EBUSY;
	if (syscall(SYS_set_robust_list, &list, sizeof(list)))
		return -errno;
	return 0;
}
