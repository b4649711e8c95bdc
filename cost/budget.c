// budget.c - the time of one frame on the wire. Pure.
#include "cost/budget.h"

double budget_ns(unsigned bytes, double gbps)
{
	return gbps > 0 ? (bytes + BUDGET_WIRE_BYTES) * 8 / gbps : 0;
}

double budget_cores_ns(unsigned bytes, double gbps, unsigned cores)
{
	return budget_ns(bytes, gbps) * cores;
}
