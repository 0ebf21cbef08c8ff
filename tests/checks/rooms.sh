# The rooms: a file includes its own room and the rooms that may_include names, no two rooms reach each other, each
# library stays where it belongs, and a struct's tag means one thing.

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
    if (target ~ /^(work|rpc|node)\/[a-z0-9_]+\/[a-z0-9_]+\.h$/ && exists("src/" target)) {
        return target
    }
    if (FILENAME ~ /^tests\// && target ~ /^[a-z0-9_]+\.h$/ && \
        (exists("tests/unit/" target) || exists("tests/fuzz/" target) || exists("tests/bench/" target) || \
         exists("tests/faults/" target) || exists("tests/soak/" target))) {
        return target
    }
    return ""
}

function room_of(path) {
    sub(/\/[^\/]*$/, "", path)
    return path
}

# What may_include of `room` names, read once. A floor may not name one above it.
function read_room(room,    file, line, floors) {
    floors = "work rpc node"
    file = "src/" room "/may_include"
    known[room] = 1
    if ((getline line < ("src/" room "/README.md")) <= 0) {
        printf "src/%s: no README.md\n", room
        failed = 1
    }
    while ((getline line < file) > 0) {
        if (!exists("src/" line "/may_include")) {
            printf "%s: %s is no room\n", file, line
            failed = 1
        } else if (index(floors, floor_of(line)) > index(floors, floor_of(room))) {
            printf "%s: %s is on a floor above\n", file, line
            failed = 1
        }
        allowed[room, line] = 1
        below[room] = below[room] " " line
    }
    close(file)
}

function floor_of(room) {
    sub(/\/.*/, "", room)
    return room
}

function may_include(room, other) {
    if (!(room in known)) {
        read_room(room)
    }
    used[room, other] = 1
    return room == other || (room, other) in allowed
}

# Walks down from `room`; `path` is the way here.
function look_for_circles(room, path,    count, i, names) {
    if (index(path, " " room " ")) {
        printf "a circle of rooms:%s%s\n", path, room
        failed = 1
        return
    }
    if (room in walked) {
        return
    }
    count = split(below[room], names, " ")
    for (i = 1; i <= count; i++) {
        if (!(names[i] in known)) {
            read_room(names[i])
        }
        look_for_circles(names[i], path room " ")
    }
    walked[room] = 1
}

FILENAME ~ /^src\// && /^struct [a-z0-9_]+ \{/ {
    if ($2 in defined) {
        printf "%s:%d: struct %s is defined in %s, too\n", FILENAME, FNR, $2, defined[$2]
        failed = 1
    }
    defined[$2] = FILENAME
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    target = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", target)
    system_include = substr(target, 1, 1) == "<"
    target = substr(target, 2)
    sub(/[>"].*/, "", target)

    if (!system_include && ours() == "") {
        complain("a header of ours is included by its path from src/, as \"work/pool/pool.h\"")
    }
    if (system_include && target ~ /^(work|rpc|node)\//) {
        complain("a header of ours is included in quotes")
    }
    if (FILENAME !~ /^src\//) {
        next
    }

    if (!system_include && target != "build_config.h" && !may_include(room_of(substr(FILENAME, 5)), room_of(target))) {
        complain("not in src/" room_of(substr(FILENAME, 5)) "/may_include")
    }
    if (FILENAME ~ /^src\/work\// && is_library("event2?/|ev[a-z]*\\.h|jansson")) {
        complain("src/work has neither libevent nor jansson")
    }
    if (FILENAME != "src/node/config/toml.cpp" && is_library("toml")) {
        complain("only src/node/config/toml.cpp includes toml++")
    }
    if (FILENAME !~ /^src\/(work\/base\/account|work\/opencl\/opencl_cache|work\/scan\/value|rpc\/access\/key_hash)\.c$/ && \
        is_library("blake2")) {
        complain("only account.c, opencl_cache.c, value.c and key_hash.c include blake2.h")
    }
    if (FILENAME != "src/work/opencl/opencl_api.h" && is_library("CL/")) {
        complain("only src/work/opencl/opencl_api.h includes the OpenCL headers")
    }
    if (FILENAME !~ /^src\/work\/store\// && is_library("lmdb")) {
        complain("only src/work/store includes lmdb.h")
    }
    if (FILENAME == "src/work/pool/workpeer.h" && !system_include) {
        complain("the installed header stands alone")
    }
}

END {
    for (room in known) {
        look_for_circles(room, " ")
    }
    for (pair in allowed) {
        if (!(pair in used)) {
            split(pair, names, SUBSEP)
            printf "src/%s/may_include: nothing includes %s\n", names[1], names[2]
            failed = 1
        }
    }
    exit failed
}
' $files
