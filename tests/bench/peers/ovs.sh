# shellcheck shell=bash
# ovs.sh - Open vSwitch as a gateway: two bridges, gtpu between them, and per tunnel a flow each way.
#
#   net_gtpgen0 - br-phy - (tunnel endpoint 10.99.3.1) - gtp0 - br-int - net_gtpgen1
#
# It matches TEID and UE address, and builds and removes the tunnel. It does not police, and is one process. 3.1 works the tunnels' UDP
# checksum out before the GTP-U length is in the header, so it is wrong in every packet, and can't be switched off. Sourced by stage.sh.

OVS_ENTRIES=200000 # more flows of the datapath than that it would begin to evict

ovs() { # program argument...
	local program=$1
	shift
	OVS_RUNDIR=$LAB/ovs OVS_SYSCONFDIR=$LAB/ovs in_ns gw "$program" "$@"
}

ovs_set() { # table record column=value...
	ovs ovs-vsctl --db="unix:$LAB/ovs/db.sock" --timeout=60 "$@" >&2
}

ovs_start() {
	mkdir "$LAB/ovs"
	ovsdb-tool create "$LAB/ovs/conf.db" /usr/share/openvswitch/vswitch.ovsschema
	OVS_RUNDIR=$LAB/ovs OVS_SYSCONFDIR=$LAB/ovs lab_start ovsdb gw ovsdb-server "--remote=punix:$LAB/ovs/db.sock" "$LAB/ovs/conf.db" -vconsole:info
	wait_for 10 test -S "$LAB/ovs/db.sock"
	ovs_set --no-wait init -- set Open_vSwitch . other_config:dpdk-init=true "other_config:dpdk-hugepage-dir=$LAB/huge" \
		other_config:dpdk-alloc-mem=512 "other_config:pmd-cpu-mask=$(bench_cores 4 && echo 0x2 || echo 0x1)" "other_config:flow-limit=$OVS_ENTRIES" \
		other_config:max-idle=3600000 "other_config:dpdk-extra=--no-pci --no-telemetry --in-memory --file-prefix ovs$$ -d $plugin"
	OVS_RUNDIR=$LAB/ovs OVS_SYSCONFDIR=$LAB/ovs lab_start ovs gw "$vswitchd" "unix:$LAB/ovs/db.sock" "--unixctl=$LAB/ovs/ctl" -vconsole:info
	ovs_set --retry show
}

ovs_bridges() {
	ovs_set add-br br-phy -- set bridge br-phy datapath_type=netdev -- \
		add-port br-phy up -- set interface up type=dpdk "options:dpdk-devargs=\"net_gtpgen0,$(port ovs up)\"" ofport_request=1 -- \
		add-br br-int -- set bridge br-int datapath_type=netdev -- \
		add-port br-int down -- set interface down type=dpdk "options:dpdk-devargs=\"net_gtpgen1,$(port ovs down)\"" ofport_request=1 -- \
		add-port br-int gtp0 -- set interface gtp0 type=gtpu options:remote_ip=flow options:key=flow ofport_request=2
	# Tunnels end where the bridge's own address is, so it answers to the MAC that the radio side sends to.
	ovs_set set bridge br-phy "other_config:hwaddr=$(ovs ovs-vsctl --db="unix:$LAB/ovs/db.sock" get interface up mac_in_use)"
	in_ns gw ip address add 10.99.3.1/24 dev br-phy
	in_ns gw ip link set br-phy up
}

# The first TUNNELS sessions, both ways.
ovs_flows() {
	head -n "$tunnels" "$LAB/sessions" | awk -F , '{
		print "table=0,in_port=2,tun_id=" $1 ",ip,nw_src=" $2 ",actions=set_field:02:67:74:50:00:01->eth_dst,output:1"
		print "table=0,in_port=1,ip,nw_dst=" $2 ",actions=set_field:" $3 "->tun_id,set_field:10.99.3.2->tun_dst,output:2"
	}' >"$LAB/flows"
	ovs ovs-ofctl -O OpenFlow15 replace-flows "unix:$LAB/ovs/br-int.mgmt" "$LAB/flows" >&2
}

ovs_up() {
	board ovs up
	board ovs down
	ovs_start
	ovs_bridges
	ovs_flows
	echo "pid.ovs $(lab_pid ovs)"
	echo "dir.ovs $LAB/ovs"
}
