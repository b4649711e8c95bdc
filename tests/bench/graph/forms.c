// forms.c - which forms there are in this build, and the EAL they run on.
#include "tests/bench/graph/forms.h"
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

const struct form_kind *const form_kinds[] = {
	&form_fused,    &form_graph, &form_split,
#ifdef FORMS_DISPATCH
	&form_dispatch,
#endif
	NULL,
};

const struct form_kind *form_kind_named(const char *name)
{
	for (unsigned i = 0; form_kinds[i]; i++)
		if (!strcmp(form_kinds[i]->name, name))
			return form_kinds[i];
	return NULL;
}

// Two lcores that float over all the processors we may use.
static void lcores_floating(char *text, size_t size)
{
	size_t length = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned lcore = 0; lcore < 2; lcore++) {
		const char *before = lcore ? "),1@(" : "0@(";

		for (int cpu = 0; cpu < CPU_SETSIZE && length < size; cpu++)
			if (CPU_ISSET(cpu, &set)) {
				length += (size_t)snprintf(text + length, size - length, "%s%d", before, cpu);
				before = ",";
			}
	}
	if (length < size)
		snprintf(text + length, size - length, ")");
}

// No devices, no files, no huge pages: the graph library wants its memory zones, and the forms its threads.
bool forms_eal(const char *lcores)
{
	const char *words[] = { "forms", "--no-huge", "--no-shconf", "--no-pci",    "--no-telemetry", "-m",
				"64",    "--lcores",  lcores,        "--log-level", "lib.*:error" };
	char floating[2048], *argv[sizeof(words) / sizeof(*words)];

	if (!lcores) {
		lcores_floating(floating, sizeof(floating));
		words[8] = floating;
	}
	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++)
		argv[i] = (char *)(uintptr_t)words[i];
	if (rte_eal_init((int)(sizeof(words) / sizeof(*words)), argv) >= 0)
		return true;
	fprintf(stderr, "forms: the EAL did not start: %s\n", rte_strerror(rte_errno));
	return false;
}
