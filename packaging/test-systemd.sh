#!/bin/sh
# Boots Debian, with the Debian package installed, in an emulated machine, and tries the service there
# under its systemd: test-systemd-guest.sh has the checks.
#
#     packaging/test-systemd.sh [DIRECTORY [PACKAGES]]
#
# Needs root, debootstrap, Debian's mirror, mke2fs and qemu-system-x86_64. The machine has no network but
# its own loopback. DIRECTORY (default: a new one) keeps what was made, 3 GB; a `base` in it is taken as it
# is. PACKAGES is a folder that has the packages already, as DIRECTORY/build/source after
# `test-debian.sh SUITE DIRECTORY`; by default they are built here, without the tests.
#
# QEMU_ACCEL=kvm is quicker, where that works; by default the processor is emulated, which works everywhere.
set -eu

work=$(realpath -m "${1:-$(mktemp -d)}")
packages=${2:+$(realpath "$2")}
cd "$(dirname "$0")/.."
guest=$work/guest
image=$work/guest.img
console=$work/console.log
results=$work/results.log
minutes=45
. packaging/chroots.sh

clean_up () {
    [ -z "${machine-}" ] || kill "$machine" 2>/dev/null || true
    unmount_root "$build"
    unmount_root "$guest"
    rm -f "$image"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# make_guest: a root that boots, where the service is installed and enabled, and the checks run after that.
make_guest () {
    make_root "$guest"
    {
        in_root "$guest" apt-get -qq -y --no-install-recommends install \
            systemd systemd-sysv dbus udev logrotate curl zstd linux-image-cloud-amd64
        mkdir "$guest/opt/packages"
        cp "$packages"/workpeer_*.deb "$guest/opt/packages/"
        in_root "$guest" sh -c 'apt-get -qq -y install /opt/packages/*.deb'
        in_root "$guest" apt-get clean
    } >"$work/guest.log" 2>&1 || { tail -n 30 "$work/guest.log"; fail "making the guest, see $work/guest.log"; }
    rm "$guest/usr/sbin/policy-rc.d"
    install packaging/test-systemd-guest.sh packaging/systemd/cpu-only.conf "$guest/opt/"
    cat >"$guest/etc/systemd/system/checks.service" <<'UNIT'
[Unit]
After=workpeer.service
SuccessAction=poweroff
FailureAction=poweroff

[Service]
Type=exec
ExecStart=/bin/sh -c '/opt/test-systemd-guest.sh >/dev/ttyS1 2>&1'

[Install]
WantedBy=multi-user.target
UNIT
    in_root "$guest" systemctl --quiet enable checks.service
    unmount_root "$guest"
}

# boot: no_timer_check, as an emulated timer may be late on a busy machine, which Linux takes for broken.
boot () {
    rm -f "$image" "$console" "$results"
    truncate --size 3G "$image"
    mke2fs -q -t ext4 -d "$guest" "$image"
    timeout --kill-after=10 "${minutes}m" qemu-system-x86_64 \
        -accel "${QEMU_ACCEL:-tcg}" -cpu max -smp 2 -m 1024 \
        -nodefaults -no-reboot -display none -nic none \
        -serial "file:$console" -serial "file:$results" \
        -drive "file=$image,format=raw,if=virtio,cache=unsafe" \
        -kernel "$guest/vmlinuz" -initrd "$guest/initrd.img" \
        -append "root=/dev/vda rw console=ttyS0 panic=-1 no_timer_check" 2>"$work/qemu.log" &
    machine=$!
    status=0
    wait "$machine" || status=$?
    machine=
    tr -d '\r' <"$results"
    [ $status -eq 0 ] || {
        cat "$work/qemu.log"
        fail "the machine did not turn itself off within $minutes minutes, see $console"
    }
}

make_base
if [ -z "$packages" ]; then
    export DEB_BUILD_OPTIONS="nocheck ${DEB_BUILD_OPTIONS-}"
    build_packages
    packages=$build/source
fi
say "Making the machine"
make_guest
say "Booting it"
boot
tail -n 1 "$results" | grep -q '^[1-9][0-9]* passed, 0 failed' || fail "see above, and how it booted: $console"
say "Good"
