# The rule for locks (CONTRIBUTING.md, "Threads and locks"): the table there names every lock of
# src/; the tests that have threads and a daemon's journeys keep the rule, while lock_rule.c looks
# on; and lock_rule.c catches every breach in lock_breach.c.

srcdir=${srcdir:-.}
rule=$(pwd)/tests/locks/.libs/lock_rule.so
failed=0

fail ()
{
    echo "$*"
    failed=1
}

# What is written down.

locks=$(cd "$srcdir" && grep -rnoE '^ +(static )?pthread_mutex_t [a-z_]+|^(static )?pthread_mutex_t [a-z_]+' src |
    sed -E 's/^([^:]*):[0-9]+:.* ([a-z_]+)$/`\1` | `\2`/' | LC_ALL=C sort)
table=$(sed -n '/^## Threads and locks/,/^## /s/^| \(`src[^|]*| `[a-z_]*`\) |.*/\1/p' "$srcdir/CONTRIBUTING.md" |
    LC_ALL=C sort)
if test "$locks" != "$table"; then
    fail "the locks of src/ are
$locks
and those in CONTRIBUTING.md's table
$table"
fi
if (cd "$srcdir" && grep -rnE 'pthread_(rwlock|spin|barrier|mutex_(try|timed|clock)lock)|[^a-z_]mtx_|atomic_flag|sem_wait' src); then
    fail "a kind of lock that tests/locks knows nothing of"
fi
if (cd "$srcdir" && grep -rnE 'pthread_create|thrd_create' src | grep -v '^src/work/base/thread\.[ch]:'); then
    fail "a thread that takes signals: thread_start starts them"
fi

# What is done.

if ! test -e "$rule"; then
    test $failed = 0 || exit 1
    echo "skipped: a build without shared libraries has no lock_rule.so"
    exit 77
fi

log=$(mktemp ./locks.XXXXXX) || exit 1
trap 'rm -f "$log" "$log.daemon"' 0
trap 'exit 1' 1 2 13 15

LD_PRELOAD=$rule tests/locks/lock_breach none || fail "what keeps the rule is said to break it"
for way in nested tried twice elsewhere; do
    if LD_PRELOAD=$rule tests/locks/lock_breach $way >"$log" 2>&1 || ! grep -q 'LOCK RULE BROKEN' "$log"; then
        fail "not caught: $way"
    fi
done

for test in $LOCK_TESTS; do
    if ./libtool --mode=execute env LD_PRELOAD="$rule" "$test" >"$log" 2>&1; then
        echo "$test keeps the rule"
    elif test $? != 77; then
        cat "$log"
        fail "$test fails with lock_rule.so"
    fi
done

# The daemon is started by the journeys, so they are given a program that loads the rule into it.
printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$rule" "$WORKPEER" >"$log.daemon"
chmod +x "$log.daemon"
for test in $LOCK_JOURNEYS; do
    if test "$PYTHON" = :; then
        echo "$test is left out: no Python 3"
    elif E2E_SLOW_FACTOR=5 WORKPEER=$(pwd)/$log.daemon "$PYTHON" "$srcdir/$test" >"$log" 2>&1; then
        echo "$test keeps the rule"
    elif test $? != 77; then
        cat "$log"
        fail "$test fails with lock_rule.so"
    fi
done
exit $failed
