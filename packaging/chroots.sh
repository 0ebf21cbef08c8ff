# Sourced by the scripts beside it: Debian in folders, as root. `work` is the folder that has them, `suite` the release.
# shellcheck shell=sh disable=SC2154

suite=${suite:-bookworm}
base=$work/base
build=$work/build

say () {
    printf '==> %s\n' "$*"
}

fail () {
    printf 'FAIL: %s\n' "$*" >&2
    exit 1
}

# in_root ROOT COMMAND...: as root in there, where no service is started behind our back.
in_root () {
    root=$1
    shift
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 \
        DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-}" chroot "$root" "$@"
}

# make_base: what roots are copies of, unless it is there.
make_base () {
    mkdir -p "$work"
    [ ! -d "$base" ] || return 0
    say "Making the base"
    debootstrap --variant=minbase $suite "$base" >"$work/base.log" || fail "debootstrap, see $work/base.log"
}

# make_root ROOT: a fresh copy of the base, with /proc and terminals where they can be mounted.
make_root () {
    unmount_root "$1"
    rm -rf --one-file-system "$1"
    cp -a "$base" "$1"
    cp /etc/resolv.conf "$1/etc/resolv.conf"
    cp /etc/apt/apt.conf.d/*proxy* "$1/etc/apt/apt.conf.d/" 2>/dev/null || true
    printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
    chmod +x "$1/usr/sbin/policy-rc.d"
    mount -t proc proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc" 2>/dev/null || true
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" 2>/dev/null || true
    in_root "$1" apt-get -qq update
}

unmount_root () {
    for mounted in "$1/proc" "$1/dev/pts"; do
        umount -l "$mounted" 2>/dev/null || true
    done
}

# build_packages: from the tree this is in, into $build/source, as a plain user: what needs to be root
# would show. The tests run, unless DEB_BUILD_OPTIONS has nocheck.
build_packages () {
    say "Building in $build"
    make_root "$build"
    mkdir -p "$build/source/workpeer"
    if [ -e .git ]; then git ls-files; else find . -type f ! -path './build*'; fi |
        tar -cf - -T - | tar -xf - -C "$build/source/workpeer"
    in_root "$build" apt-get -qq -y install build-essential >"$work/build.log" 2>&1
    in_root "$build" sh -c 'cd /source/workpeer && apt-get -qq -y build-dep ./' >>"$work/build.log" 2>&1
    in_root "$build" useradd --create-home builder
    in_root "$build" chown -R builder /source
    in_root "$build" runuser -u builder -- sh -c 'cd /source/workpeer && dpkg-buildpackage -us -uc' \
        >>"$work/build.log" 2>&1 || { tail -n 60 "$work/build.log"; fail "dpkg-buildpackage"; }
}
