#!/bin/sh
# Boots one bench PC: runs as the first process of its new namespaces, mounts its disk, becomes its sshd.
# Takes from the environment: PC (its folder), IMAGE, ADDRESS, PORT, GIVEN_UP.
set -eu
root=$PC/root
# /proc still shows the host here: this is the number by which the host knows us.
read -r number rest </proc/self/stat
echo "$number" >"$PC/pid.new"

# "volatile" leaves out every sync; the mark it leaves would refuse the same disk after a power cut.
rm -rf "$PC/work/work"
mount -t overlay overlay -o "lowerdir=$IMAGE,upperdir=$PC/disk,workdir=$PC/work,volatile" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs "$root/run"
mkdir -m 755 "$root/run/sshd" "$root/run/lock"

mount -t tmpfs -o nosuid,mode=755 tmpfs "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

mount -t tmpfs -o nosuid,nodev,noexec,mode=755 tmpfs "$root/sys"
cp -a "$PC/firmware/." "$root/sys/"
mount -o remount,ro "$root/sys"

# A machine that was switched on again has a new boot id; the kernel's own is the host's.
cat /proc/sys/kernel/random/uuid >"$root/run/.boot_id"
mount --bind "$root/run/.boot_id" "$root/proc/sys/kernel/random/boot_id"
hostname -F "$root/etc/hostname"
mv "$PC/pid.new" "$PC/pid"

# Root on the PC must not reach the host's kernel settings by mistake.
for door in sys sysrq-trigger irq bus; do
    [ -e "$root/proc/$door" ] || continue
    mount --rbind "$root/proc/$door" "$root/proc/$door"
    mount -o remount,bind,ro "$root/proc/$door"
done
exec setpriv "$GIVEN_UP" \
    chroot "$root" /usr/bin/tini -- /usr/sbin/sshd -D -e -o "ListenAddress=$ADDRESS" -o "Port=$PORT"
