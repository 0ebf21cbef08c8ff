#!/bin/sh
# Builds the Debian packages in a clean chroot, with all tests, then installs them in another, starts
# the daemon, asks it for work, removes and purges them, and looks at what is left.
#
#     packaging/test-debian.sh [SUITE [DIRECTORY]]
#
# SUITE is Debian's release: bookworm (the default) or trixie. Needs root, debootstrap and Debian's mirror. DIRECTORY
# (default: a new one) keeps what was made; a `base` in it is taken as it is. DEB_BUILD_OPTIONS=nocheck leaves the
# tests out.
set -eu

suite=${1:-bookworm}
work=$(realpath -m "${2:-$(mktemp -d)}")
cd "$(dirname "$0")/.."
clean=$work/clean
. packaging/chroots.sh

clean_up () {
    [ -z "${daemon-}" ] || kill "$daemon" 2>/dev/null || true
    unmount_root "$build"
    unmount_root "$clean"
}
trap clean_up EXIT

make_base
build_packages
grep -E '^# (TOTAL|PASS|SKIP|FAIL|ERROR)' "$work/build.log" || true
if command -v lintian >/dev/null; then
    say "Looking at the packages with lintian"
    lintian --allow-root --fail-on error,warning "$build"/source/workpeer_*.changes
fi

say "Installing in $clean"
make_root "$clean"
cp "$build"/source/*.deb "$clean/"
in_root "$clean" sh -c 'apt-get -qq -y install /workpeer_*.deb /libworkpeer*.deb' >"$work/install.log" 2>&1 ||
    { cat "$work/install.log"; fail "installing"; }
in_root "$clean" id workpeer
in_root "$clean" stat -c '%A %U %G %n' /var/lib/workpeer /etc/workpeer/config-node.toml
in_root "$clean" sh -c 'test -L /etc/systemd/system/multi-user.target.wants/workpeer.service' ||
    fail "the service is not enabled"
in_root "$clean" sh -c '! test -e /etc/systemd/system/sockets.target.wants/workpeer.socket' ||
    fail "the socket is enabled, though nobody asked for it"

say "Starting the daemon"
in_root "$clean" apt-get -qq -y install logrotate >>"$work/install.log" 2>&1
in_root "$clean" install -d -o workpeer -g workpeer -m 0750 /var/log/workpeer
in_root "$clean" install -o workpeer /dev/null /run/workpeer.pid
sed -i 's/^\t# port = 7000$/\tport = 7057/' "$clean/etc/workpeer/config-node.toml"
in_root "$clean" runuser -u workpeer -- workpeer --daemon --data_path /var/lib/workpeer \
    --config log.file=/var/log/workpeer/workpeer.log --pid_file /run/workpeer.pid >"$work/daemon.log" 2>&1 &
daemon=$!
for try in $(seq 100); do
    grep -q '^Ready$' "$work/daemon.log" && break
    [ "$try" -lt 100 ] || { cat "$work/daemon.log"; fail "the daemon is not ready"; }
    sleep 0.1
done
in_root "$clean" runuser -u workpeer -- workpeer status --data_path /var/lib/workpeer
hash=718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2
found=$(in_root "$clean" workpeer generate --url 127.0.0.1:7057 --subtype receive $hash)
in_root "$clean" workpeer validate --local --subtype receive $hash "$found"
in_root "$clean" logrotate --force /etc/logrotate.d/workpeer
for try in $(seq 100); do
    ! grep -q SIGHUP "$clean/var/log/workpeer/workpeer.log" || break
    [ "$try" -lt 100 ] || fail "the log was not opened again"
    sleep 0.1
done
in_root "$clean" stat -c '%A %U %G %n' /var/log/workpeer/workpeer.log /var/log/workpeer/workpeer.log.1
kill -TERM "$(cat "$clean/run/workpeer.pid")"
wait "$daemon" || fail "the daemon's exit status is $?"
daemon=

say "Removing"
in_root "$clean" apt-get -qq -y remove workpeer libworkpeer0 >>"$work/install.log" 2>&1
[ ! -e "$clean/usr/bin/workpeer" ] || fail "the program is still there"
[ -e "$clean/etc/workpeer/config-node.toml" ] || fail "the configuration is gone before its time"
in_root "$clean" apt-get -qq -y purge workpeer >>"$work/install.log" 2>&1
for left in /etc/workpeer /var/lib/workpeer /var/log/workpeer /etc/logrotate.d/workpeer \
    /etc/systemd/system/multi-user.target.wants/workpeer.service; do
    [ ! -e "$clean$left" ] && [ ! -L "$clean$left" ] || fail "$left is left"
done
if in_root "$clean" id workpeer 2>/dev/null; then
    fail "the user is left"
fi
say "Good"
