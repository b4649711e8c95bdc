// measures_delay.c - how late it is told that a packet waits (TS 29.244 8.2.28): as the rule says whose packet is the first one. Pure.
#include "ctrl/usage/measures_inside.h"

static const Shoal__Oss__Forward *telling(const Shoal__Oss__Session *message, size_t i)
{
	const Shoal__Oss__Forward *forward = message->rules[i]->forward;

	return forward && forward->notify ? forward : NULL;
}

static struct measured_delay *delays(struct measured *measured)
{
	return (struct measured_delay *)&measured->measure[measured->count];
}

bool delays_any(const Shoal__Oss__Session *message)
{
	for (size_t i = 0; i < message->n_rules; i++)
		if (telling(message, i) && telling(message, i)->notify_delay_ms)
			return true;
	return false;
}

// Nearly always all say the same.
unsigned delays_count(const Shoal__Oss__Session *message)
{
	const Shoal__Oss__Forward *first = NULL, *forward;
	unsigned count = 0;
	bool differ = false;

	for (size_t i = 0; i < message->n_rules; i++) {
		forward = telling(message, i);
		if (!forward)
			continue;
		first = first ? first : forward;
		differ |= forward->notify_delay_ms != first->notify_delay_ms;
		count++;
	}
	return differ ? count : 0;
}

void delays_take(struct measured *measured, const Shoal__Oss__Session *message)
{
	unsigned taken = 0;

	for (size_t i = 0; i < message->n_rules; i++) {
		const Shoal__Oss__Forward *forward = telling(message, i);

		if (forward && taken < measured->delays)
			delays(measured)[taken++] =
			    (struct measured_delay){ message->rules[i]->id, forward->notify_delay_ms };
		else if (forward)
			measured->delay_ms = forward->notify_delay_ms;
	}
}

uint32_t delay_of(const struct measured *measured, uint16_t rule)
{
	const struct measured_delay *delay = (const struct measured_delay *)&measured->measure[measured->count];

	for (unsigned i = 0; i < measured->delays; i++)
		if ((uint16_t)delay[i].rule == rule)
			return delay[i].ms;
	return measured->delay_ms;
}
