# Everything that `make check` runs.

TEST_EXTENSIONS = .py .sh
if HAVE_PYTHON
PY_LOG_COMPILER = $(PYTHON)
else
PY_LOG_COMPILER = $(SHELL) -c 'echo "skipped: no Python 3"; exit 77'
endif
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	srcdir='$(srcdir)'; export srcdir; \
	WORKPEER='$(abs_builddir)/workpeer$(EXEEXT)'; export WORKPEER; \
	E2E_SLOW_FACTOR='$(E2E_SLOW_FACTOR)'; export E2E_SLOW_FACTOR; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE; \
	PYTHON='$(PYTHON)'; export PYTHON; \
	MANDOC='$(MANDOC)'; export MANDOC; \
	POCL_CACHE_DIR='$(abs_builddir)/tests/pocl-cache'; export POCL_CACHE_DIR; \
	ASAN_OPTIONS='quarantine_size_mb=32'; export ASAN_OPTIONS; \
	LSAN_OPTIONS='suppressions=$(abs_srcdir)/tests/checks/lsan.supp:print_suppressions=0'; export LSAN_OPTIONS; \
	$(MKDIR_P) tests/pocl-cache; \
	CLANG_FORMAT='$(CLANG_FORMAT)'; export CLANG_FORMAT;

TESTS = $(UNIT_TESTS) $(EXAMPLES) $(SCRIPT_TESTS) $(E2E_TESTS)
check_PROGRAMS = $(UNIT_TESTS) $(EXAMPLES)

# Unit tests: one program for one object, with cmocka.

UNIT_TESTS =
UNIT_CPPFLAGS = $(libnode_la_CPPFLAGS) $(libwork_la_CPPFLAGS) $(CMOCKA_CFLAGS)
UNIT_WORK = libwork.la $(CMOCKA_LIBS)
UNIT_STORE = libstore.la libwork.la $(LMDB_LIBS) $(CMOCKA_LIBS)
UNIT_RPC = librpc.la libwork.la $(CMOCKA_LIBS)
UNIT_NODE = libnode.la librpc.la libwork.la $(CMOCKA_LIBS)
UNIT_CONFIG = libnode.la libtoml.la librpc.la libwork.la $(CMOCKA_LIBS)

if HAVE_CMOCKA
UNIT_TESTS += \
	tests/unit/test_access \
	tests/unit/test_account \
	tests/unit/test_account_chain \
	tests/unit/test_atto \
	tests/unit/test_atto_works \
	tests/unit/test_bench_pool \
	tests/unit/test_bench_report \
	tests/unit/test_block \
	tests/unit/test_broker \
	tests/unit/test_cidr \
	tests/unit/test_config \
	tests/unit/test_config_generate \
	tests/unit/test_cpus \
	tests/unit/test_credentials \
	tests/unit/test_descriptors \
	tests/unit/test_device \
	tests/unit/test_dial \
	tests/unit/test_difficulty \
	tests/unit/test_endpoint \
	tests/unit/test_exposition \
	tests/unit/test_forwarded \
	tests/unit/test_framing \
	tests/unit/test_header \
	tests/unit/test_health \
	tests/unit/test_hex \
	tests/unit/test_hops \
	tests/unit/test_http_answer \
	tests/unit/test_http_call \
	tests/unit/test_json \
	tests/unit/test_load \
	tests/unit/test_log \
	tests/unit/test_memory \
	tests/unit/test_metrics \
	tests/unit/test_nearest \
	tests/unit/test_number \
	tests/unit/test_options \
	tests/unit/test_peer \
	tests/unit/test_peer_drop \
	tests/unit/test_peer_record \
	tests/unit/test_pool \
	tests/unit/test_pool_model \
	tests/unit/test_pool_stress \
	tests/unit/test_pool_time \
	tests/unit/test_ports \
	tests/unit/test_precache \
	tests/unit/test_proxy_header \
	tests/unit/test_queue \
	tests/unit/test_readable \
	tests/unit/test_resolver \
	tests/unit/test_routes \
	tests/unit/test_sample \
	tests/unit/test_scan \
	tests/unit/test_screen \
	tests/unit/test_schedule \
	tests/unit/test_search \
	tests/unit/test_search_model \
	tests/unit/test_server \
	tests/unit/test_status_view \
	tests/unit/test_store \
	tests/unit/test_store_bounds \
	tests/unit/test_store_file \
	tests/unit/test_store_full \
	tests/unit/test_store_kill \
	tests/unit/test_thread \
	tests/unit/test_toml \
	tests/unit/test_trial \
	tests/unit/test_url \
	tests/unit/test_value \
	tests/unit/test_web \
	tests/unit/test_worker \
	tests/unit/test_workpeer
if HAVE_OPENCL
UNIT_TESTS += \
	tests/unit/test_device_opencl \
	tests/unit/test_opencl_cache \
	tests/unit/test_opencl_jobs \
	tests/unit/test_opencl_kernel \
	tests/unit/test_opencl_list \
	tests/unit/test_opencl_probe
endif
endif

tests_unit_test_access_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_access_LDADD = $(UNIT_RPC)
tests_unit_test_account_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_account_LDADD = $(UNIT_WORK)
tests_unit_test_account_chain_SOURCES = tests/unit/test_account_chain.c tests/unit/seed.h
tests_unit_test_account_chain_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_account_chain_LDADD = $(UNIT_NODE)
tests_unit_test_atto_SOURCES = tests/unit/test_atto.c tests/unit/vectors_atto.h
tests_unit_test_atto_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_atto_LDADD = $(UNIT_WORK)
tests_unit_test_atto_works_SOURCES = tests/unit/test_atto_works.c tests/unit/fake_device.c \
	tests/unit/fake_device.h tests/unit/seed.h tests/unit/support_http.c tests/unit/support_http.h
tests_unit_test_atto_works_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_atto_works_LDADD = $(UNIT_NODE)
tests_unit_test_bench_pool_SOURCES = tests/unit/test_bench_pool.c tests/unit/fake_device.c \
	tests/unit/fake_device.h
tests_unit_test_bench_pool_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bench_pool_LDADD = $(UNIT_NODE)
tests_unit_test_bench_report_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bench_report_LDADD = $(UNIT_NODE)
tests_unit_test_block_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_block_LDADD = $(UNIT_NODE)
SUPPORT_BROKER = tests/unit/support_broker.c tests/unit/support_broker.h tests/unit/fake_device.c \
	tests/unit/fake_device.h tests/unit/seed.h
tests_unit_test_broker_SOURCES = tests/unit/test_broker.c $(SUPPORT_BROKER)
tests_unit_test_broker_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_broker_LDADD = $(UNIT_NODE)
tests_unit_test_cidr_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_cidr_LDADD = $(UNIT_RPC)
tests_unit_test_config_SOURCES = tests/unit/test_config.c tests/unit/support_config.c tests/unit/support_config.h
nodist_EXTRA_tests_unit_test_config_SOURCES = cxx-linker.cxx
tests_unit_test_config_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_LDADD = $(UNIT_CONFIG)
tests_unit_test_config_generate_SOURCES = tests/unit/test_config_generate.c tests/unit/support_config.c \
	tests/unit/support_config.h
nodist_EXTRA_tests_unit_test_config_generate_SOURCES = cxx-linker.cxx
tests_unit_test_config_generate_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_generate_LDADD = $(UNIT_CONFIG)
tests_unit_test_cpus_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_cpus_LDADD = $(UNIT_WORK)
tests_unit_test_credentials_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_credentials_LDADD = $(UNIT_RPC)
tests_unit_test_descriptors_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_descriptors_LDADD = $(UNIT_NODE)
tests_unit_test_device_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_device_LDADD = $(UNIT_WORK)
SUPPORT_OPENCL = tests/unit/support_opencl.c tests/unit/support_opencl.h tests/unit/seed.h
tests_unit_test_device_opencl_SOURCES = tests/unit/test_device_opencl.c tests/unit/opencl_between.c \
	tests/unit/opencl_between.h $(SUPPORT_OPENCL)
tests_unit_test_device_opencl_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_device_opencl_LDADD = $(UNIT_WORK)
tests_unit_test_dial_SOURCES = tests/unit/test_dial.c $(SUPPORT_PEER)
tests_unit_test_dial_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_dial_LDADD = $(UNIT_RPC)
tests_unit_test_difficulty_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_difficulty_LDADD = $(UNIT_WORK)
tests_unit_test_endpoint_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_endpoint_LDADD = $(UNIT_RPC)
tests_unit_test_exposition_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_exposition_LDADD = $(UNIT_NODE)
tests_unit_test_sample_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_sample_LDADD = $(UNIT_WORK)
tests_unit_test_header_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_header_LDADD = $(UNIT_RPC)
tests_unit_test_health_SOURCES = tests/unit/test_health.c tests/unit/fake_device.c tests/unit/fake_device.h
tests_unit_test_forwarded_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_forwarded_LDADD = $(UNIT_RPC)
tests_unit_test_framing_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_framing_LDADD = $(UNIT_RPC)
tests_unit_test_health_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_health_LDADD = $(UNIT_NODE)
tests_unit_test_web_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_web_LDADD = $(UNIT_NODE)
tests_unit_test_hex_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_hex_LDADD = $(UNIT_WORK)
tests_unit_test_workpeer_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_workpeer_LDADD = $(UNIT_WORK)
tests_unit_test_thread_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_thread_LDADD = $(UNIT_WORK)
tests_unit_test_hops_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_hops_LDADD = $(UNIT_RPC)
tests_unit_test_http_answer_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_http_answer_LDADD = $(UNIT_RPC)
tests_unit_test_http_call_SOURCES = tests/unit/test_http_call.c $(SUPPORT_PEER)
tests_unit_test_http_call_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_http_call_LDADD = $(UNIT_RPC)
tests_unit_test_json_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_json_LDADD = $(UNIT_RPC)
tests_unit_test_load_SOURCES = tests/unit/test_load.c tests/unit/seed.h $(LOAD_PARTS)
tests_unit_test_load_CPPFLAGS = $(UNIT_CPPFLAGS) $(LOAD_CPPFLAGS)
tests_unit_test_load_LDADD = libwork.la $(JANSSON_LIBS) -lm $(CMOCKA_LIBS)
tests_unit_test_log_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_log_LDADD = $(UNIT_NODE)
tests_unit_test_memory_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc -Wl,--wrap=reallocarray -Wl,--wrap=strdup
tests_unit_test_memory_LDADD = $(UNIT_RPC)
tests_unit_test_metrics_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_metrics_LDADD = $(UNIT_NODE)
tests_unit_test_nearest_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_nearest_LDADD = $(UNIT_NODE)
tests_unit_test_number_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_number_LDADD = $(UNIT_WORK)
tests_unit_test_opencl_cache_SOURCES = tests/unit/test_opencl_cache.c $(SUPPORT_OPENCL)
tests_unit_test_opencl_cache_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_opencl_cache_LDADD = $(UNIT_WORK)
tests_unit_test_opencl_jobs_SOURCES = tests/unit/test_opencl_jobs.c $(SUPPORT_OPENCL)
tests_unit_test_opencl_jobs_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_opencl_jobs_LDADD = $(UNIT_WORK)
tests_unit_test_opencl_kernel_SOURCES = tests/unit/test_opencl_kernel.c tests/unit/vectors.h $(SUPPORT_OPENCL)
tests_unit_test_opencl_kernel_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_opencl_kernel_LDADD = $(UNIT_WORK)
tests_unit_test_opencl_list_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_opencl_list_LDADD = $(UNIT_WORK)
tests_unit_test_opencl_probe_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_opencl_probe_LDADD = $(UNIT_WORK)
tests_unit_test_options_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_options_LDADD = $(UNIT_NODE)
SUPPORT_PEER = tests/unit/support_peer.c tests/unit/support_peer.h tests/unit/fake_peer.c \
	tests/unit/fake_peer.h
tests_unit_test_peer_SOURCES = tests/unit/test_peer.c $(SUPPORT_PEER)
tests_unit_test_peer_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_peer_LDADD = $(UNIT_RPC)
tests_unit_test_peer_drop_SOURCES = tests/unit/test_peer_drop.c $(SUPPORT_PEER)
tests_unit_test_peer_drop_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_peer_drop_LDADD = $(UNIT_RPC)
tests_unit_test_peer_record_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_peer_record_LDADD = $(UNIT_RPC)
tests_unit_test_readable_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_readable_LDADD = $(UNIT_NODE)
SUPPORT_SEARCH = tests/unit/support_search.c tests/unit/support_search.h tests/unit/fake_peers.c \
	tests/unit/fake_peers.h tests/unit/fake_pool.c tests/unit/fake_pool.h tests/unit/still_clock.c \
	tests/unit/still_clock.h
tests_unit_test_search_SOURCES = tests/unit/test_search.c $(SUPPORT_SEARCH)
tests_unit_test_search_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_search_LDADD = $(UNIT_NODE)
tests_unit_test_search_model_SOURCES = tests/unit/test_search_model.c tests/unit/seed.h $(SUPPORT_SEARCH)
tests_unit_test_search_model_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_search_model_LDADD = $(UNIT_NODE)
tests_unit_test_screen_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_screen_LDADD = $(UNIT_NODE)
tests_unit_test_status_view_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_status_view_LDADD = $(UNIT_NODE)
SUPPORT_POOL = tests/unit/support_pool.c tests/unit/support_pool.h tests/unit/fake_device.c \
	tests/unit/fake_device.h tests/unit/seed.h
tests_unit_test_pool_SOURCES = tests/unit/test_pool.c $(SUPPORT_POOL)
tests_unit_test_pool_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_pool_LDADD = $(UNIT_WORK)
STILL_TIME = tests/unit/still_time.c tests/unit/still_time.h
STILL_TIME_WRAPS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime -Wl,--wrap=pthread_cond_wait \
	-Wl,--wrap=pthread_cond_timedwait -Wl,--wrap=pthread_cond_broadcast
tests_unit_test_pool_model_SOURCES = tests/unit/test_pool_model.c $(STILL_TIME) $(SUPPORT_POOL)
tests_unit_test_pool_model_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_pool_model_LDFLAGS = $(STILL_TIME_WRAPS)
tests_unit_test_pool_model_LDADD = $(UNIT_WORK)
tests_unit_test_pool_stress_SOURCES = tests/unit/test_pool_stress.c $(SUPPORT_POOL)
tests_unit_test_pool_stress_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_pool_stress_LDADD = $(UNIT_WORK)
tests_unit_test_pool_time_SOURCES = tests/unit/test_pool_time.c $(STILL_TIME) $(SUPPORT_POOL)
tests_unit_test_pool_time_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_pool_time_LDFLAGS = $(STILL_TIME_WRAPS)
tests_unit_test_pool_time_LDADD = $(UNIT_WORK)
tests_unit_test_ports_SOURCES = tests/unit/test_ports.c tests/bench/ports.c tests/bench/ports.h
tests_unit_test_ports_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(srcdir)/tests/bench
tests_unit_test_ports_LDADD = $(UNIT_WORK)
tests_unit_test_precache_SOURCES = tests/unit/test_precache.c $(STILL_TIME) $(SUPPORT_BROKER) $(SUPPORT_STORE)
tests_unit_test_precache_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_precache_LDFLAGS = $(STILL_TIME_WRAPS)
tests_unit_test_precache_LDADD = $(UNIT_NODE)
tests_unit_test_proxy_header_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_proxy_header_LDADD = $(UNIT_RPC)
tests_unit_test_queue_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_queue_LDADD = $(UNIT_WORK)
tests_unit_test_resolver_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_resolver_LDADD = $(UNIT_RPC)
tests_unit_test_routes_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_routes_LDADD = $(UNIT_RPC)
tests_unit_test_scan_SOURCES = tests/unit/test_scan.c tests/unit/vectors.h
tests_unit_test_scan_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_scan_LDADD = $(UNIT_WORK)
tests_unit_test_schedule_SOURCES = tests/unit/test_schedule.c $(SUPPORT_POOL)
tests_unit_test_schedule_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_schedule_LDADD = $(UNIT_WORK)
tests_unit_test_server_SOURCES = tests/unit/test_server.c tests/unit/support_http.c tests/unit/support_http.h
tests_unit_test_server_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_server_LDADD = $(UNIT_RPC)
SUPPORT_STORE = tests/unit/support_store.c tests/unit/support_store.h
tests_unit_test_store_SOURCES = tests/unit/test_store.c $(SUPPORT_STORE) tests/unit/seed.h tests/unit/vectors.h
tests_unit_test_store_CPPFLAGS = $(UNIT_CPPFLAGS) $(LMDB_CFLAGS)
tests_unit_test_store_LDADD = $(UNIT_STORE)
tests_unit_test_store_bounds_SOURCES = tests/unit/test_store_bounds.c $(SUPPORT_STORE)
tests_unit_test_store_bounds_CPPFLAGS = $(UNIT_CPPFLAGS) $(LMDB_CFLAGS)
tests_unit_test_store_bounds_LDADD = $(UNIT_STORE)
tests_unit_test_store_file_SOURCES = tests/unit/test_store_file.c $(SUPPORT_STORE) tests/unit/seed.h
tests_unit_test_store_file_CPPFLAGS = $(UNIT_CPPFLAGS) $(LMDB_CFLAGS)
tests_unit_test_store_file_LDADD = $(UNIT_STORE)
tests_unit_test_store_full_SOURCES = tests/unit/test_store_full.c $(SUPPORT_STORE)
tests_unit_test_store_full_CPPFLAGS = $(UNIT_CPPFLAGS) $(LMDB_CFLAGS)
tests_unit_test_store_full_LDADD = $(UNIT_STORE)
tests_unit_test_store_kill_SOURCES = tests/unit/test_store_kill.c $(SUPPORT_STORE) tests/unit/seed.h
tests_unit_test_store_kill_CPPFLAGS = $(UNIT_CPPFLAGS) $(LMDB_CFLAGS)
tests_unit_test_store_kill_LDADD = $(UNIT_STORE)
nodist_EXTRA_tests_unit_test_toml_SOURCES = cxx-linker.cxx
tests_unit_test_toml_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_toml_LDADD = $(UNIT_CONFIG)
tests_unit_test_trial_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_trial_LDADD = $(UNIT_WORK)
tests_unit_test_url_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_url_LDADD = $(UNIT_RPC)
tests_unit_test_value_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_value_LDADD = $(UNIT_WORK)
tests_unit_test_worker_SOURCES = tests/unit/test_worker.c $(SUPPORT_POOL)
tests_unit_test_worker_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_worker_LDADD = $(UNIT_WORK)

# The example, against the shared library as an embedder links it.

EXAMPLES = examples/embed
examples_embed_CPPFLAGS = -I$(srcdir)/src/work/pool
examples_embed_LDADD = libworkpeer.la

# Checks of the tree itself, and of what needs other tools. Each skips, and says so, without its tool.

SCRIPT_TESTS = \
	tests/checks/format.sh \
	tests/checks/rooms.sh \
	tests/checks/manual.sh \
	tests/checks/scan_neon.sh \
	tests/checks/symbols.sh \
	tests/checks/systemd.sh \
	tests/checks/completion.py \
	tests/checks/documentation.py \
	tests/checks/metrics.py

# What the options table says in config-node.toml(5) and the example file. `make manual`, by hand, after a change
# of the table; documentation.py holds both against the table.

check_PROGRAMS += tests/checks/config_manual
tests_checks_config_manual_CPPFLAGS = $(libnode_la_CPPFLAGS)
tests_checks_config_manual_LDADD = libnode.la libtoml.la librpc.la libwork.la
nodist_EXTRA_tests_checks_config_manual_SOURCES = cxx-linker.cxx
manual: workpeer$(EXEEXT) tests/checks/config_manual$(EXEEXT)
	./workpeer$(EXEEXT) --generate_config node >$(srcdir)/config-node.toml.example
	page=$(srcdir)/man/config-node.toml.5 && \
	{ sed '/^\.Sh CONFIG-NODE/,$$d' $$page && tests/checks/config_manual$(EXEEXT) && \
	sed -n '/^\.Sh WORK PEERS/,$$p' $$page; } >$$page.new && mv $$page.new $$page
.PHONY: manual

# End to end: the real program over real sockets.

E2E_TESTS = \
	tests/e2e/test_access.py \
	tests/e2e/test_atto.py \
	tests/e2e/test_benchmark.py \
	tests/e2e/test_caddy.py \
	tests/e2e/test_clients.py \
	tests/e2e/test_command.py \
	tests/e2e/test_config.py \
	tests/e2e/test_debug.py \
	tests/e2e/test_framing.py \
	tests/e2e/test_generate.py \
	tests/e2e/test_haproxy.py \
	tests/e2e/test_https.py \
	tests/e2e/test_lifecycle.py \
	tests/e2e/test_metrics.py \
	tests/e2e/test_log.py \
	tests/e2e/test_nginx.py \
	tests/e2e/test_npm.py \
	tests/e2e/test_opencl.py \
	tests/e2e/test_peers.py \
	tests/e2e/test_precache.py \
	tests/e2e/test_proxies.py \
	tests/e2e/test_reload.py \
	tests/e2e/test_routes.py \
	tests/e2e/test_rpc.py \
	tests/e2e/test_rpc_model.py \
	tests/e2e/test_service.py \
	tests/e2e/test_store.py \
	tests/e2e/test_web.py \
	tests/e2e/test_web_page.py

# Benchmarks: built by `make bench`, run by hand.

EXTRA_PROGRAMS = tests/bench/bench_cache tests/bench/bench_http tests/bench/bench_store
check_PROGRAMS += tests/bench/bench_scan tests/bench/load
TESTS += tests/bench/test_bench_scan.py tests/bench/test_load.py
tests_bench_bench_cache_CPPFLAGS = $(AM_CPPFLAGS)
tests_bench_bench_cache_LDADD = libstore.la libwork.la
tests_bench_bench_http_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_bench_bench_http_LDADD = librpc.la libwork.la
tests_bench_bench_scan_SOURCES = tests/bench/bench_scan.c tests/bench/ports.c tests/bench/ports.h
tests_bench_bench_scan_CPPFLAGS = $(libwork_la_CPPFLAGS) -I$(srcdir)/tests/bench
tests_bench_bench_scan_LDADD = libwork.la $(LIBB2_LIBS)
tests_bench_bench_store_CPPFLAGS = $(AM_CPPFLAGS)
tests_bench_bench_store_LDADD = libstore.la libwork.la
LOAD_PARTS = \
	tests/bench/load_histogram.c tests/bench/load_histogram.h \
	tests/bench/load_plan.c tests/bench/load_plan.h \
	tests/bench/load_request.c tests/bench/load_request.h \
	tests/bench/load_tally.c tests/bench/load_tally.h
LOAD_CPPFLAGS = -I$(srcdir)/tests/bench $(JANSSON_CFLAGS)
tests_bench_load_SOURCES = tests/bench/load.c \
	tests/bench/load_client.c tests/bench/load_client.h \
	tests/bench/load_run.c tests/bench/load_run.h $(LOAD_PARTS)
tests_bench_load_CPPFLAGS = $(AM_CPPFLAGS) $(LOAD_CPPFLAGS)
tests_bench_load_LDADD = libwork.la $(JANSSON_LIBS) -lm
CLEANFILES += $(EXTRA_PROGRAMS)
bench: $(EXTRA_PROGRAMS) tests/bench/bench_scan tests/bench/load
clean-local:
	rm -rf tests/pocl-cache
.PHONY: bench

# `make check-valgrind`, by hand: jobs on an OpenCL device under valgrind.
check-valgrind: $(UNIT_TESTS)
	srcdir='$(srcdir)' $(SHELL) $(srcdir)/tests/checks/opencl_valgrind.sh
.PHONY: check-valgrind

EXTRA_DIST += $(SCRIPT_TESTS) $(E2E_TESTS) \
	tests/checks/lsan.supp tests/checks/opencl.supp tests/checks/opencl_valgrind.sh tests/checks/tsan.supp \
	tests/bench/bench_cache.py tests/bench/bench_load.py tests/bench/bench_peers.py tests/bench/bench_rpc.py \
	tests/bench/stand_in_work_server.py tests/bench/test_bench_scan.py tests/bench/test_load.py \
	tests/data \
	tests/e2e/atto.py tests/e2e/browser.py tests/e2e/fake_node.py tests/e2e/fake_peer.py tests/e2e/harness.py tests/e2e/http_client.py tests/e2e/nano.py tests/e2e/proxy.py \
	tests/e2e/rpc_model.py tests/e2e/rpc_requests.py \
	tests/unit/test_scan_neon.c \
	tests/unit/test_search.scenarios \
	tests/unit/vectors.h \
	tests/vectors/work.json
