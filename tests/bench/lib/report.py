"""report - what the benchmarks said: a table for the terminal, report.md with the figures, report.json for programs."""
import json
import pathlib

import bench

SIGN = {"less": "<=", "more": ">="}


def short(value):
    """Three or four digits that matter."""
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1e7:
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1e5 else f"{value:.3g}"


def goal(claim, which):
    if claim[which] is None:
        return "-"
    reached = " +" if which == "stretch" and bench.verdict({**claim, "gate": claim["stretch"]}) == "held" else ""
    return f"{SIGN[claim['better']]} {short(claim[which])}{reached}"


def row(claim, void):
    span = "-" if claim["low"] is None else f"{short(claim['low'])} .. {short(claim['high'])}"
    said = bench.verdict(claim, void)
    return [claim["what"], f"{short(claim['value'])} {claim['unit']}", span, goal(claim, "gate"), goal(claim, "stretch"),
            "-" if said == "told" else said]


HEAD = ["what", "value", "95 %", "gate", "stretch", "verdict"]


def columns(rows):
    """Lines of a table for a terminal."""
    wide = [max(len(r[i]) for r in rows) for i in range(len(HEAD))]
    return ["   " + "  ".join(cell.ljust(wide[i]) for i, cell in enumerate(r)).rstrip() for r in rows]


def control(done):
    ratio = done["result"]["control"]
    words = "no control" if ratio is None else f"control {ratio:.3f}"
    return words + (", void" if done["result"]["void"] else "") + (f", run {done['tries']} times" if done["tries"] > 1 else "")


def busy(done):
    """Said at once: times taken beside a busy neighbour are his as much as ours."""
    cores = done.get("machine", {}).get("others_cores", 0)
    return f"; OTHERS KEPT {cores:.1f} CORES BUSY" if cores > 0.2 and done["seconds"] > 5 else ""


def lines(done):
    """What one benchmark said, for the terminal."""
    result = done["result"]
    rows = [HEAD] + [row(c, result["void"]) for c in result["claims"]]
    return columns(rows) + [f"   {control(done)}, {done['seconds']:.0f} s{busy(done)}"] + [f"   note: {note}" for note in result["notes"]]


def table(head, rows):
    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"

    return [line(head), "|" + "---|" * len(head)] + [line(r) for r in rows]


def cores(at):
    cpus = range(len(at["pingpong_ns"]))
    text = table(["ns there and back"] + [f"cpu {i}" for i in cpus],
                 [[f"cpu {i}"] + [short(ns) for ns in line] for i, line in enumerate(at["pingpong_ns"])])
    still = ", ".join(f"cpu {gap['cpu']:.0f}: {gap['gaps']:.0f} ({gap['longest_us']:.0f})" for gap in at["gaps"])
    return text + ["", f"Gaps over 20 us in 0.1 s, and the longest in us: {still}", ""]


def during(machine):
    return (f"While it ran: {machine['stolen_ms']:.0f} ms stolen by the host, {machine['run_delay_ms']:.0f} ms its threads were "
            f"ready but not running, {machine['involuntary_switches']} switches against their will; others kept "
            f"{machine['others_cores']:.1f} cores busy.")


def section(done):
    result = done["result"]
    text = [f"## {result['name']}", "", result["about"], ""]
    text += table(HEAD, [row(c, result["void"]) for c in result["claims"]])
    text += ["", f"{control(done)}; {done['seconds']:.0f} s{busy(done)}; raw slices: [{result['name']}/slices.csv]({result['name']}/slices.csv)", ""]
    text += [f"- {note}" for note in result["notes"]] + [""]
    for plot in result["plots"]:
        text += [f"![{plot['title']}]({result['name']}/{plot['file']}.svg)", ""]
    machine = done["machine"]
    text += ["<details><summary>the machine</summary>", "", during(machine), "", "Before:", ""] + cores(machine["before"])
    return text + ["After:", ""] + cores(machine["after"]) + ["</details>", ""]


def summary(dones):
    rows = []
    for done in dones:
        for claim in done["result"]["claims"]:
            said = bench.verdict(claim, done["result"]["void"])
            if said != "told":
                rows.append([done["result"]["name"]] + row(claim, done["result"]["void"]))
    return table(["bench"] + HEAD, rows)


def counts(dones):
    said = [bench.verdict(c, d["result"]["void"]) for d in dones for c in d["result"]["claims"]]
    return {word: said.count(word) for word in ("held", "missed", "void")}


def write(out, facts, dones, others):
    """others: {name: why it is not among them}."""
    out = pathlib.Path(out)
    text = ["# Benchmarks", "", f"{facts['cpu']}, {len(facts['cpus'])} cpus, {facts['memory_mib']} MiB, Linux {facts['kernel']}, "
            f"hypervisor: {facts['hypervisor']}; scale {facts['scale']}, build {facts['commit']}.", "",
            "Read ratios: on a shared machine cores move between cache groups. A claim holds if the bad end of its interval does. A void "
            "run's times are not judged, its exact counts are. `+`: the stretch goal is reached too.", ""]
    text += summary(dones) + [""] + [f"- {name}: {why}" for name, why in others.items()] + [""]
    for done in dones:
        text += section(done)
    (out / "report.md").write_text("\n".join(text))
    (out / "report.json").write_text(json.dumps({"machine": facts, "counts": counts(dones), "benches": dones, "others": others}, indent=1) + "\n")
