# Which lines `make check` reaches: a build with gcc --coverage in a tree of its own, coverage/, its tests, and
# a table by file, with the lines that are not reached, in coverage/table.txt. `make coverage` runs it.
# COVERAGE_TESTS names some tests only. The build is optimised so far that searches end in time. The program's
# own atexit writes the counts: what ends by a signal that it does not catch, as tests that kill a daemon have
# it, counts nothing. A daemon that has given root up writes them too, so everybody may write there.

srcdir=$(cd "${srcdir:-.}" && pwd) || exit 1
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
command -v gcovr >/dev/null || { echo "gcovr is missing: install gcovr"; exit 1; }

mkdir -p coverage && cd coverage || exit 1
test -e Makefile || "$srcdir/configure" --quiet --enable-tests --disable-shared --disable-hardening \
    CC="${CCACHE-} gcc" CXX="${CCACHE-} g++" CFLAGS='-O1 -g --coverage' CXXFLAGS='-O1 -g --coverage' \
    >configure.log 2>&1 || { tail -n 20 configure.log; exit 1; }
make -s -j "$jobs" >make.log 2>&1 || { tail -n 40 make.log; exit 1; }
find . -name '*.gcda' -delete
./workpeer --version >/dev/null && find . -name '*.gcda' -exec chmod a+rw '{}' + || exit 1
make -k -j "$jobs" VERBOSE=1 check ${COVERAGE_TESTS:+TESTS="$COVERAGE_TESTS"} >check.log 2>&1 || {
    # test_faults also has the calls fail with which the counts are written, where gcc's library ends the process.
    grep -E '^(FAIL|ERROR|XPASS): tests/.*\.|^(FAIL|ERROR|XPASS): tests/unit/' check.log |
        grep -v 'FAIL: tests/faults/test_faults\.py' &&
        echo "the table is of a run that failed"
}
gcovr --root "$srcdir" --object-directory . --filter "$srcdir/src/" --exclude-unreachable-branches \
    --gcov-ignore-parse-errors --sort-percentage --txt table.txt src >gcovr.log 2>&1 ||
    { tail -n 10 gcovr.log; exit 1; }
cat table.txt
