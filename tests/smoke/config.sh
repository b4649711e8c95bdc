#!/bin/bash
# Wrong configurations: each is refused at once, with one line that names what is wrong; and --check says so without starting.
#
#   no network needed but the namespaces; nothing may stay behind
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
story_needs "${STORY_NEEDS[@]}"
lab_open
net_up
lab_hugepages "$GW_MIB"
gateway_config
cp "$LAB/shoal.yaml" "$LAB/good.yaml"

refuses() { # program pattern
	local code=0
	timeout 30 ip netns exec "${LAB##*/}-gw" "$BUILD/$(gateway_program "$1")" --config "$LAB/shoal.yaml" >"$LAB/words" 2>&1 || code=$?
	((code != 0 && code != 124)) && grep -Eq "$2" "$LAB/words" || { cat "$LAB/words"; return 1; }
}
edit() { sed "$1" "$LAB/good.yaml" >"$LAB/shoal.yaml"; }

for name in primary nursery ctrl; do
	edit 's/role: access/role: sideways/'
	that "$name: an unknown word is named with its line" refuses "$name" 'shoal.yaml:[0-9]+.*role'
	edit 's/^workers:/\tworkers:/'
	that "$name: what is not YAML is named with its line" refuses "$name" 'shoal.yaml:[0-9]+'
done
edit 's/mtu: 1600/mtu: 200/'
that "a value out of bounds" refuses primary 'ports\[0\].mtu'
edit 's/device: n6/device: nowhere0/'
that "an interface that is not there" refuses primary 'nowhere0'
edit 's/rooms: 16384/rooms: 1000000/'
that "too few hugepages" refuses primary '[Hh]uge'
edit "s|hugepage_dir: .*|hugepage_dir: $LAB/nothing|"
that "a hugepage directory that is not there" refuses primary "$LAB/nothing"
for name in primary ctrl; do
	edit ''
	that "$name --check accepts the good one" "$BUILD/$(gateway_program "$name")" --config "$LAB/shoal.yaml" --check
	edit 's/mtu: 1600/mtu: 200/'
	that "$name --check refuses the bad one" not "$BUILD/$(gateway_program "$name")" --config "$LAB/shoal.yaml" --check
done
