#!/usr/bin/python3
"""folders - the top level holds what it may, and each folder a newcomer enters says what is in it."""
import house

TOP = {
    "meson.build", "meson_options.txt", "primary", "workers", "cost", "ctrl", "proto", "shared", "topo", "tests", "deploy",
    "README.md", "ARCHITECTURE.md", "LICENSE",
}
README_LINES = 60
GUIDED = ("tests", "deploy")  # one README at their top speaks for what is inside

names = house.files()
for top in sorted({f.parts[0] for f in names}):
    if top not in TOP and not top.startswith("."):
        house.fault(top, 0, "has no place at the top level")
folders = {f.parts[0] for f in names if len(f.parts) > 1}
folders |= {str(f.parent) for f in names if f.suffix in (".c", ".h", ".proto") and f.parts[0] not in GUIDED}
for folder in sorted(f for f in folders if not f.startswith(".")):
    readme = house.root / folder / "README.md"
    if not readme.exists():
        house.fault(folder, 0, "no README.md")
    elif folder not in GUIDED and len(readme.read_text().splitlines()) > README_LINES:
        house.fault(f"{folder}/README.md", 0, f"more than {README_LINES} lines")
house.done()
