"""draw - a plot of a result as SVG and PNG, by gnuplot. Its data and script are kept beside it."""
import pathlib
import shutil
import subprocess

COLOURS = ("#0b6e99", "#d1495b", "#3a7d44", "#edae49", "#6a4c93", "#8d6346", "#222222", "#66a5ad")
TERMINALS = {"svg": "svg size 840,520 font 'sans,14' background '#ffffff'", "png": "pngcairo size 1260,780 font 'sans,15'"}


def possible():
    return shutil.which("gnuplot") is not None


def quoted(text):
    """For gnuplot, between single quotes; '_' and '^' are no orders there ('noenhanced')."""
    return "'" + text.replace("'", "''").replace("\n", " ") + "'"


def data(plot):
    blocks = []
    for series in plot["series"]:
        points = sorted(series["points"])
        blocks.append("\n".join(f"{x} {y} {y if low is None else low} {y if high is None else high}" for x, y, low, high in points))
    return "\n\n\n".join(blocks) + "\n"


def script(plot, terminal, target):
    lines = [f"set terminal {TERMINALS[terminal]} noenhanced", f"set output {quoted(target)}",
             f"set title {quoted(plot['title'])}", f"set xlabel {quoted(plot['x'])}", f"set ylabel {quoted(plot['y'])}",
             "set grid lc rgb '#dddddd'", "set key below", "set border 3", "set tics nomirror", "set offsets graph 0.03, graph 0.03, graph 0.05, graph 0"]
    lines += [f"set logscale {axis}" for axis in "xy" if plot["log" + axis]]
    if not plot["logy"]:
        lines.append("set yrange [0:*]" if all(p[1] >= 0 for s in plot["series"] for p in s["points"]) else "set yrange [*:*]")
    curves = []
    for i, series in enumerate(plot["series"]):
        look = f"lw 2 pt 7 ps 0.5 lc rgb '{COLOURS[i % len(COLOURS)]}' dt {1 + i // len(COLOURS)}"
        curves.append(f"'{plot['file']}.dat' index {i} using 1:2:3:4 with yerrorlines {look} title {quoted(series['name'])}")
    return "\n".join(lines) + "\nplot " + ", \\\n     ".join(curves) + "\n"


def draw(plot, folder):
    """Writes FILE.svg, FILE.png, FILE.dat and FILE.gp."""
    folder = pathlib.Path(folder)
    (folder / f"{plot['file']}.dat").write_text(data(plot))
    for terminal in TERMINALS:
        (folder / f"{plot['file']}.gp").write_text(script(plot, terminal, f"{plot['file']}.{terminal}"))
        subprocess.run(["gnuplot", f"{plot['file']}.gp"], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60)
