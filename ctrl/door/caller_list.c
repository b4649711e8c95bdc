// caller_list.c - connections in lists: who has been silent longest, and where the crowd is. Main thread.
#include "ctrl/door/caller.h"
#include "ctrl/door/listener.h"

void caller_list_leave(struct caller *caller)
{
	struct caller_list *list = caller->list;

	if (!list)
		return;
	if (caller->before)
		caller->before->after = caller->after;
	else
		list->first = caller->after;
	if (caller->after)
		caller->after->before = caller->before;
	else
		list->last = caller->before;
	list->count--;
	caller->before = caller->after = NULL;
	caller->list = NULL;
}

void caller_list_join(struct caller_list *list, struct caller *caller)
{
	caller_list_leave(caller);
	caller->before = list->last;
	if (list->last)
		list->last->after = caller;
	else
		list->first = caller;
	list->last = caller;
	list->count++;
	caller->list = list;
}

struct caller *caller_list_crowd(const struct caller_list *list, const struct listener *doors)
{
	unsigned count[LISTENERS_MAX] = { 0 };
	const struct listener *fullest = NULL;
	struct caller *caller = list->first;

	for (const struct caller *c = caller; c; c = c->after)
		if (++count[c->listener - doors] >= (fullest ? count[fullest - doors] : 1))
			fullest = c->listener;
	while (caller && caller->listener != fullest)
		caller = caller->after;
	return caller;
}
