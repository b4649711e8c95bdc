# shellcheck shell=bash
# other_build.sh - nurseries of other builds: the source tree is copied, changed by variant.py, and built. Each is made once as long as
# the sources stay what they are. Sourced by bash after the lab.

OTHER=$BUILD/upgrade

other_stamp() {
	(cd "$SHOAL" && find meson.build meson_options.txt shared workers proto tests/upgrade/variant.py -type f -print0 | sort -z |
		xargs -0 cat | sha256sum | cut -d ' ' -f 1)
}

other_fresh() { # name
	[[ -x $OTHER/bin/$1 && $(cat "$OTHER/stamp-$1" 2>/dev/null) == "$(other_stamp)" ]]
}

# All of them in one tree, one after the other: most of it is compiled once.
other_build() { # name...
	mkdir -p "$OTHER/bin"
	(
		flock 9
		for name in "$@"; do other_fresh "$name" || other_make "$name"; done
	) 9>"$OTHER/lock"
}

other_make() { # name
	local stamp
	stamp=$(other_stamp)
	mkdir -p "$OTHER/tree"
	"$PYTHON" "$SHOAL/tests/upgrade/variant.py" "$SHOAL" "$OTHER/tree" "$1"
	if [[ -e $OTHER/build/build.ninja ]]; then
		meson setup --reconfigure "$OTHER/build" "$OTHER/tree" >"$OTHER/log" 2>&1
	else
		meson setup "$OTHER/build" "$OTHER/tree" >"$OTHER/log" 2>&1
	fi || { tail -20 "$OTHER/log"; return 1; }
	ninja -C "$OTHER/build" workers/shoal-nursery >"$OTHER/log" 2>&1 || { tail -20 "$OTHER/log"; return 1; }
	install -m 755 "$OTHER/build/workers/shoal-nursery" "$OTHER/bin/$1"
	echo "$stamp" >"$OTHER/stamp-$1"
}
