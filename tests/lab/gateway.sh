# shellcheck shell=bash
# gateway.sh - the gateway of a lab: its configuration, its processes, its sessions.
# Sourced by bash after netlab.sh. A story changes what it wants of the GW_* words before gateway_config.

GW_MIB=${GW_MIB:-640}    # hugepages
GW_WORKERS=${GW_WORKERS:-2}
GW_DRIVER=${GW_DRIVER:-af_xdp}
GW_OPTIONS=${GW_OPTIONS:-}
GW_ROOMS=${GW_ROOMS:-16384}
GW_HOLD=${GW_HOLD:-2048}
GW_IDLE=${GW_IDLE:-adaptive}
GW_PRIMARY_CPU=${GW_PRIMARY_CPU:-any}
GW_WORKER_CPUS=${GW_WORKER_CPUS:-} # with commas between; empty: as the primary places them itself
GW_HOUSE_CPUS=${GW_HOUSE_CPUS:-}   # of all but the loops that have one of their own; empty: all
GW_USAGE_MS=${GW_USAGE_MS:-1000}
GW_MUTE=${GW_MUTE-86400} # seconds without Error Indications: as a story is slow or fast, it must count the same. Empty: unsaid
GW_LINK_MTU=${GW_LINK_MTU:-0}
GW_N3_MTU=${GW_N3_MTU:-1600}
GW_STORE_MIB=${GW_STORE_MIB:-64}
GW_STORE_DIR=${GW_STORE_DIR:-}
GW_CTRL_USER=${GW_CTRL_USER:-none}
GW_NURSERY=${GW_NURSERY:-workers/shoal-nursery} # a crash test takes the build with faults
GW_CTRL=${GW_CTRL:-ctrl/shoal-ctrl}
GW_RULES=${GW_RULES:-} # bytes for a session's rules
GW_MORE=${GW_MORE:-} # sections of its own

gateway_config() {
	cat >"$LAB/shoal.yaml" <<-END
		run_dir: $LAB/run
		log_level: info
		idle: $GW_IDLE
		ports:
		  - name: n3
		    driver: $GW_DRIVER
		    device: ${GW_DEVICE_N3:-n3}
		    options: '$GW_OPTIONS'
		    role: access
		    vlan: $NET_VLAN_N3
		    mtu: $GW_N3_MTU
		    addresses: [10.99.3.1/24, 'fd99:3::1/64']
		  - name: n6
		    driver: $GW_DRIVER
		    device: ${GW_DEVICE_N6:-n6}
		    options: '$GW_OPTIONS'
		    role: core
		    vlan: $NET_VLAN_N6
		    mtu: 1500
		    addresses: [10.99.6.1/24, 'fd99:6::1/64']
		workers:
		  count: $GW_WORKERS
		  cpus: [$GW_WORKER_CPUS]
		primary:
		  cpu: $GW_PRIMARY_CPU
		  hugepage_dir: $LAB/huge
		  record_dir: $LAB/records
		  rooms: $GW_ROOMS
		  hold: $GW_HOLD
		pools:
		  - dnn: internet
		    ipv4: ${GW_POOL:-10.45.0.0/16}
		    ipv6: '${GW_POOL6:-2001:db8::/48}'
		limits:
		  foreign_slots: 16
		  rates: 64
		  ${GW_RULES:+rules_bytes: $GW_RULES}
		ctrl:
		  user: $GW_CTRL_USER
		  store_dir: ${GW_STORE_DIR:-$LAB/store}
		  store_mib: $GW_STORE_MIB
		  usage_interval_ms: $GW_USAGE_MS
	END
	[[ -z $GW_MUTE ]] ||
		printf 'gtpu:\n  error_indication_mute_seconds: %s\n  link_mtu: %s\n' "$GW_MUTE" "$GW_LINK_MTU" >>"$LAB/shoal.yaml"
	[[ -z ${GW_ECHO:-} ]] || # seconds between Echo Requests, T3 in milliseconds, N3
		# shellcheck disable=SC2086
		printf '  echo_seconds: %s\n  echo_t3_ms: %s\n  echo_n3: %s\n' $GW_ECHO >>"$LAB/shoal.yaml"
	echo "$GW_MORE" >>"$LAB/shoal.yaml"
}

gateway_start_one() { # primary|nursery|ctrl
	lab_start "$1" gw ${GW_HOUSE_CPUS:+taskset --cpu-list "$GW_HOUSE_CPUS"} "$BUILD/$(gateway_program "$1")" --config "$LAB/shoal.yaml"
}

gateway_program() { # primary|nursery|ctrl
	case $1 in
	primary) echo primary/shoal-primary ;;
	nursery) echo "$GW_NURSERY" ;;
	ctrl) echo "$GW_CTRL" ;;
	esac
}

# Network, hugepages, configuration, and the processes in an order drawn by lot: it must not matter.
gateway_up() {
	lab_hugepages "$GW_MIB"
	gateway_config
	gateway_start
}

gateway_start() {
	local name
	GW_ORDER=$(shuf -e primary nursery ctrl | tr '\n' ' ')
	for name in $GW_ORDER; do gateway_start_one "$name"; done
	for name in $GW_ORDER; do lab_expect "$name" process.ready; done
	wait_for 30 gateway_serves || {
		echo "the workers did not come up: $(shoal worker ls 2>&1)" >&2
		return 1
	}
}

# All wanted workers are ready, and every shard has an owner.
gateway_serves() {
	local status
	status=$(shoal status --json 2>/dev/null) || return 1
	jq -e --argjson n "$GW_WORKERS" \
		'([.workers[] | select(.slow | not) | select(.state == "ready")] | length) >= $n and
		([.workers[] | select(.slow) | select(.state == "ready")] | length) == 1 and
		([.workers[].shards] | add) == 256' <<<"$status" >/dev/null
}

gateway_stop() {
	local name
	for name in ctrl nursery primary; do lab_stop "$name"; done
	wait_for 10 lab_none "${LAB##*/}-gw"
}

# ---- Asking

shoal() {
	"$BUILD/ctrl/cli/shoal" --connect "ipc://$LAB/run/oss.ipc" "$@"
}

# rx = forwarded + refused + lent + held, as ctrl says it and as we reckon it.
account_closes() {
	shoal status --json | jq -e '.account | .closes and .rx == .forwarded + .refused + .lent + .held' >/dev/null
}

account_line() {
	shoal status --json | jq -r '.account | "\(.rx) = \(.forwarded) forwarded + \(.refused) refused + \(.lent + .held) in flight"'
}

# Rooms that nobody holds, once nothing is in flight.
rest_rooms() {
	wait_for 10 account_rests || true
	shoal status --json | jq '.account | .rooms_free + .rooms_port'
}

account_rests() {
	shoal status --json | jq -e '.account | .lent + .held == 0' >/dev/null
}

# As many as were there before, or more: one may have been under way when they were counted.
rooms_are() { # number
	(($(rest_rooms) >= $1))
}

counter() { # name
	shoal counters --json | jq --arg name "$1" '[.counters[] | select(.name == $name) | .value] | add // 0'
}

counter_reached() { # name value
	(($(counter "$1") >= $2))
}

# Every counter named in a file of "NAME HOW-MANY ..." lines has grown by at least that since a snapshot.
counters_grew() { # snapshot expected
	local now
	[[ -s $2 ]] || return 1
	now=$(shoal counters --json)
	awk '{ sum[$1] += $2 } END { for (name in sum) print name, sum[name] }' "$2" | while read -r name wanted; do
		jq -en --arg name "$name" --argjson wanted "$wanted" --argjson now "$now" --slurpfile before "$1" \
			'def value(from): [from.counters[] | select(.name == $name) | .value] | add // 0;
			value($now) - value($before[0]) >= $wanted' >/dev/null || {
			echo "$name has not grown by $wanted"
			exit 1
		}
	done
}

# ---- Subscribers

# A table to import: every fourth has IPv4 alone (a 4G bearer), the others a QFI, both families, or IPv6 alone.
subscribers_make() { # how many [first]
	awk -v n="$1" -v first="${2:-1}" 'BEGIN {
		print "imsi,ipv4,ipv6,peer,peer_teid,qfi"
		for (i = first; i < first + n; i++)
			printf "00101%010d,%s,%s,10.99.3.2,%d,%s\n", i, (i % 4 == 3 ? "" : "auto"), (i % 4 > 1 ? "auto" : ""),
				1996488704 + i, (i % 4 % 2 ? 9 : "")
	}'
}

session_add() { # imsi [option...]
	shoal session add --imsi "$1" --peer 10.99.3.2 --peer-teid "$((1996488704 + 10#${1: -6}))" --wait "${@:2}" >/dev/null
}

sessions() {
	shoal session ls --json
}

# What the radio side must know of them (tests/lab/ues.h).
ues_table() {
	echo "ipv4,ipv6,uplink_teid,downlink_teid,peer,qfi"
	sessions | jq -r '[.ipv4, .ipv6, .teid, .peer_teid, .gtpu_ipv4, .qfi] | map(. // "") | join(",")'
}

ues_ipv4() {
	awk -F , 'NR > 1 && $1 { print $1 }' "$LAB/ues.csv"
}

ues_ipv6() {
	awk -F , 'NR > 1 && $2 { sub("/64", "1", $2); print $2 }' "$LAB/ues.csv"
}

ues_some() { # how many
	{ ues_ipv4; ues_ipv6; } | awk -v n="$1" '{ all[NR] = $0 } END { for (i = 0; i < n; i++) print all[1 + int(i * NR / n)] }'
}

# The session of a subscriber, by one of its addresses on ue0.
session_of() { # ue address
	if [[ $1 == *:* ]]; then
		sessions | jq --arg prefix "${1%1}/64" 'select(.ipv6 == $prefix)'
	else
		sessions | jq --arg address "$1" 'select(.ipv4 == $address)'
	fi
}

teid_of() { # ue address
	session_of "$1" | jq .teid
}

shard_of() { # ue address
	session_of "$1" | jq .shard
}

# Whether the workers there are now have confirmed all of them: while the courier is away, ctrl speaks of what it last knew.
all_applied() { # how many
	shoal status --json | jq -e --argjson n "$1" '.courier_up and .sessions == $n and .applied == $n' >/dev/null
}

usage_is() { # ue uplink-packets downlink-packets
	session_of "$1" | jq -e --argjson up "$2" --argjson down "$3" \
		'.usage | .uplink_packets == $up and .downlink_packets == $down' >/dev/null
}

# ---- Workers

seat_field() { # seat field
	shoal worker ls --json | jq -r --argjson seat "$1" ".workers[] | select(.seat == \$seat) | .$2"
}

seat_of() { # ue address
	shoal shard ls --json | jq --argjson shard "$(shard_of "$1")" '.shards[] | select(.shard == $shard) | .seat'
}

# Two IPv4 subscribers that two different workers serve. A worker is ready before it has its shards.
ues_of_two_workers() {
	wait_for 20 shards_are_even
	jq -rn --argjson shards "$(shoal shard ls --json)" --slurpfile sessions <(sessions) \
		'($shards.shards | map({(.shard | tostring): .seat}) | add) as $seat
		| [$sessions[] | select(.ipv4) | {ipv4, seat: $seat[.shard | tostring]}] | group_by(.seat) | map(.[0].ipv4) | "\(.[0]) \(.[1])"'
}

seat_has_died() { # seat times; and is back
	(($(seat_field "$1" deaths) >= $2)) && gateway_serves
}

shards_are_even() {
	shoal worker ls --json | jq -e '[.workers[] | select(.slow | not) | .shards] | add == 256 and max - min <= 1' >/dev/null
}
