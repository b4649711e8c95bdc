#!/bin/bash
# machine_init.sh FOLDER - the first process of a machine (machine.sh): lays its file system, then becomes systemd.
#
# It runs in namespaces of its own, so nothing that it mounts is seen outside and all of it ends with it. Its root is the host's
# Debian with a layer of memory over it; its kernel is the host's, which it must not change: hence what is read-only here, and the
# capabilities that it gives away.
set -euo pipefail
root=$1/root

mount -t tmpfs -o mode=755 machine "$1"
mkdir "$1/upper" "$1/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" machine "$root"
mount -t proc proc "$root/proc"
for path in sys sysrq-trigger; do
	[[ -e $root/proc/$path ]] || continue
	mount --bind "$root/proc/$path" "$root/proc/$path"
	mount -o remount,bind,ro "$root/proc/$path"
done
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup "$root/sys/fs/cgroup"
mount -t bpf -o mode=700 bpf "$root/sys/fs/bpf"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs tmp "$root/tmp"

mount -t tmpfs -o mode=755 dev "$root/dev"
mkdir "$root/dev/pts" "$root/dev/net"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
while read -r name major minor; do
	mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done <<-END
	null 1 3
	zero 1 5
	full 1 7
	random 1 8
	urandom 1 9
	tty 5 0
	net/tun 10 200
END

# What the host has enabled is the host's; and no login is wanted.
cd "$root/etc"
rm -rf systemd/system/* init.d/* rc?.d/* fstab
for unit in getty.target systemd-logind.service dbus.socket dbus.service; do ln -s /dev/null "systemd/system/$unit"; done
tr -d - </proc/sys/kernel/random/uuid >machine-id # known already: not a first boot, at which systemd enables everything

mkdir "$root/host"
cd "$root"
pivot_root . host
umount -l /host
rmdir /host
exec setpriv --bounding-set -sys_module,-sys_rawio,-sys_time,-syslog,-mac_admin,-mac_override,-wake_alarm,-block_suspend \
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=shoal-lab /lib/systemd/systemd systemd.unit=multi-user.target
