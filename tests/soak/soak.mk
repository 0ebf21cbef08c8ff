# The soak: the daemon with faults at random for a while, then its accounts. `make check` runs a short
# one; `make soak SOAK_SECONDS=3600 SOAK_SEED=N` as long a one as is wanted, and
# `make soak SOAK_REQUESTS=100000 SOAK_FAULTS=none` one that ends with its requests.

SOAK_SECONDS = 3600
SOAK_SEED =
SOAK_REQUESTS =
SOAK_FAULTS =

# What is preloaded into the daemon, and stands in for OpenCL. Modules, so a -rpath of nowhere. With
# --disable-shared there are none, and the soak says what it did not try.
SOAK_MODULES = tests/soak/jumping_clock.la
SOAK_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/soak -I$(srcdir)/tests/unit
SOAK_MODULE_FLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
tests_soak_jumping_clock_la_SOURCES = tests/soak/jumping_clock.c
tests_soak_jumping_clock_la_LDFLAGS = $(SOAK_MODULE_FLAGS)
if HAVE_OPENCL
SOAK_MODULES += tests/soak/faulty_opencl.la
tests_soak_faulty_opencl_la_SOURCES = tests/soak/faulty_opencl.c \
	tests/soak/faulty_device.c tests/soak/faulty_device.h \
	tests/unit/opencl_told.c tests/unit/opencl_told.h
tests_soak_faulty_opencl_la_CPPFLAGS = $(SOAK_CPPFLAGS)
tests_soak_faulty_opencl_la_LDFLAGS = $(SOAK_MODULE_FLAGS)
tests_soak_faulty_opencl_la_LIBADD = libwork.la
endif
check_LTLIBRARIES += $(SOAK_MODULES)

SOAK_PARTS = \
	tests/soak/bad_clients.py tests/soak/clients.py tests/soak/faults.py tests/soak/ledger.py \
	tests/soak/log_watch.py tests/soak/place.py tests/soak/vitals.py

SOAK_TESTS = tests/soak/soak.py tests/soak/test_faults.py tests/soak/test_ledger.py
TESTS += $(SOAK_TESTS)
soak: workpeer$(EXEEXT) $(SOAK_MODULES)
	$(AM_TESTS_ENVIRONMENT) SOAK_SECONDS='$(SOAK_SECONDS)' SOAK_SEED='$(SOAK_SEED)' \
	SOAK_REQUESTS='$(SOAK_REQUESTS)' SOAK_FAULTS='$(SOAK_FAULTS)' $(PYTHON) $(srcdir)/tests/soak/soak.py
.PHONY: soak

EXTRA_DIST += $(SOAK_TESTS) $(SOAK_PARTS)
clean-local: clean-soak
clean-soak:
	rm -rf tests/soak/failed-*
.PHONY: clean-soak
