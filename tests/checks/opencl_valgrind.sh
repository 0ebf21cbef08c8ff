# Jobs on an OpenCL device under valgrind: no leak and no bad access of ours. By hand, with `make check-valgrind`:
# valgrind makes it some fifty times slower. JOBS=1000 for more than the 50 that it runs by itself.

program=tests/unit/test_opencl_jobs
directory=$(mktemp -d) || exit 1
trap 'rm -rf "$directory"' EXIT

command -v valgrind >/dev/null || { echo "skipped: no valgrind"; exit 77; }
test -x "$program" || { echo "skipped: no $program: a build with OpenCL and cmocka has it"; exit 77; }

# A kernel that was compiled outside may have instructions that valgrind does not know.
POCL_CACHE_DIR=$directory
export POCL_CACHE_DIR
./libtool --mode=execute valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect --num-callers=40 --error-exitcode=99 \
    --suppressions="${srcdir:-.}/tests/checks/opencl.supp" "$program" "${JOBS:-50}"
