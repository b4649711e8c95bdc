// machine.c - reads recorded machines, and writes them in one line each.
#include "tests/unit/machine.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void machine_read(struct topo *topo, const char *name)
{
	const char *root = getenv("SHOAL_SOURCE");
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/topo/%s.xml", root ? root : ".", name);
	assert_int_equal(topo_read(topo, path), 0);
}

static char text[4096];

static void put(const char *what)
{
	strncat(text, what, sizeof(text) - strlen(text) - 1);
}

static void put_number(int number)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%d", number);
	put(digits);
}

static void put_core(const struct topo *topo, int core)
{
	const char *between = "";

	for (unsigned i = 0; i < topo->cpus; i++) {
		if (topo->cpu[i].core != core)
			continue;
		put(between);
		put_number(topo->cpu[i].cpu);
		between = "+";
	}
}

static void put_boundary(const struct topo *topo, int l2)
{
	const char *between = "";

	for (unsigned i = 0; i < topo->cpus; i++) {
		if (topo->cpu[i].l2 != l2 || !topo_leads(topo, i, TOPO_UNIT(core)))
			continue;
		put(between);
		put_core(topo, topo->cpu[i].core);
		between = " ";
	}
}

static void put_group(const struct topo *topo, int group)
{
	const char *between = "(";

	for (unsigned i = 0; i < topo->cpus; i++) {
		if (topo->cpu[i].group != group || !topo_leads(topo, i, TOPO_UNIT(l2)))
			continue;
		put(between);
		put_boundary(topo, topo->cpu[i].l2);
		between = "|";
	}
	put(")");
}

static void put_node(const struct topo *topo, int node)
{
	put_number(node);
	put("{");
	for (unsigned i = 0; i < topo->cpus; i++)
		if (topo->cpu[i].node == node && topo_leads(topo, i, TOPO_UNIT(group)))
			put_group(topo, topo->cpu[i].group);
	put("}");
}

const char *machine_text(const struct topo *topo)
{
	*text = '\0';
	for (unsigned i = 0; i < topo->cpus; i++)
		if (topo_leads(topo, i, TOPO_UNIT(node)))
			put_node(topo, topo->cpu[i].node);
	return text;
}
