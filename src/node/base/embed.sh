#!/bin/sh
# embed.sh HEADER FILE...: prints C that defines each file's bytes, as HEADER declares them.
set -eu

printf '/* Made by embed.sh. */\n#include "%s"\n' "$1"
shift
for file; do
    name=$(basename "$file" | tr . _)
    printf '\nconst char %s[] = {\n' "$name"
    od -An -v -td1 <"$file" | sed 's/-*[0-9][0-9]*/&,/g'
    printf '};\nconst size_t %s_size = sizeof %s;\n' "$name" "$name"
done
