# A short run under valgrind's helgrind: races, and locks taken in one order and then in another, in a pool,
# a store and a daemon. By hand, with `make check-helgrind`: helgrind makes it some fifty times slower.
# What it is told to leave alone, and why, is in helgrind.supp.

srcdir=${srcdir:-.}
command -v valgrind >/dev/null || { echo "valgrind is missing: install valgrind"; exit 1; }

directory=$(mktemp -d ./helgrind.XXXXXX) || exit 1
trap 'rm -rf "$directory"' 0
trap 'exit 1' 1 2 13 15
helgrind="valgrind --tool=helgrind --quiet --history-level=approx --error-exitcode=99 --num-callers=30
    --suppressions=$srcdir/tests/checks/helgrind.supp"
failed=0

report ()
{
    if test "$2" = 0; then
        echo "$1: nothing found"
    else
        cat "$directory/log"
        echo "$1: status $2"
        failed=1
    fi
}

for test in ${HELGRIND_TESTS:-worker store_bounds store resolver}; do
    UNIT_SLOW_FACTOR=60 $helgrind "tests/unit/test_$test" >"$directory/log" 2>&1
    report "test_$test" $?
done

# The journeys start the daemon, so they are given a program that puts it under helgrind. Those are left out
# that search for long.
journeys=${HELGRIND_JOURNEYS:-$(printf 'Changes.test_%s ' control limits log nothing peers threads) Signals}
printf '#!/bin/sh\nexec %s %s "$@"\n' "$(echo $helgrind)" "$WORKPEER" >"$directory/workpeer"
chmod +x "$directory/workpeer"
WORKPEER=$PWD/$directory/workpeer E2E_SLOW_FACTOR=60 "$PYTHON" "$srcdir/tests/e2e/test_reload.py" \
    $journeys >"$directory/log" 2>&1
report "test_reload.py" $?
exit $failed
