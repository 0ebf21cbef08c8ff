# Tests of how the daemon is run: its user and its floor, the key of its clients, its dashboard.

if HAVE_CMOCKA
UNIT_TESTS += \
	tests/unit/test_client_key \
	tests/unit/test_confinement \
	tests/unit/test_privileges
endif

tests_unit_test_client_key_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_client_key_LDADD = $(UNIT_NODE)
tests_unit_test_confinement_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_confinement_LDADD = $(UNIT_NODE)
tests_unit_test_privileges_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_privileges_LDADD = $(UNIT_NODE)

SCRIPT_TESTS += tests/checks/dashboard.py
E2E_TESTS += tests/e2e/test_client_key.py tests/e2e/test_privileges.py
