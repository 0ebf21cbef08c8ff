# The fuzz targets, one a file. `make check` replays their corpora, with any compiler; `make fuzz`
# builds them with clang and libFuzzer in a tree of its own, fuzz/, and runs each for FUZZ_SECONDS.

FUZZ_TESTS = \
	tests/fuzz/fuzz_atto \
	tests/fuzz/fuzz_callback \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_endpoint \
	tests/fuzz/fuzz_forwarded \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_numbers \
	tests/fuzz/fuzz_options \
	tests/fuzz/fuzz_override \
	tests/fuzz/fuzz_peer_answer \
	tests/fuzz/fuzz_rpc \
	tests/fuzz/fuzz_status \
	tests/fuzz/fuzz_store_file \
	tests/fuzz/fuzz_store_record

FUZZ_CPPFLAGS = $(UNIT_CPPFLAGS) $(LMDB_CFLAGS) -I$(srcdir)/tests/fuzz
FUZZ_LDADD = libfuzz.la libnode.la libtoml.la librpc.la libwork.la

check_PROGRAMS += $(FUZZ_TESTS)
check_LTLIBRARIES = libfuzz.la
libfuzz_la_SOURCES = tests/fuzz/fuzz.c tests/fuzz/fuzz.h \
	tests/fuzz/support_client.c tests/fuzz/support_client.h \
	tests/fuzz/support_node.c tests/fuzz/support_node.h \
	tests/fuzz/support_settings.c tests/fuzz/support_settings.h \
	tests/unit/fake_device.c tests/unit/fake_device.h
libfuzz_la_CPPFLAGS = $(FUZZ_CPPFLAGS)

if FUZZ
LIBFUZZER_FLAGS = -fsanitize=fuzzer
fuzz: $(FUZZ_TESTS)
	srcdir='$(srcdir)' FUZZ_SECONDS='$(FUZZ_SECONDS)' $(SHELL) $(srcdir)/tests/fuzz/run.sh $(FUZZ_TESTS)
else
TESTS += $(FUZZ_TESTS)
LIBFUZZER_FLAGS =
libfuzz_la_SOURCES += tests/fuzz/replay.c
fuzz:
	$(MKDIR_P) fuzz
	test -f fuzz/Makefile || { cd fuzz && $(SHELL) '$(abs_srcdir)/configure' --quiet --enable-fuzz \
	--disable-shared CC=clang CXX=clang++; }
	cd fuzz && $(MAKE) $(AM_MAKEFLAGS) fuzz
endif
.PHONY: fuzz
FUZZ_SECONDS = 60

nodist_EXTRA_tests_fuzz_fuzz_atto_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_atto_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_atto_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_atto_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_callback_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_callback_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_callback_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_callback_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_config_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_config_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_config_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_endpoint_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_endpoint_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_endpoint_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_endpoint_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_forwarded_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_forwarded_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_forwarded_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_forwarded_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_http_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_http_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_http_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_http_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_numbers_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_numbers_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_numbers_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_numbers_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_options_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_options_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_options_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_options_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_override_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_override_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_override_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_override_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_peer_answer_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_peer_answer_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_peer_answer_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_peer_answer_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_rpc_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_rpc_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_rpc_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_rpc_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_status_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_status_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_status_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_status_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_store_file_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_store_file_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_store_file_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_store_file_LDADD = $(FUZZ_LDADD)
nodist_EXTRA_tests_fuzz_fuzz_store_record_SOURCES = cxx-linker.cxx
tests_fuzz_fuzz_store_record_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_store_record_LDFLAGS = $(AM_LDFLAGS) $(LIBFUZZER_FLAGS)
tests_fuzz_fuzz_store_record_LDADD = $(FUZZ_LDADD)

EXTRA_DIST += tests/README.md tests/fuzz/replay.c tests/fuzz/run.sh tests/fuzz/corpus tests/fuzz/dictionaries
clean-local: clean-fuzz
clean-fuzz:
	rm -rf fuzz tests/fuzz/finds tests/fuzz/work
.PHONY: clean-fuzz
