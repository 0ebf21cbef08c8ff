# Static analysis of src, tests and examples: clang-tidy 14 (.clang-tidy), cppcheck (cppcheck.supp) and gcc's
# -fanalyzer. `make analyze` runs it in a build tree; anything that one of them finds fails. ANALYZE names
# some of tidy cppcheck gcc, FILES some files.

srcdir=${srcdir:-.}
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
flags="-std=gnu11 -D_GNU_SOURCE $CPPFLAGS -I$srcdir/src/work/pool"

# The flags of one file: the scanners have their machine's, where its compiler is here.
flags_of ()
{
    case $1 in
    *scan_avx*) test "$(uname -m)" = x86_64 && echo "$flags -mavx2 -mavx512f" ;;
    *scan_neon*) test "$(uname -m)" = aarch64 && echo "$flags -march=armv8.2-a+sha3" ;;
    # It defines both names of a function that has two.
    */fault_calls.c) echo "$flags -U_FILE_OFFSET_BITS -U_TIME_BITS" ;;
    */tests/unit/test_*.c | */tests/unit/support_*.c) echo "$flags -include $srcdir/tests/checks/cmocka_analysis.h" ;;
    *) echo "$flags" ;;
    esac
}

# one TOOL FILE: a file that is not for this machine is left out.
case ${1-} in
tidy)
    own=$(flags_of "$2") || exit 0
    # The system's functions under their own names, whose parameters have reserved ones.
    case $2 in
    */fault_calls.c | */faulty_opencl.c | */jumping_clock.c) less=--checks=-readability-inconsistent-declaration-parameter-name,-bugprone-macro-parentheses ;;
    *) less= ;;
    esac
    clang-tidy --quiet --config-file="$srcdir/.clang-tidy" $less "$2" -- $own 2>/dev/null || exit 1
    exit
    ;;
gcc)
    own=$(flags_of "$2") || exit 0
    # A hash without a loop, thousands of statements in a row: the analyser takes minutes, and has no branch to follow.
    case $2 in
    */scan_avx*.c | */scan_portable.c) exit 0 ;;
    esac
    # Without optimisation, which makes one condition of two before the analyser sees them. What is kept at a
    # computed index of an array is lost on it, and then called a leak: LeakSanitizer looks for those. What is
    # read through memcpy at a computed offset it calls uninitialized: -Wall and valgrind look for those.
    gcc $own -O0 -U_FORTIFY_SOURCE -fanalyzer -Wno-analyzer-malloc-leak \
        -Wno-analyzer-use-of-uninitialized-value -Werror -c -o /dev/null "$2" || exit 1
    exit
    ;;
esac

failed=
sources=${FILES:-$(ls "$srcdir"/src/*/*/*.c "$srcdir"/tests/*/*.c "$srcdir"/examples/*.c)}

# over TOOL: each file by itself, as many at a time as there are processors.
over ()
{
    printf '%s\n' "$sources" | tr ' ' '\n' | xargs -P "$jobs" -n 1 sh "$srcdir/tests/checks/analyze.sh" "$1"
}

# sys/queue.h alone of the system's headers is shown to cppcheck: of its macros it knows nothing.
by_cppcheck ()
{
    include=$(mktemp -d ./analyze.XXXXXX) || return
    mkdir "$include/sys" && printf '#include <sys/queue.h>\n' | gcc -E -M -x c - |
        grep -oE '/[^ ]*/sys/queue\.h' | while read -r header; do cp "$header" "$include/sys"; done
    cppcheck --quiet --std=c11 --language=c --enable=warning,style,performance,portability --inline-suppr \
        --suppressions-list="$srcdir/tests/checks/cppcheck.supp" --suppress='unmatchedSuppression' \
        --library=posix,gnu -D_GNU_SOURCE -DHAVE_CONFIG_H -D__x86_64__ -DHAVE_SCAN_AVX2 -DHAVE_SCAN_AVX512 \
        -I. -I"$srcdir/src" -I"$srcdir/tests/unit" -I"$srcdir/tests/fuzz" -I"$include" -j "$jobs" \
        --template='{file}:{line}: {severity}: {message} [{id}]' --error-exitcode=1 $sources
    status=$?
    rm -rf "$include"
    return $status
}

for tool in ${ANALYZE:-tidy cppcheck gcc}; do
    echo "== $tool"
    case $tool in
    tidy) command -v clang-tidy >/dev/null && over tidy ;;
    cppcheck) command -v cppcheck >/dev/null && by_cppcheck ;;
    gcc) command -v gcc >/dev/null && over gcc ;;
    *) false ;;
    esac || failed="$failed $tool"
done
test -z "$failed" || { echo "failed, or not there:$failed"; exit 1; }
echo "nothing found"
