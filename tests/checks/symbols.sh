# The shared library exports what its version script lists, and the header declares the same.

srcdir=${srcdir:-.}
library=.libs/libworkpeer.so
map=$srcdir/src/work/pool/libworkpeer.map
header=$srcdir/src/work/pool/workpeer.h
version=LIBWORKPEER_0
failed=0

if ! command -v nm >/dev/null; then
    echo "skipped: nm is missing"
    exit 77
fi
if test ! -f $library; then
    echo "skipped: $library is not built (--disable-shared)"
    exit 77
fi

# What stands between "global:" and "local:".
listed=$(sed -n '/global:/,/local:/s/^[[:blank:]]*\([a-z0-9_]*\);.*/\1/p' "$map" | LC_ALL=C sort)

# Names before a parenthesis, comments cut out. Callbacks, in parentheses themselves, are none.
declared=$(awk '
    {
        line = line $0 " "
    }
    END {
        while ((start = index(line, "/*")) > 0) {
            rest = substr(line, start + 2)
            line = substr(line, 1, start - 1) substr(rest, index(rest, "*/") + 2)
        }
        while (match(line, /workpeer_[a-z0-9_]+ *\(/)) {
            name = substr(line, RSTART, RLENGTH)
            sub(/ *\($/, "", name)
            print name
            line = substr(line, RSTART + RLENGTH)
        }
    }' "$header" | LC_ALL=C sort)

# The version itself is an absolute symbol of its own name.
exported=$(nm -D --defined-only $library | awk '$2 != "A" { print $3 }' | LC_ALL=C sort)

# missing THESE THOSE WHAT: each name of THESE that is not among THOSE is a WHAT.
missing ()
{
    for name in $1; do
        if ! printf '%s\n' "$2" | grep -Fqx -e "$name"; then
            echo "$name: $3"
            failed=1
        fi
    done
}

if test -z "$listed" || test -z "$declared"; then
    echo "nothing is listed in $map, or nothing declared in $header"
    exit 1
fi
bare=$(printf '%s\n' "$exported" | sed 's/@.*//')
missing "$listed" "$declared" "in $map, not in $header"
missing "$declared" "$listed" "in $header, not in $map"
missing "$listed" "$bare" "in $map, not exported by $library"
missing "$bare" "$listed" "exported by $library, not in $map"
for symbol in $exported; do
    case $symbol in
    *@@$version) ;;
    *)
        echo "$symbol: exported by $library without the version $version"
        failed=1
        ;;
    esac
done
exit $failed
