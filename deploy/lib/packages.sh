# shellcheck shell=bash
# packages.sh - what Shoal wants from Debian 12, by purpose, and how it gets there: only what is missing, without recommends.
# Sourced by bash after say.sh.

packages_build=(gcc libc6-dev meson ninja-build pkg-config git python3
	libdpdk-dev libnng-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libsystemd-dev
	liblmdb-dev libseccomp-dev libssl-dev libcyaml-dev libyaml-dev libjansson-dev libhwloc-dev libcmocka-dev)
packages_lab=(iproute2 ethtool iputils-ping iperf3 curl jq procps)
packages_test=(dpdk-dev e2fsprogs openssl systemd spin python3-scapy tshark tcpdump clang clang-format libclang-rt-14-dev valgrind)
packages_bench=(gnuplot-nox openvswitch-switch-dpdk)

packages_missing() { # package...
	local installed package
	installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | tr '\n' ' ' || true)"
	for package; do
		[[ $installed == *" $package "* ]] || echo "$package"
	done
}

packages_ensure() { # package...
	local missing log
	mapfile -t missing < <(packages_missing "$@")
	((${#missing[@]})) || return 0
	if ((EUID)); then
		say_error "these packages are missing, and only root can install them: ${missing[*]}"
		return 1
	fi
	say "installing ${#missing[@]} packages: ${missing[*]}"
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	say_quietly "$log" apt-get update -qq &&
		say_quietly "$log" apt-get install -y -qq --no-install-recommends "${missing[@]}" || {
		rm -f "$log"
		return 1
	}
	rm -f "$log"
}
