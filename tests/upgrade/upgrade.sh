# shellcheck shell=bash
# upgrade.sh - words for stories of upgrades under numbered traffic. Sourced by bash, first of all; brings the gauge and the lab.

GAUGE_PPS=${GAUGE_PPS:-10000}
. "$(dirname "${BASH_SOURCE[0]}")/../chaos/gauge.sh"
. "$SHOAL/tests/upgrade/other_build.sh"

GW_WORKERS=2 GAUGE_SESSIONS=512 GW_USAGE_MS=200
UPGRADE_TRIAL=(--canary 5% --watch 1)
UPGRADE_MS=60000

# Gateway and gauge are up, packets flow. HOME is a copy of the build that serves, at another path.
upgrade_begin() {
	gauge_begin
	HOME_BUILD=$LAB/home/shoal-nursery
	mkdir "$LAB/home"
	cp "$BUILD/workers/shoal-nursery" "$HOME_BUILD"
	gauge_start
}

# Runs one to its end; what it said is in $LAB/upgrade.
upgrade_to() { # path [option...]
	shoal upgrade --binary "$1" "${UPGRADE_TRIAL[@]}" "${@:2}" >"$LAB/upgrade" 2>&1
}

upgrade_phase() {
	shoal upgrade --status --json | jq -r .phase
}

upgrade_is() { # phase
	[[ $(upgrade_phase) == "$1" ]]
}

upgrade_said() { # text
	grep -qF -- "$1" "$LAB/upgrade" || {
		cat "$LAB/upgrade" >&2
		return 1
	}
}

# Nurseries there are, with everything they forked.
build_pids() {
	local pid
	for pid in $(shoal status --json | jq '.nests[].pid | select(. > 0)'); do echo "$pid" && pgrep -P "$pid" || true; done
}

pids_gone() { # pid...
	local pid
	(($#)) || return 1
	for pid in "$@"; do
		[[ ! -e /proc/$pid ]] || return 1
	done
}

# One build, all regular, nothing pinned, every shard in step with the controller.
upgrade_settled() {
	shoal status --json | jq -e '([.nests[] | select(.pid > 0)] | length == 1 and .[0].home and .[0].ready) and .courier_up and
		.changes_waiting == 0 and ([.workers[] | select(.guest)] | length) == 0' >/dev/null &&
		shoal shard ls --json | jq -e '[.shards[] | select(.pinned or .seat == null or (.in_step | not))] | length == 0' >/dev/null &&
		gateway_serves
}

serves_build() { # words of its name
	shoal status --json | jq -e --arg build "$1" '.nests[] | select(.home) | .build | contains($build)' >/dev/null
}

# What ctrl charged lies between what the gauge sent and what it received: packets by which it does not.
usage_wrong() {
	gauge_ask dump "$LAB/gauge.csv" >/dev/null
	sessions >"$LAB/charged"
	"$PYTHON" "$SHOAL/tests/chaos/faults.py" usage "$LAB/gauge.csv" "$LAB/charged"
}

usage_right() {
	[[ $(usage_wrong) == 0 ]]
}

# Of each session, nothing that was charged before is charged no more.
usage_grew() { # sessions before, sessions now
	jq -en --slurpfile before "$1" --slurpfile now "$2" '($now | map({(.id | tostring): .usage}) | add) as $new |
		[$before[] | select($new[.id | tostring].uplink_packets < .usage.uplink_packets or
			$new[.id | tostring].downlink_packets < .usage.downlink_packets)] | length == 0' >/dev/null
}

upgrade_end() {
	gauge_stop
	that "the packet account closes" wait_for 10 account_closes
	that "every packet is charged, once" wait_for 10 usage_right
	local name
	for name in primary ctrl gauge; do that "$name lives" lab_alive "$name"; done
}
