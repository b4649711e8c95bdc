// topo_draw.c - draws a machine on a terminal. Prints on stdout; one thread.
#include "ctrl/cli/topo_draw.h"
#include <stdio.h>
#include <string.h>
#include "ctrl/cli/sheet.h"
#include "ctrl/cli/units.h"

#define COLUMN 11u // characters a core
#define BOX_CORES 6u
#define ROW_WIDTH 104u
#define ROW_LINES 4u // edge, processors, who runs there, edge

struct topo_list topo_list(const struct topo *topo, size_t unit, int id)
{
	struct topo_list list = { "" };
	size_t used = 0;

	for (unsigned i = 0; i < topo->cpus && used < sizeof(list.text) - 12; i++) {
		unsigned last = i;

		if (topo_unit(&topo->cpu[i], unit) != id)
			continue;
		while (last + 1 < topo->cpus && topo_unit(&topo->cpu[last + 1], unit) == id &&
		       topo->cpu[last + 1].cpu == topo->cpu[last].cpu + 1)
			last++;
		used += (size_t)snprintf(list.text + used, sizeof(list.text) - used, "%s%d", used ? "," : "",
					 topo->cpu[i].cpu);
		if (last > i)
			used += (size_t)snprintf(list.text + used, sizeof(list.text) - used, "%s%d",
						 last > i + 1 ? "-" : ",", topo->cpu[last].cpu);
		i = last;
	}
	return list;
}

// Boxes side by side.
struct row {
	const struct topo *topo;
	struct placement_stage stage[PLACEMENT_STAGES];
	unsigned stages;
	int house;
	size_t used;
	char line[ROW_LINES][ROW_WIDTH + 2 * COLUMN]; // zeroes behind what is used
};

static void row_print(struct row *row)
{
	for (unsigned i = 0; i < ROW_LINES && row->used; i++)
		printf("  | %-*s |\n", (int)ROW_WIDTH, row->line[i]);
	row->used = 0;
	memset(row->line, 0, sizeof(row->line));
}

static const char *who(const struct row *row, int core)
{
	for (unsigned i = 0; i < row->stages; i++) {
		const struct topo_cpu *cpu = topo_find(row->topo, row->stage[i].cpu);

		if (cpu && cpu->core == core)
			return row->stage[i].name;
	}
	return core == row->house ? "house" : "";
}

static void cell(char *at, char edge, const char *text, char fill)
{
	size_t length = strlen(text);

	memset(at, fill, COLUMN);
	*at = edge;
	memcpy(at + 2, text, length < COLUMN - 2 ? length : COLUMN - 2);
}

// The first core opens the box.
static void core_add(struct row *row, const struct topo_cpu *cpu, bool first)
{
	char edge = first ? '+' : '-', wall = first ? '|' : ' ';

	cell(row->line[0] + row->used, edge, first && cpu->l2_kib ? " L2 " : "", '-');
	cell(row->line[1] + row->used, wall, topo_list(row->topo, TOPO_UNIT(core), cpu->core).text, ' ');
	cell(row->line[2] + row->used, wall, who(row, cpu->core), ' ');
	cell(row->line[3] + row->used, edge, "", '-');
	row->used += COLUMN;
}

static void box_close(struct row *row)
{
	static const char edge[ROW_LINES][3] = { "+ ", "| ", "| ", "+ " };

	for (unsigned i = 0; i < ROW_LINES; i++)
		strcpy(row->line[i] + row->used, edge[i]);
	row->used += 2;
}

static unsigned cores_in(const struct topo *topo, int l2)
{
	unsigned cores = 0;

	for (unsigned i = 0; i < topo->cpus; i++)
		cores += topo->cpu[i].l2 == l2 && topo_leads(topo, i, TOPO_UNIT(core));
	return cores;
}

// A boundary of very many cores goes on in another box.
static void box_draw(struct row *row, int l2)
{
	unsigned cores = cores_in(row->topo, l2), done = 0;

	for (unsigned i = 0; i < row->topo->cpus; i++) {
		if (row->topo->cpu[i].l2 != l2 || !topo_leads(row->topo, i, TOPO_UNIT(core)))
			continue;
		if (done % BOX_CORES == 0 &&
		    row->used + (cores - done < BOX_CORES ? cores - done : BOX_CORES) * COLUMN + 1 > ROW_WIDTH)
			row_print(row);
		core_add(row, &row->topo->cpu[i], done % BOX_CORES == 0);
		done++;
		if (done == cores || done % BOX_CORES == 0)
			box_close(row);
	}
}

static void frame(const char *title)
{
	printf("  +-%s", title);
	for (size_t i = strlen(title); i < ROW_WIDTH + 1; i++)
		putchar('-');
	puts("+");
}

static void group_draw(struct row *row, const struct topo_cpu *first)
{
	const struct topo *topo = row->topo;
	char title[64] = " one NUMA node, no L3 shown ";

	if (first->l3_kib)
		snprintf(title, sizeof(title), " L3, %s ", units_bytes((uint64_t)first->l3_kib << 10).text);
	frame(title);
	for (unsigned i = 0; i < topo->cpus; i++)
		if (topo->cpu[i].group == first->group && topo->cpu[i].node == first->node &&
		    topo_leads(topo, i, TOPO_UNIT(l2)))
			box_draw(row, topo->cpu[i].l2);
	row_print(row);
	frame("");
}

static void node_title(const struct topo *topo, int node)
{
	printf("node %d: CPUs %s", node, topo_list(topo, TOPO_UNIT(node), node).text);
	for (unsigned i = 0; i < topo->nics; i++)
		if (topo->nic[i].node == node)
			printf("; NIC %s%s%s", topo->nic[i].name, *topo->nic[i].name ? " " : "", topo->nic[i].address);
	putchar('\n');
}

// Is it the first of its group on its node?
static bool opens_group(const struct topo *topo, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (topo->cpu[k].group == topo->cpu[i].group && topo->cpu[k].node == topo->cpu[i].node)
			return false;
	return true;
}

void topo_draw(const struct topo *topo, const struct placement *placement)
{
	struct row row = { .topo = topo, .house = placement->house };

	row.stages = placement_stages(placement, row.stage);
	if (topo->hidden)
		puts("This machine hides its caches; each core counts as a boundary, and nothing is refused.");
	for (unsigned i = 0; i < topo->cpus; i++) {
		if (!topo_leads(topo, i, TOPO_UNIT(node)))
			continue;
		node_title(topo, topo->cpu[i].node);
		for (unsigned k = i; k < topo->cpus; k++)
			if (topo->cpu[k].node == topo->cpu[i].node && opens_group(topo, k))
				group_draw(&row, &topo->cpu[k]);
	}
}

void topo_draw_stages(const struct topo *topo, const struct placement *placement)
{
	static const char *const titles[] = { "LOOP", ">CPU", "CORE", "L2", "L3", ">NODE", NULL };
	struct placement_stage stage[PLACEMENT_STAGES];
	unsigned stages = placement_stages(placement, stage);
	struct sheet sheet;

	sheet_open(&sheet, titles);
	for (unsigned i = 0; i < stages; i++) {
		const struct topo_cpu *cpu = topo_find(topo, stage[i].cpu);

		sheet_cell(&sheet, "%s", stage[i].name);
		sheet_cell(&sheet, "%d", stage[i].cpu);
		sheet_cell(&sheet, "%s", cpu ? topo_list(topo, TOPO_UNIT(core), cpu->core).text : "none");
		sheet_cell(&sheet, "%s", cpu && cpu->l2_kib ? topo_list(topo, TOPO_UNIT(l2), cpu->l2).text : "-");
		sheet_cell(&sheet, "%s", cpu && cpu->l3_kib ? topo_list(topo, TOPO_UNIT(group), cpu->group).text : "-");
		sheet_cell(&sheet, "%d", cpu ? cpu->node : TOPO_NONE);
	}
	sheet_close(&sheet, stdout);
}
