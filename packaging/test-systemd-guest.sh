#!/bin/sh
# The service under a real systemd: what test-systemd.sh runs, as root, in the machine that it boots. A line
# for each check, and below one that failed what it printed and what the journal had meanwhile.
#
#     test-systemd-guest.sh          runs all, in this order: the first looks at what the boot left, the last
#                                    removes the package
#     test-systemd-guest.sh CHECK    runs one, with the service freshly started
set -eu

checks='
at_boot ready_when_started answers refuses_to_start user_and_privileges confinement reload watchdog killed
stop_while_searching socket_activation priorities cpu_only log_rotation upgrade removal purge installation
'

unit=workpeer.service
drop_ins=/etc/systemd/system/$unit.d
config=/etc/workpeer/config-node.toml
hash=718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2
self=$(realpath "$0")

fail () {
    printf '%s\n' "$*"
    exit 1
}

property () {
    systemctl show --value --property "$1" "${2:-$unit}"
}

# expect WHAT WANTED GIVEN
expect () {
    [ "$2" = "$3" ] || fail "$1 is \"$3\", expected \"$2\""
}

# wait_until COMMAND...: two minutes at the most, as an emulated processor is slow.
wait_until () {
    end=$(($(date +%s) + 120))
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$end" ] || fail "waited in vain for: $*"
        sleep 0.2
    done
}

mark_journal () {
    mark=$(journalctl --quiet --lines 0 --show-cursor | sed -n 's/^-- cursor: //p')
}

# journal [OPTION...]: the unit's, since the mark, systemd's words about it among them.
journal () {
    journalctl --sync
    journalctl --quiet --no-pager --unit "$unit" --after-cursor "$mark" "$@"
}

in_journal () {
    journal --output cat | grep -q -- "$1"
}

ask () {
    curl -sS --fail --max-time 120 -d "$1" "${2:-http://127.0.0.1:7000}"
}

is_up () {
    expect /ready '{"status":"UP"}' "$(curl -sS --max-time 120 http://127.0.0.1:7000/ready)"
}

is_new_and_up () {
    [ "$(property MainPID)" != "$1" ] && systemctl --quiet is-active $unit && (is_up)
}

# configure TEXT: as the whole configuration.
configure () {
    printf '%s\n' "$@" >$config
}

# drop_in LINE...: into the service's section; counts from the next start.
drop_in () {
    mkdir -p $drop_ins
    printf '%s\n' '[Service]' "$@" >$drop_ins/checks.conf
    systemctl daemon-reload
}

set_up () {
    rm -rf $drop_ins
    cp /opt/config-node.toml $config
    systemctl daemon-reload
    systemctl stop workpeer.socket $unit
    systemctl reset-failed $unit 2>/dev/null || true
    systemctl start $unit
}

# The checks.

at_boot () {
    expect state active "$(property ActiveState)"
    expect "at boot" enabled "$(systemctl is-enabled $unit)"
    expect restarts 0 "$(property NRestarts)"
    expect "the socket" "disabled" "$(property UnitFileState workpeer.socket)"
    expect "the socket" "inactive" "$(property ActiveState workpeer.socket)"
    is_up
}

# systemd takes the start for done when the daemon says so: then it answers, at once.
ready_when_started () {
    for _ in 1 2 3; do
        systemctl restart $unit
        is_up
    done
}

answers () {
    workpeer status | grep '^Workpeer at '
    work=$(workpeer generate --subtype receive $hash)
    workpeer validate --local --subtype receive $hash "$work"
    expect /health '{"status":"UP"}' "$(curl -sS http://127.0.0.1:7000/health)"
    ask '{"action":"version"}' 'http://[::1]:7000' | grep node_vendor
    systemctl restart $unit
    ask '{"action":"work_generate","subtype":"receive","hash":"'$hash'"}' | grep '"source": "cache"'
}

refuses_to_start () {
    configure '[node]' 'work_threads = -1'
    ! systemctl restart $unit 2>/dev/null || fail "it starts with a mistake in its configuration"
    in_journal 'config-node.toml:2:.*node.work_threads is -1' || fail "the journal does not say why"
}

user_and_privileges () {
    status=/proc/$(property MainPID)/status
    for line in "Uid:.$(id -u workpeer)" "Gid:.$(id -g workpeer)" 'NoNewPrivs:.1' 'Seccomp:.2' \
        'CapInh:.0000000000000000' 'CapPrm:.0000000000000000' 'CapEff:.0000000000000000' \
        'CapBnd:.0000000000000000' 'CapAmb:.0000000000000000' 'Umask:.0027'; do
        grep "^$line" "$status" || fail "there is no $line in: $(cat "$status")"
    done
    for group in video render; do
        grep -q "^Groups:.*\<$(getent group $group | cut -d: -f3)\>" "$status" || fail "it is not in group $group"
    done
}

# What a process may try: a line with the names of those that succeed. The same user outside succeeds with all:
# what fails inside is what the unit forbids.
attempts='
write_state write_logs write_temporary write_elsewhere read_home see_processes see_disk see_memory
open_device open_netlink make_setuid make_namespace change_personality write_and_run
'
possible () {
    for name in $attempts; do
        ! (attempt "$name") >/dev/null 2>&1 || printf '%s ' "$name"
    done
}

attempt () {
    case $1 in
    write_state) : >/var/lib/workpeer/attempt ;;
    write_logs) : >/var/log/workpeer/attempt ;;
    write_temporary) : >/tmp/attempt-"$(id -un)" ;;
    write_elsewhere) : >/srv/anybody/attempt ;;
    read_home) ls /home ;;
    see_processes) cat /proc/1/status ;;
    see_disk) ls /dev/vda ;;
    see_memory) cat /proc/meminfo ;;
    open_device) : </dev/fuse ;;
    open_netlink) perl -e 'exit !socket (my $netlink, 16, 3, 0)' ;;
    make_setuid) touch /var/lib/workpeer/setuid && chmod u+s /var/lib/workpeer/setuid ;;
    make_namespace) unshare --user true ;;
    change_personality) setarch i686 true ;;
    write_and_run) perl -e 'exit (syscall (9, 0, 4096, 7, 0x22, -1, 0) == -1)' ;; # mmap
    esac
}

# expect_possible NAME...: what can be done inside, of all that can be done outside.
expect_possible () {
    install -d -m 1777 /srv/anybody
    # shellcheck disable=SC2086 # a list of names
    expect "possible outside" "$(printf '%s ' $attempts)" \
        "$(setpriv --reuid workpeer --regid workpeer --clear-groups "$self" possible)"
    drop_in "ExecStartPost=/bin/sh -c '$self possible >/var/lib/workpeer/possible'"
    rm -f /tmp/attempt-workpeer
    systemctl restart $unit
    expect "possible inside" "$* " "$(cat /var/lib/workpeer/possible)"
    [ ! -e /tmp/attempt-workpeer ] || fail "its /tmp is everybody's"
}

confinement () {
    expect_possible write_state write_logs write_temporary see_disk see_memory write_and_run
}

cpu_only () {
    mkdir -p $drop_ins
    cp /opt/cpu-only.conf $drop_ins/
    expect_possible write_state write_logs write_temporary
    workpeer generate --subtype receive $hash
    is_up
}

reload () {
    pid=$(property MainPID)
    configure '[node]' 'work_threads = 1'
    systemctl reload $unit
    wait_until in_journal 'Configuration reloaded: settings changed: 1'
    configure '[node]' 'work_threads ='
    systemctl reload $unit
    wait_until in_journal 'The configuration is unchanged'
    expect state active "$(property ActiveState)"
    expect pid "$pid" "$(property MainPID)"
    workpeer status | grep -c '^cpu ' | grep '^1$'
}

watchdog () {
    drop_in 'WatchdogSec=10'
    systemctl restart $unit
    pid=$(property MainPID)
    kill -STOP "$pid"
    wait_until is_new_and_up "$pid"
    in_journal 'Watchdog timeout' || fail "it was not the watchdog"
    expect restarts 1 "$(property NRestarts)"
}

killed () {
    pid=$(property MainPID)
    kill -KILL "$pid"
    wait_until is_new_and_up "$pid"
    expect restarts 1 "$(property NRestarts)"
}

has_a_job () {
    workpeer status | grep -q '  jobs 1 '
}

stop_while_searching () {
    ask '{"action":"work_generate","multiplier":"60","hash":"'$hash'"}' >/run/answer 2>&1 &
    wait_until has_a_job
    systemctl stop $unit
    wait $! || fail "the client's answer is $(cat /run/answer)"
    grep '"error"' /run/answer
    expect result "success 0" "$(property Result) $(property ExecMainStatus)"
    ! in_journal 'timed out' || fail "systemd had to kill it"
}

socket_activation () {
    systemctl stop $unit
    systemctl start workpeer.socket
    expect state inactive "$(property ActiveState)"
    ask '{"action":"version"}' | grep node_vendor
    expect state active "$(property ActiveState)"
    ask '{"action":"version"}' 'http://[::1]:7000' | grep node_vendor
    systemctl stop $unit # the port stays open
    ask '{"action":"version"}' | grep node_vendor
    expect state active "$(property ActiveState)"
}

priorities () {
    configure '[node]' 'work_threads ='
    systemctl reload $unit
    wait_until in_journal 'The configuration is unchanged'
    # Not by --priority: with --after-cursor journalctl passes over the first line that a filter leaves.
    journal --output json | grep '"PRIORITY":"3"' | grep 'config-node.toml:2'
    journal --output json | grep '"PRIORITY":"6"' | grep 'Received SIGHUP'
    ! journal --output json | grep '"PRIORITY":"[0-4]"' | grep 'Received SIGHUP' || fail "what is said in passing is a warning"
}

log_has_hup () {
    grep -q SIGHUP /var/log/workpeer/workpeer.log
}

log_rotation () {
    configure '[log]' 'file = "/var/log/workpeer/workpeer.log"'
    systemctl restart $unit
    pid=$(property MainPID)
    logrotate --force /etc/logrotate.d/workpeer
    wait_until log_has_hup
    expect pid "$pid" "$(property MainPID)"
    for file in workpeer.log workpeer.log.1; do
        expect "$file" '640 workpeer workpeer' "$(stat -c '%a %U %G' /var/log/workpeer/$file)"
    done
    grep 'Listening on' /var/log/workpeer/workpeer.log.1
}

upgrade () {
    pid=$(property MainPID)
    configure '[node]' 'work_threads = 1'
    dpkg --install /opt/packages/workpeer_*.deb
    is_new_and_up "$pid" || fail "it was not started again"
    grep 'work_threads = 1' $config
}

# With the socket as well, as somebody may have enabled it.
removal () {
    systemctl stop $unit
    systemctl enable --now workpeer.socket
    systemctl start $unit
    dpkg --remove workpeer
    expect "the service" "inactive" "$(property ActiveState)"
    expect "the socket" "inactive" "$(property ActiveState workpeer.socket)"
    ! curl -sS http://127.0.0.1:7000/health || fail "the port is open"
    [ -z "$(find /proc -maxdepth 1 -user workpeer)" ] || fail "it still runs"
    [ -e $config ] || fail "the configuration is gone before its time"
}

purge () {
    rm -rf $drop_ins
    dpkg --purge workpeer
    left=$(find /etc /usr /var -name '*workpeer*')
    [ -z "$left" ] || fail "left: $left"
    ! id workpeer || fail "the user is left"
}

installation () {
    dpkg --install /opt/packages/workpeer_*.deb
    expect state "active enabled" "$(property ActiveState) $(systemctl is-enabled $unit)"
    is_up
}

# run_all: each check in a shell of its own, so that what it leaves set or fails at is its own.
run_all () {
    cp $config /opt/config-node.toml
    systemctl is-system-running --wait >/dev/null || true
    printf '# %s, Linux %s, %s\n' "$(systemctl --version | head -n 1)" "$(uname -r)" "$(workpeer --version | head -n 1)"
    passed=0
    failed=0
    for check in $checks; do
        mark_journal
        if output=$(sh "$self" "$check" 2>&1); then
            passed=$((passed + 1))
            printf 'PASS: %s\n' "$check"
        else
            failed=$((failed + 1))
            printf 'FAIL: %s\n%s\n' "$check" "$output"
            journal --lines 60
        fi
    done
    printf '%s passed, %s failed\n' "$passed" "$failed"
}

case ${1-} in
'')
    run_all
    ;;
possible)
    possible
    ;;
at_boot | purge | installation)
    $1
    ;;
*)
    set_up
    mark_journal
    $1
    ;;
esac
