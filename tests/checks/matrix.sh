# The builds that nobody has at hand every day; `make matrix` runs it in a build tree. MATRIX names some
# of them: gcc clang no-opencl musl 32-bit big-endian.
#
# gcc, clang and no-opencl are whole trees, configured, built with warnings as errors, and checked.
# 32-bit and big-endian are src/work and its unit tests, cross-built against Debian's libraries of that
# machine, which are fetched into the tree by an apt that has lists of its own: the system is left as it
# is. What is emulated has a hundred times as long for what has to happen soon. musl is src/work, all of it compiled and the scanners run: Debian has the libraries for glibc alone.
# What is missing is said, and fails.

srcdir=${srcdir:-.}
wanted=${MATRIX:-gcc clang no-opencl musl 32-bit big-endian}
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
top=$(pwd)/matrix
failed=

flags="-std=gnu11 -O2 -g -pthread -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wcast-qual -Wformat=2 -Wundef -Wvla \
-Werror -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -I. -I$srcdir/src -I$srcdir/tests/unit"

# The engine and the store, but for what one kind of machine or a driver has.
engine=$(ls "$srcdir"/src/work/*/*.c | grep -vE '/(scan_avx|scan_neon|opencl_|device_opencl)[a-z0-9_]*\.c$')
support='support_pool support_store fake_device'
tests='account atto cpus device difficulty hex number pool pool_stress queue sample schedule
    store store_bounds store_file store_full store_kill thread trial value worker'

# need COMMAND PACKAGE: whether it is here; else what to install.
need ()
{
    command -v "$1" >/dev/null && return
    echo "$1 is missing: install $2"
    return 1
}

# whole NAME [CONFIGURE ARGUMENT...]: a tree of its own, and its make check.
whole ()
{
    tree=$top/$1
    shift
    mkdir -p "$tree" && cd "$tree" || return
    test -e Makefile || "$srcdir/configure" --quiet --enable-tests --enable-werror "$@" >configure.log 2>&1 || {
        tail -n 20 configure.log
        return 1
    }
    make -s -j "$jobs" >make.log 2>&1 || {
        tail -n 40 make.log
        return 1
    }
    make -j "$jobs" VERBOSE=1 check >check.log 2>&1 || {
        grep -E '^(FAIL|ERROR|XPASS)' check.log
        return 1
    }
    grep -E '^# (TOTAL|PASS|SKIP|FAIL)' check.log | tr '\n' ' '
    echo
}

# fetch DEBIAN-ARCHITECTURE: its libraries, below ./root.
fetch ()
{
    test ! -e root/done || return 0
    mkdir -p apt/lists/partial apt/cache/archives/partial debs root || return
    : >apt/status
    apt="apt-get -qq -o APT::Architecture=$1 -o APT::Architectures=$1 -o Dir::State::lists=$PWD/apt/lists
        -o Dir::State::status=$PWD/apt/status -o Dir::Cache=$PWD/apt/cache -o Acquire::Languages=none"
    # A source that has nothing for this machine, or is away, is no reason to stop: the download is one.
    $apt update >apt/log 2>&1
    (cd debs && $apt download libb2-1 libb2-dev liblmdb0 liblmdb-dev libcmocka0 libcmocka-dev libgomp1) >>apt/log 2>&1 || {
        tail -n 5 apt/log
        return 1
    }
    for deb in debs/*.deb; do
        dpkg -x "$deb" root || return
    done
    : >root/done
}

# foreign NAME DEBIAN-ARCHITECTURE TRIPLET-OF-GCC TRIPLET-OF-DEBIAN EMULATOR [FLAGS]; the emulator may be empty
foreign ()
{
    compiler=$3-gcc
    libraries=$top/$1/root/usr/lib/$4
    run=${5:+$5 -L /usr/$3}
    need "$compiler" "gcc-$3" && need dpkg dpkg && need apt-get apt || return
    test -z "$5" || need "$5" qemu-user || return
    mkdir -p "$top/$1" && cd "$top/$1" && fetch "$2" || return

    mkdir -p objects
    build="$compiler $flags ${6-} -isystem $top/$1/root/usr/include"
    echo '#define PACKAGE_VERSION "matrix"' >build_config.h
    for source in $engine $(printf "$srcdir/tests/unit/%s.c " $support); do
        echo "$source"
    done | xargs -P "$jobs" -I '{}' sh -c "$build -c -o objects/\$(basename {} .c).o {} || exit 255" || return
    rm -f libengine.a
    ${3}-ar cr libengine.a $(for source in $engine; do echo "objects/$(basename "$source" .c).o"; done) || return

    $build -o test_scan_neon "$srcdir/tests/unit/test_scan_neon.c" libengine.a && $run ./test_scan_neon || return
    count=0
    for test in $tests; do
        case $5:$test in
        # Its process dies with LMDB's lock, which the kernel gives back, and qemu-user does not.
        *qemu*:store_kill) continue ;;
        esac
        case $test in
        store*) helpers=objects/support_store.o ;;
        *) helpers='objects/support_pool.o objects/fake_device.o' ;;
        esac
        $build -o "test_$test" "$srcdir/tests/unit/test_$test.c" $helpers libengine.a -L"$libraries" \
            -Wl,--disable-new-dtags,-rpath,"$libraries" -llmdb -lb2 -lcmocka -lm || return
        env ${5:+UNIT_SLOW_FACTOR=100} $run "./test_$test" >"test_$test.log" 2>&1
        status=$?
        if test $status = 77; then
            echo "skipped: $(tail -n 1 "test_$test.log")"
        elif test $status != 0; then
            tail -n 30 "test_$test.log"
            echo "test_$test fails on $2"
            return 1
        else
            count=$((count + 1))
        fi
    done
    echo "$count test programs pass"
}

# All of src/work with musl's headers and compiler, and the test that needs no library but musl.
musl ()
{
    need musl-gcc musl-tools || return
    mkdir -p "$top/musl/include" && cd "$top/musl" || return
    for header in blake2.h lmdb.h sys/queue.h; do
        found=$(ls "/usr/include/$header" "/usr/include/$(uname -m)-linux-gnu/$header" 2>/dev/null | head -n 1)
        test -n "$found" || { echo "$header is missing"; return 1; }
        mkdir -p "include/$(dirname "$header")" && cp "$found" "include/$header" || return
    done
    echo '#define PACKAGE_VERSION "matrix"' >build_config.h
    for source in $engine; do
        musl-gcc $flags -isystem include -c -o "$(basename "$source" .c).o" "$source" || return
    done
    musl-gcc $flags -static -o test_scan_neon scan.o scan_portable.o "$srcdir/tests/unit/test_scan_neon.c" || return
    ./test_scan_neon
}

for name in $wanted; do
    echo "== $name"
    case $name in
    gcc) (need gcc gcc && whole gcc CC="${CCACHE-} gcc" CXX="${CCACHE-} g++") ;;
    clang) (need clang clang && whole clang CC="${CCACHE-} clang" CXX="${CCACHE-} clang++") ;;
    no-opencl) (whole no-opencl --with-opencl=no CC="${CCACHE-} gcc" CXX="${CCACHE-} g++") ;;
    musl) (musl) ;;
    32-bit) (foreign 32-bit i386 i686-linux-gnu i386-linux-gnu '' '-msse2 -mfpmath=sse') ;;
    big-endian) (foreign big-endian s390x s390x-linux-gnu s390x-linux-gnu qemu-s390x) ;;
    *) echo "no such build" && false ;;
    esac || failed="$failed $name"
done
test -z "$failed" || { echo "failed:$failed"; exit 1; }
