# shellcheck shell=bash
# gateway.sh - the gateway of a lab: its configuration, its processes, its sessions.
# Sourced by bash after netlab.sh. A story changes what it wants of the GW_* words before gateway_config.

GW_MIB=${GW_MIB:-448}    # hugepages
GW_WORKERS=${GW_WORKERS:-2}
GW_DRIVER=${GW_DRIVER:-af_xdp}
GW_OPTIONS=${GW_OPTIONS:-}
GW_IDLE=${GW_IDLE:-adaptive}
GW_STORE_MIB=${GW_STORE_MIB:-64}

gateway_config() {
	cat >"$LAB/shoal.yaml" <<-END
		run_dir: $LAB/run
		log_level: info
		idle: $GW_IDLE
		ports:
		  - name: n3
		    driver: $GW_DRIVER
		    device: n3
		    options: '$GW_OPTIONS'
		    role: access
		    mtu: 1600
		    addresses: [10.99.3.1/24, 'fd99:3::1/64']
		  - name: n6
		    driver: $GW_DRIVER
		    device: n6
		    options: '$GW_OPTIONS'
		    role: core
		    mtu: 1500
		    addresses: [10.99.6.1/24, 'fd99:6::1/64']
		workers:
		  count: $GW_WORKERS
		primary:
		  hugepage_dir: $LAB/huge
		  rooms: 16384
		pools:
		  - dnn: internet
		    ipv4: 10.45.0.0/16
		    ipv6: '2001:db8::/48'
		limits:
		  foreign_slots: 16
		  rates: 64
		ctrl:
		  store_dir: $LAB/store
		  store_mib: $GW_STORE_MIB
	END
}

gateway_start_one() { # primary|nursery|ctrl
	lab_start "$1" gw "$BUILD/$(gateway_program "$1")" --config "$LAB/shoal.yaml"
}

gateway_program() { # primary|nursery|ctrl
	case $1 in
	primary) echo primary/shoal-primary ;;
	nursery) echo workers/shoal-nursery ;;
	ctrl) echo ctrl/shoal-ctrl ;;
	esac
}

# Network, hugepages, configuration, and the processes in an order drawn by lot: it must not matter.
gateway_up() {
	lab_hugepages "$GW_MIB"
	gateway_config
	gateway_start
}

gateway_start() {
	local name order
	order=$(shuf -e primary nursery ctrl)
	for name in $order; do gateway_start_one "$name"; done
	for name in $order; do lab_expect "$name" process.ready; done
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

shoal() {
	"$BUILD/ctrl/shoal" --connect "ipc://$LAB/run/oss.ipc" "$@"
}

# The account closes when traffic rests: rx = forwarded + refused + lent + held.
account_closes() {
	jq -e '.account | .rx == .forwarded + .refused + .lent + .held' < <(shoal status --json) >/dev/null
}

counter() { # name
	shoal counters --json | jq --arg name "$1" '[.counters[] | select(.name == $name) | .value] | add // 0'
}
