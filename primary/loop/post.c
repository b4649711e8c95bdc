// post.c - hands words between the two threads. One writer, one reader a post.
#include "primary/loop/post.h"

#include "shared/base/bell.h"

void post_init(struct post *post, _Atomic uint32_t *sleeping, int bell)
{
	post->sleeping = sleeping;
	post->bell = bell;
}

bool post_put(struct post *post, struct post_word word)
{
	uint32_t head = ring_resume(&post->head);

	if (ring_space(head, &post->tail, POST_SLOTS) <= 0)
		return false;
	post->word[head % POST_SLOTS] = word;
	ring_publish(&post->head, head + 1);
	return true;
}

void post_ring(struct post *post)
{
	uint32_t head = ring_resume(&post->head);

	if (head == post->rung)
		return;
	post->rung = head;
	bell_ring_if(post->sleeping, post->bell);
}

bool post_take(struct post *post, struct post_word *word)
{
	uint32_t tail = ring_resume(&post->tail);

	if (ring_ready(tail, &post->head, POST_SLOTS) <= 0)
		return false;
	*word = post->word[tail % POST_SLOTS];
	ring_publish(&post->tail, tail + 1);
	return true;
}

bool post_waits(const struct post *post)
{
	return ring_ready(ring_resume(&post->tail), &post->head, POST_SLOTS) > 0;
}
