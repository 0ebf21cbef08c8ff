# The manual pages, by mandoc: no error, no warning, not even a matter of style.

srcdir=${srcdir:-.}

if test -z "$MANDOC"; then
    echo "skipped: mandoc is missing"
    exit 77
fi
failed=0
for page in workpeer.1 config-node.toml.5 workpeer-atto.7 workpeer-rpc.7; do
    if test ! -s "$srcdir/man/$page"; then
        echo "$srcdir/man/$page: missing or empty"
        failed=1
        continue
    fi
    # Which pages are installed on the machine that builds is no fault of a page.
    faults=$("$MANDOC" -Tlint -W style "$srcdir/man/$page" 2>&1 |
        grep -v -e 'STYLE: referenced manual not found' -e 'outdated mandoc\.db')
    if test -n "$faults"; then
        printf '%s\n' "$faults"
        failed=1
    fi
done
# Among themselves they refer to each other by the right section.
for page in workpeer.1 config-node.toml.5 workpeer-atto.7 workpeer-rpc.7; do
    name=${page%.*}
    if grep -n -e "^\.Xr $name " /dev/null "$srcdir"/man/*.[157] |
        grep -v -e "Xr $name ${page##*.}\( \|\$\)"; then
        failed=1
    fi
done
exit $failed
