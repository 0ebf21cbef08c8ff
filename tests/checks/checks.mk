# Analysis, threads, other builds, coverage: what looks at the tree with tools beside the tests.
# Only tests/locks/locks.sh is part of `make check`; CONTRIBUTING.md says what each target is for.

# Threads and locks. ThreadSanitizer's trees cannot load lock_rule.so, and look for themselves.

check_LTLIBRARIES += tests/locks/lock_rule.la
tests_locks_lock_rule_la_SOURCES = tests/locks/lock_rule.c
tests_locks_lock_rule_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
check_PROGRAMS += tests/locks/lock_breach
if !SANITIZERS
TESTS += tests/locks/locks.sh
endif

THREAD_TESTS =
LOCK_TESTS =
if HAVE_CMOCKA
THREAD_TESTS += \
	tests/unit/test_atto_works \
	tests/unit/test_broker \
	tests/unit/test_http_call \
	tests/unit/test_log \
	tests/unit/test_pool \
	tests/unit/test_pool_model \
	tests/unit/test_pool_stress \
	tests/unit/test_precache \
	tests/unit/test_resolver \
	tests/unit/test_scan \
	tests/unit/test_schedule \
	tests/unit/test_search \
	tests/unit/test_store \
	tests/unit/test_store_bounds \
	tests/unit/test_store_full \
	tests/unit/test_store_kill \
	tests/unit/test_trial \
	tests/unit/test_worker
LOCK_TESTS += \
	tests/unit/test_log \
	tests/unit/test_pool \
	tests/unit/test_precache \
	tests/unit/test_resolver \
	tests/unit/test_schedule \
	tests/unit/test_store \
	tests/unit/test_store_full \
	tests/unit/test_worker
if HAVE_OPENCL
THREAD_TESTS += \
	tests/unit/test_device_opencl \
	tests/unit/test_opencl_kernel
LOCK_TESTS += tests/unit/test_device_opencl
endif
endif
LOCK_TESTS += examples/embed
LOCK_JOURNEYS = \
	tests/e2e/test_reload.py \
	tests/e2e/test_store.py
# Not test_opencl.py: PoCL's own threads exchange what ThreadSanitizer, which has not seen PoCL built, calls
# races. Not test_lifecycle.py: it asks how soon a search stops, of a program that is twenty times slower.
THREAD_JOURNEYS = \
	tests/e2e/test_generate.py \
	tests/e2e/test_log.py \
	tests/e2e/test_precache.py \
	tests/e2e/test_reload.py \
	tests/e2e/test_store.py

# The tests with threads in them, and the daemon. A report of ThreadSanitizer's, a lock taken against
# the order in which it was taken before among them, ends a test with a status that fails it.
check-threads:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(THREAD_TESTS) examples/embed $(THREAD_JOURNEYS)' \
	check_PROGRAMS='$(THREAD_TESTS) examples/embed' check_LTLIBRARIES=

AM_TESTS_ENVIRONMENT += \
	TSAN_OPTIONS='suppressions=$(abs_srcdir)/tests/checks/tsan.supp:print_suppressions=0:exitcode=66:detect_deadlocks=1:second_deadlock_stack=1'; export TSAN_OPTIONS; \
	LOCK_TESTS='$(LOCK_TESTS)'; export LOCK_TESTS; \
	LOCK_JOURNEYS='$(LOCK_JOURNEYS)'; export LOCK_JOURNEYS;

# `make check-helgrind`, by hand: a pool, a store and a daemon under valgrind's helgrind.
check-helgrind: all $(check_PROGRAMS)
	srcdir='$(srcdir)' PYTHON='$(PYTHON)' WORKPEER='$(abs_builddir)/workpeer$(EXEEXT)' \
	$(SHELL) $(srcdir)/tests/checks/helgrind.sh

# `make analyze`, by hand: clang-tidy, cppcheck and gcc's -fanalyzer over the sources.
ANALYZE_CPPFLAGS = $(DEFS) -I. -I$(srcdir)/tests/fuzz -I$(srcdir)/tests/bench -I$(srcdir)/tests/soak $(FUZZ_CPPFLAGS)
analyze: $(BUILT_SOURCES) atto_files.c
	srcdir='$(srcdir)' CPPFLAGS='$(ANALYZE_CPPFLAGS)' $(SHELL) $(srcdir)/tests/checks/analyze.sh

# `make matrix`, by hand: the builds and machines that nobody has at hand every day.
matrix:
	srcdir='$(abs_srcdir)' $(SHELL) $(srcdir)/tests/checks/matrix.sh

# `make coverage`, by hand: which lines `make check` reaches, in a tree of its own.
coverage:
	srcdir='$(abs_srcdir)' $(SHELL) $(srcdir)/tests/checks/coverage.sh
.PHONY: analyze check-helgrind check-threads coverage matrix

EXTRA_DIST += .clang-tidy tests/locks/locks.sh \
	tests/checks/analyze.sh tests/checks/cmocka_analysis.h tests/checks/coverage.sh tests/checks/cppcheck.supp \
	tests/checks/helgrind.sh tests/checks/helgrind.supp tests/checks/matrix.sh
clean-local: clean-checks
clean-checks:
	rm -rf coverage matrix
.PHONY: clean-checks
