# Faults on order: the program with calls in it that fail when they are told to, and who tells them.
# `make check` takes a sample; `make check-faults` has every call of every journey fail once.

check_PROGRAMS += tests/faults/workpeer
TESTS += tests/faults/test_faults.py

# No sanitizer in these: they are there before it. The program's own files are as they are everywhere.
tests_faults_workpeer_SOURCES = src/node/main/main.c \
	tests/faults/fault.c tests/faults/fault.h \
	tests/faults/fault_calls.c
nodist_EXTRA_tests_faults_workpeer_SOURCES = cxx-linker.cxx
tests_faults_workpeer_CPPFLAGS = -I$(srcdir)/src -I$(srcdir)/tests/faults -I$(srcdir)/tests/unit -D_GNU_SOURCE \
	$(LIBEVENT_CFLAGS) $(JANSSON_CFLAGS) $(LMDB_CFLAGS)
tests_faults_workpeer_CFLAGS = -std=gnu11 $(THREAD_FLAGS) $(WARNING_CFLAGS) $(HARDENING_CFLAGS) \
	-fno-builtin -U_FORTIFY_SOURCE
tests_faults_workpeer_LDFLAGS = $(AM_LDFLAGS) -export-dynamic -Wl,--wrap=confinement_put_up
tests_faults_workpeer_LDADD = libnode.la libtoml.la librpc.la libwork.la
if HAVE_OPENCL
tests_faults_workpeer_SOURCES += tests/faults/fault_opencl.c \
	tests/unit/opencl_told.c tests/unit/opencl_told.h
tests_faults_workpeer_LDFLAGS += -Wl,--wrap=opencl_api_load
endif

FAULT_JOURNEYS =
check-faults: tests/faults/workpeer
	$(AM_TESTS_ENVIRONMENT) $(PYTHON) '$(srcdir)/tests/faults/sweep.py' $(FAULT_JOURNEYS)
.PHONY: check-faults

EXTRA_DIST += tests/faults/control.py tests/faults/excuses.py tests/faults/journeys.py tests/faults/sweep.py tests/faults/test_faults.py
