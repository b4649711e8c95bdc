# shellcheck shell=bash
# build.sh - the build folder: made once, brought up to date afterwards.
# Sourced by bash after say.sh; $SHOAL is the repository's root.

build_up() { # folder target [meson option...]
	local folder=$1 target=$2 log
	shift 2
	log=$(mktemp)
	build_steps "$@" || {
		rm -f "$log"
		return 1
	}
	rm -f "$log"
}

build_steps() {
	[[ -e $folder/build.ninja ]] || say_quietly "$log" meson setup "$@" "$folder" "$SHOAL" || return 1
	say_quietly "$log" ninja -C "$folder" "$target"
}
