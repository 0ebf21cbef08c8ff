# The NEON scanner, cross-built for AArch64 and run on its vectors, under an emulator where need be.

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

$compiler -static -std=gnu11 -O2 -pthread -Wall -Wextra -D_GNU_SOURCE -DHAVE_SCAN_NEON \
    -I"$srcdir/src" -I"$srcdir/tests/unit" -o "$directory/test_scan_neon" \
    "$srcdir/src/work/scan.c" "$srcdir/src/work/scan_portable.c" "$srcdir/src/work/scan_neon.c" \
    "$srcdir/tests/unit/test_scan_neon.c" || exit 1
$runner "$directory/test_scan_neon"
