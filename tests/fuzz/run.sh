# run.sh TARGET...: runs each fuzz target for FUZZ_SECONDS, one after another, on its corpus and what
# earlier runs have found, with its dictionary. Finds are left in tests/fuzz/finds, the inputs that
# reach more code in tests/fuzz/work. The last line of each target's log is its figures.

srcdir=${srcdir:-.}
seconds=${FUZZ_SECONDS:-60}
failed=0

mkdir -p tests/fuzz/finds
for target; do
    name=${target##*/fuzz_}
    work=tests/fuzz/work/$name
    log=tests/fuzz/work/$name.log
    mkdir -p "$work"
    # A find ends a run: FILE.log says what it was.
    if "$target" -max_total_time="$seconds" -dict="$srcdir/tests/fuzz/dictionaries/$name" \
        -max_len=4096 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="tests/fuzz/finds/$name-" \
        "$work" "$srcdir/tests/fuzz/corpus/$name" >"$log" 2>&1; then
        echo "$name: nothing found in $(grep -E '^Done ' "$log" | sed 's/^Done //')"
    else
        failed=1
        echo "$name: a find, see $log"
        grep -E 'this does not hold|SUMMARY|ERROR|runtime error|Test unit written' "$log" | head -n 8
    fi
done
exit $failed
