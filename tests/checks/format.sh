# The layout of the sources: .editorconfig by what every system has, .clang-format by clang-format 14.

srcdir=${srcdir:-.}
tab=$(printf '\t')
cr=$(printf '\r')
failed=0

# The project's own text files; what a build or the autotools leave beside them is not looked at.
# tests/data and tests/vectors are input, some of it broken on purpose.
sources ()
{
    find "$srcdir/src" "$srcdir/tests" "$srcdir/examples" "$srcdir/man" \
        \( -path "$srcdir/tests/data" -o -path "$srcdir/tests/vectors" \) -prune -o -type f \
        \( -name '*.[ch157]' -o -name '*.cpp' -o -name '*.py' -o -name '*.sh' -o -name '*.mk' \
        -o -name '*.map' \) -print
    for file in Makefile.am configure.ac libworkpeer.pc.in bootstrap .ci/run m4/wp_flags.m4 \
        config-node.toml.example README.md CHANGES.md CONTRIBUTING.md LICENSE .clang-format; do
        test ! -f "$srcdir/$file" || printf '%s\n' "$srcdir/$file"
    done
}

# search PATTERN RULE: a complaint for each line that matches in the files named on standard input.
search ()
{
    while IFS= read -r file; do
        LC_ALL=C grep -n -e "$1" /dev/null "$file"
    done | sed "s/^\([^:]*:[0-9]*\):.*/\1: $2/"
}

all=$(sources)
code=$(printf '%s\n' "$all" | grep -E '\.(c|h|cpp|py)$')
makefiles=$(printf '%s\n' "$all" | grep -E '(/Makefile\.am|\.mk)$')
if test -z "$code"; then
    echo "no sources below $srcdir"
    exit 1
fi

breaches=$(
    printf '%s\n' "$all" | search '[[:blank:]]$' 'blanks at the end of the line'
    printf '%s\n' "$all" | search "$cr" 'a carriage return'
    printf '%s\n' "$code" | search "^ *$tab" 'a tab in the indentation, not spaces'
    printf '%s\n' "$makefiles" | search '^ ' 'spaces in the indentation, not a tab'
    printf '%s\n' "$all" | while IFS= read -r file; do
        # A command substitution drops a newline, and nothing else that a file may end with.
        test -z "$(tail -c 1 "$file")" || echo "$file: no newline at the end"
        if command -v iconv >/dev/null && ! iconv -f UTF-8 -t UTF-8 "$file" >/dev/null 2>&1; then
            echo "$file: not UTF-8"
        fi
    done
)
if test -n "$breaches"; then
    printf '%s\n' "$breaches"
    failed=1
fi

major=
if test -n "$CLANG_FORMAT"; then
    major=$("$CLANG_FORMAT" --version | sed -n 's/.*version \([0-9][0-9]*\)\..*/\1/p')
fi
if test "$major" = 14; then
    printf '%s\n' "$code" | grep -v '\.py$' | tr '\n' '\0' |
        xargs -0 "$CLANG_FORMAT" --style=file --dry-run -Werror || failed=1
elif test $failed = 0; then
    echo "skipped: clang-format 14 is needed, and here is ${major:-none}"
    exit 77
fi
exit $failed
