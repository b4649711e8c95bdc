// topo_json.c - a machine and a placement as JSON. Pure but for the memory it returns.
#include "ctrl/cli/topo_draw.h"

json_t *topo_json_cpus(const struct topo *topo, size_t unit, int id)
{
	json_t *cpus = json_array();

	for (unsigned i = 0; i < topo->cpus; i++)
		if (topo_unit(&topo->cpu[i], unit) == id)
			json_array_append_new(cpus, json_integer(topo->cpu[i].cpu));
	return cpus;
}

static json_t *size_or_null(uint32_t kib)
{
	return kib ? json_integer(kib) : json_null();
}

static json_t *boundaries_json(const struct topo *topo, int group)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < topo->cpus; i++) {
		const struct topo_cpu *cpu = &topo->cpu[i];

		if (cpu->group == group && topo_leads(topo, i, TOPO_UNIT(l2)))
			json_array_append_new(array, json_pack("{s:o, s:o}", "cpus",
							       topo_json_cpus(topo, TOPO_UNIT(l2), cpu->l2), "l2_kib",
							       size_or_null(cpu->l2_kib)));
	}
	return array;
}

static json_t *groups_json(const struct topo *topo)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < topo->cpus; i++) {
		const struct topo_cpu *cpu = &topo->cpu[i];

		if (topo_leads(topo, i, TOPO_UNIT(group)))
			json_array_append_new(array, json_pack("{s:i, s:o, s:o, s:o}", "node", cpu->node, "l3_kib",
							       size_or_null(cpu->l3_kib), "cpus",
							       topo_json_cpus(topo, TOPO_UNIT(group), cpu->group),
							       "boundaries", boundaries_json(topo, cpu->group)));
	}
	return array;
}

static json_t *cores_json(const struct topo *topo)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < topo->cpus; i++)
		if (topo_leads(topo, i, TOPO_UNIT(core)))
			json_array_append_new(array, topo_json_cpus(topo, TOPO_UNIT(core), topo->cpu[i].core));
	return array;
}

static json_t *nics_json(const struct topo *topo)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < topo->nics; i++) {
		const struct topo_nic *nic = &topo->nic[i];

		json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "name", nic->name, "address", nic->address,
						       "node", nic->node < 0 ? json_null() : json_integer(nic->node)));
	}
	return array;
}

json_t *topo_json(const struct topo *topo)
{
	return json_pack("{s:b, s:o, s:o, s:o}", "hidden", topo->hidden, "cores", cores_json(topo), "groups",
			 groups_json(topo), "nics", nics_json(topo));
}

static json_t *stage_json(const struct topo *topo, const struct placement_stage *stage)
{
	const struct topo_cpu *cpu = topo_find(topo, stage->cpu);

	if (!cpu)
		return json_pack("{s:s, s:i}", "loop", stage->name, "cpu", stage->cpu);
	return json_pack("{s:s, s:i, s:o, s:o, s:o, s:i}", "loop", stage->name, "cpu", stage->cpu, "core",
			 topo_json_cpus(topo, TOPO_UNIT(core), cpu->core), "l2",
			 cpu->l2_kib ? topo_json_cpus(topo, TOPO_UNIT(l2), cpu->l2) : json_null(), "l3",
			 cpu->l3_kib ? topo_json_cpus(topo, TOPO_UNIT(group), cpu->group) : json_null(), "node",
			 cpu->node);
}

json_t *topo_json_stages(const struct topo *topo, const struct placement *placement)
{
	struct placement_stage stage[PLACEMENT_STAGES];
	unsigned stages = placement_stages(placement, stage);
	json_t *array = json_array();

	for (unsigned i = 0; i < stages; i++)
		json_array_append_new(array, stage_json(topo, &stage[i]));
	return array;
}
