#!/usr/bin/env python3
"""variant.py SOURCE TREE NAME: brings TREE to what SOURCE is but for the changes of another build: another layout of lines, other
fields in the feed, or one of the bad builds that an upgrade has to turn away. Each change says what it expects to find, and fails if
that is gone (variant.py SOURCE alone looks for all of it). Files that are as they were are not written, so that they are not compiled
again."""
import pathlib
import sys

REST = """	uint32_t advised; // when its last router advertisement was sent (workers/pipe/advert.h)
};
_Static_assert(sizeof(struct rest) == 64, "one line");"""
LINE = """	uint64_t tc, te;    // committed and excess tokens (RFC 2697 section 3)
	uint64_t bytes;     // forwarded, inner IP bytes"""
BURST = "void pipe_burst(struct pipe *pipe, struct lane_handle *handles, unsigned n, uint64_t now)\n{"

# Before the burst is worked on; after it.
def burst(before):
	return [("workers/pipe/pipe.c", BURST, BURST + "\n" + before)]

def pipe_end(after):
	return [("workers/pipe/pipe.c", BURST, BURST.replace("pipe_burst", "burst_well").replace("void", "static void")),
		("workers/pipe/pipe.c", None, "\nvoid pipe_burst(struct pipe *pipe, struct lane_handle *handles, unsigned n, uint64_t now)\n"
			"{\n\tburst_well(pipe, handles, n, now);\n" + after + "}\n")]

VARIANTS = {
	"lines": [
		("shared/plane/region.h", REST, REST.replace("advised;", "advised, reserved[16];").replace("== 64", "== 128")),
		("shared/plane/region.h", LINE, "\n".join(reversed(LINE.split("\n")))),
	],
	"feed": [
		("proto/feed.proto", "  uint32 down_flags = 12;\n", "  uint32 down_flags = 12;\n  uint32 slice = 99;\n"),
		("shared/wire/bearer.h", "	uint8_t reserved;\n", "	uint8_t slice;\n"),
		("shared/wire/bearer.c", "	return mix(digest, digest >> 29);",
			"	if (bearer->slice)\n\t\tdigest = mix(digest, bearer->slice);\n	return mix(digest, digest >> 29);"),
		("proto/feed_encode.c", "	shoal__feed__bearer__init(out);\n", "	shoal__feed__bearer__init(out);\n	out->slice = in->slice;\n"),
		("proto/feed.proto", "  uint32 nest = 12;\n", "  uint32 nest = 12;\n  uint32 slices = 99;\n"),
		("proto/feed_encode.c", "	out->nest = in->nest;\n", "	out->nest = in->nest;\n	out->slices = 7;\n"),
		("proto/feed_decode.c", "	*out = (struct bearer){\n", "	*out = (struct bearer){\n		.slice = (uint8_t)in->slice,\n"),
	],
	"dies": burst("	static unsigned seen;\n\n	seen += n;\n	if (seen >= 1000)\n		__builtin_trap();\n"),
	"drops": pipe_end("	static unsigned seen;\n\n	for (unsigned i = 0; i < n; i++)\n"
		"		if (handles[i].code == VERDICT_FORWARD && ++seen % 10 == 0)\n			handles[i].code = VERDICT_BAD_IP;\n"),
	"slow": burst("	for (volatile unsigned wait = 0; wait < n * 10000; wait++)\n		;\n"),
	"past": [("workers/courier/courier_turn.c", "	hello->skills = SHEET_SKILLS;\n", "")],
	"abi": [("shared/plane/build.h", "#define PLANE_ABI 1u", "#define PLANE_ABI 999u")],
}


def edited(path, text, edits):
	for place, old, new in edits:
		if place != path:
			continue
		if old is not None and text.count(old) != 1:
			sys.exit(f"{path}: '{old}' is there {text.count(old)} times, not once: variant.py does not know this tree")
		text = text + new if old is None else text.replace(old, new)
	return text


def all_known(source):
	for edits in VARIANTS.values():
		for path in {place for place, _, _ in edits}:
			edited(path, (source / path).read_text(), edits)


def files_of(root):
	for path in root.rglob("*"):
		name = path.relative_to(root).as_posix()
		if path.is_file() and name.split("/")[0] != ".git" and not name.startswith("build"):
			yield name


def main():
	if len(sys.argv) == 2:
		return all_known(pathlib.Path(sys.argv[1]))
	source, tree, name = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
	edits = VARIANTS[name] + [("shared/plane/build.c.in", "@VCS_TAG@", "other-" + name)]
	wanted = set(files_of(source))
	for path in wanted:
		new = (source / path).read_bytes()
		if any(place == path for place, _, _ in edits):
			new = edited(path, new.decode(), edits).encode()
		target = tree / path
		if target.is_file() and target.read_bytes() == new:
			continue
		target.parent.mkdir(parents=True, exist_ok=True)
		target.write_bytes(new)
		target.chmod((source / path).stat().st_mode)
	for path in set(files_of(tree)) - wanted:
		(tree / path).unlink()


main()
