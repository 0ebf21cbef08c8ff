# The layers: node -> rpc -> work, nothing upwards, and each library where it belongs.

srcdir=${srcdir:-.}

cd "$srcdir" || exit 1
files=$(find src tests examples -type f \( -name '*.[ch]' -o -name '*.cpp' \) | LC_ALL=C sort)
if test -z "$files"; then
    echo "no sources below $srcdir"
    exit 1
fi

# The names hold no blanks: they are split into words here on purpose.
awk '
function complain(rule) {
    printf "%s:%d: %s: %s\n", FILENAME, FNR, target, rule
    failed = 1
}

function exists(path,    line, result) {
    result = (getline line < path)
    close(path)
    return result >= 0
}

function is_library(names) {
    return system_include && target ~ ("^(" names ")")
}

# Which of ours a quoted include names: "" for none.
function ours() {
    if (target == "build_config.h") {
        return target
    }
    if (target ~ /^(work|rpc|node)\/[a-z0-9_]+\.h$/ && exists("src/" target)) {
        return target
    }
    if (FILENAME ~ /^tests\// && target ~ /^[a-z0-9_]+\.h$/ && \
        (exists("tests/unit/" target) || exists("tests/fuzz/" target) || exists("tests/bench/" target) || \
         exists("tests/faults/" target) || exists("tests/soak/" target))) {
        return target
    }
    return ""
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    target = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", target)
    system_include = substr(target, 1, 1) == "<"
    target = substr(target, 2)
    sub(/[>"].*/, "", target)

    if (!system_include && ours() == "") {
        complain("a header of ours is included by its path from src/, as \"work/x.h\"")
    }
    if (system_include && target ~ /^(work|rpc|node)\//) {
        complain("a header of ours is included in quotes")
    }
    if (FILENAME !~ /^src\//) {
        next
    }

    if (FILENAME ~ /^src\/work\// && target ~ /^(rpc|node)\//) {
        complain("src/work knows neither src/rpc nor src/node")
    }
    if (FILENAME ~ /^src\/rpc\// && target ~ /^node\//) {
        complain("src/rpc does not know src/node")
    }
    if (FILENAME ~ /^src\/work\// && is_library("event2?/|ev[a-z]*\\.h|jansson")) {
        complain("src/work has neither libevent nor jansson")
    }
    if (FILENAME != "src/node/toml.cpp" && is_library("toml")) {
        complain("only src/node/toml.cpp includes toml++")
    }
    if (FILENAME !~ /^src\/work\/(account|opencl_cache|value)\.c$/ && FILENAME != "src/rpc/key_hash.c" &&
        is_library("blake2")) {
        complain("only account.c, opencl_cache.c, value.c of src/work and src/rpc/key_hash.c include blake2.h")
    }
    if (FILENAME != "src/work/opencl_api.h" && is_library("CL/")) {
        complain("only src/work/opencl_api.h includes the OpenCL headers")
    }
    if (FILENAME !~ /^src\/work\/store[a-z_]*\.[ch]$/ && is_library("lmdb")) {
        complain("only the store, src/work/store*, includes lmdb.h")
    }
    if (FILENAME == "src/work/workpeer.h" && !system_include) {
        complain("the installed header stands alone")
    }
}

END { exit failed }
' $files
