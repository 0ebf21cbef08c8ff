# The NEON scanners, cross-built for AArch64 and run on their vectors, under an emulator where need
# be: then once on a CPU that has the SHA-3 instructions, and once on one that has not.

srcdir=${srcdir:-.}
compiler=aarch64-linux-gnu-gcc
runner=

if ! command -v $compiler >/dev/null; then
    echo "skipped: $compiler is missing"
    exit 77
fi
if test "$(uname -m)" != aarch64; then
    for emulator in qemu-aarch64 qemu-aarch64-static; do
        test -n "$runner" || runner=$(command -v $emulator)
    done
    if test -z "$runner"; then
        echo "skipped: qemu-aarch64 is missing"
        exit 77
    fi
fi

directory=$(mktemp -d ./scan_neon.XXXXXX) || exit 1
trap 'rm -rf "$directory"' 0
trap 'exit 1' 1 2 13 15

flags="-std=gnu11 -O2 -pthread -Wall -Wextra -D_GNU_SOURCE -DHAVE_SCAN_NEON -DHAVE_SCAN_NEON_SHA3
    -I$srcdir/src -I$srcdir/tests/unit"

$compiler $flags -march=armv8.2-a+sha3 -c -o "$directory/scan_neon_sha3.o" \
    "$srcdir/src/work/scan/scan_neon_sha3.c" || exit 1
$compiler $flags -static -o "$directory/test_scan_neon" \
    "$srcdir/src/work/scan/scan.c" "$srcdir/src/work/scan/scan_portable.c" "$srcdir/src/work/scan/scan_neon.c" \
    "$directory/scan_neon_sha3.o" "$srcdir/tests/unit/test_scan_neon.c" || exit 1

if test -z "$runner"; then
    "$directory/test_scan_neon"
    exit
fi

# expect CPU TEXT: all is well there, in just the scanners that the text names.
expect () {
    found=$($runner -cpu "$1" "$directory/test_scan_neon") || exit 1
    echo "$1: $found"
    test "$found" = "$2: all well" && return
    echo "$1: expected '$2: all well'"
    exit 1
}

expect max "neon, neon-sha3, portable"
expect cortex-a72 "neon, portable"
