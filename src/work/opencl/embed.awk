# Writes a text as a C file that defines it: an array of characters called `name`, declared in `header`.
BEGIN {
    printf "/* Made by embed.awk: not to be edited. */\n#include \"%s\"\n\nconst char %s[] =\n", header, name
}

{
    gsub(/\\/, "&&")
    gsub(/"/, "\\\\&")
    printf "    \"%s\\n\"\n", $0
}

END { print "    \"\";" }
