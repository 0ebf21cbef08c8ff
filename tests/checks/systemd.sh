#!/bin/sh
# The units are well-formed and confine the daemon, with and without a GPU: exposure at 2.0 or lower.
set -eu

units=${srcdir:-.}/packaging/systemd
command -v systemd-analyze >/dev/null || { echo "skipped: no systemd-analyze"; exit 77; }
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# The program is where it was built, not where it will be.
for unit in workpeer.service workpeer.socket; do
    sed "s|^ExecStart=/usr/bin/workpeer|ExecStart=${WORKPEER:-./workpeer}|" "$units/$unit" >"$directory/$unit"
done
systemd-analyze verify --man=no "$directory/workpeer.service" "$directory/workpeer.socket"

exposure () {
    systemd-analyze security --offline=true --no-pager --threshold=20 "$directory/workpeer.service" >"$directory/report" || {
        cat "$directory/report"
        exit 1
    }
    tail -n 1 "$directory/report"
}

exposure
cat "$units/cpu-only.conf" >>"$directory/workpeer.service" # as a drop-in: sections may come again
exposure
