# shellcheck shell=bash
# build.sh - the build folder: made once, brought up to date afterwards.
# Sourced by bash after say.sh; $SHOAL is the repository's root.

build_up() { # folder [meson option...]
	local folder=$1 log
	shift
	log=$(mktemp)
	if [[ ! -e $folder/build.ninja ]]; then
		say_quietly "$log" meson setup "$@" "$folder" "$SHOAL" || {
			rm -f "$log"
			return 1
		}
	fi
	say_quietly "$log" ninja -C "$folder" || {
		rm -f "$log"
		return 1
	}
	rm -f "$log"
}
