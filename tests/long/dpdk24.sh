#!/bin/bash
# dpdk24.sh: builds Shoal on Debian 13, against DPDK 24.11, and passes its unit and golden tests there, so that nothing of
# 22.11 becomes a habit. A long test: minutes the first time (debootstrap, packages), then one build. As root.
#
# usage: tests/long/dpdk24.sh [FOLDER]     FOLDER: of the Debian 13, made if it is not there (default /var/cache/shoal/trixie)
# The sources are seen read-only and as they stand, committed or not; the build lies in the folder. Mirror and proxy are
# those of this host's apt. Everything is mounted in a namespace of its own, which ends with the test.
set -euo pipefail
SHOAL=$(cd "$(dirname "$0")/../.." && pwd)
. "$SHOAL/deploy/lib/say.sh"
. "$SHOAL/deploy/lib/packages.sh"
folder=${1:-/var/cache/shoal/trixie}
packages_there=("${packages_build[@]}" python3-scapy tshark openssl procps)

skip() {
	echo "SKIPPED: $1"
	exit 77
}

mirror() {
	cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null |
		sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\).*/\2/p' | head -n 1
}

debian_make() {
	say "making a Debian 13 in $folder"
	rm -rf --one-file-system "$folder"
	mkdir -p "$folder"
	debootstrap --variant=minbase --include=ca-certificates trixie "$folder" "$(mirror)" >"$folder.log" 2>&1 || {
		tail -n 5 "$folder.log" >&2
		return 1
	}
	touch "$folder/.complete"
}

proxy_copy() { # whatever leads this host's apt to its mirror
	local file
	for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do
		[[ ! -e $file ]] || cp "$file" "$folder$file"
	done
	cp /etc/resolv.conf "$folder/etc/resolv.conf"
}

inside() { # command...
	chroot "$folder" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@"
}

packages_in() {
	inside dpkg-query -W "${packages_there[@]}" >/dev/null 2>&1 && return
	say "installing ${#packages_there[@]} packages in it"
	inside apt-get update -qq
	inside apt-get install -y -qq --no-install-recommends "${packages_there[@]}" >"$folder.log" 2>&1 || {
		tail -n 20 "$folder.log" >&2
		return 1
	}
}

mounts_make() { # gone with the namespace
	mount -t proc proc "$folder/proc"
	mount --rbind /sys "$folder/sys"
	mount --rbind /dev "$folder/dev"
	mkdir -p "$folder/src"
	mount --bind "$SHOAL" "$folder/src"
	mount -o remount,bind,ro "$folder/src"
}

if [[ ${SHOAL_APART:-} != yes ]]; then
	((EUID == 0)) || skip "needs root"
	command -v debootstrap >/dev/null || skip "debootstrap is not installed"
	SHOAL_APART=yes exec unshare --mount --propagation private "$0" "$@"
fi
[[ -e $folder/.complete ]] || debian_make
proxy_copy
mounts_make
packages_in
say "DPDK $(inside pkg-config --modversion libdpdk), $(inside gcc --version | head -n 1)"
[[ -e $folder/build/build.ninja ]] || inside meson setup /build /src >"$folder.log" 2>&1 || { tail -n 20 "$folder.log" && exit 1; }
inside ninja -C /build >"$folder.log" 2>&1 || { grep -A 15 'FAILED\|error:' "$folder.log" | head -n 80 && exit 1; }
say "built, warnings: $(grep -c 'warning:' "$folder.log" || true)"
inside meson test -C /build --no-rebuild --print-errorlogs --suite unit --suite golden
