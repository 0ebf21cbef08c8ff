#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/system_user.h"
#include "node/system/privileges.h"

static const struct privileges_identity root = {.uid = 0, .gid = 0};
static const struct privileges_identity somebody = {.uid = 4200001, .gid = 4200002};

/* What is planned for a process that is `now`; NULL in `expected` when it is to succeed. */
static struct privileges_plan
plan (const char *user, const char *group, struct privileges_identity now, const char *expected)
{
    struct privileges_plan planned = {.act = PRIVILEGES_KEEP};
    char error[PRIVILEGES_TEXT_SIZE] = "";

    assert_int_equal (privileges_plan (user, group, now, &planned, error),
                      expected != NULL ? -1 : 0);
    assert_string_equal (error, expected != NULL ? expected : "");
    return planned;
}

static void
test_nobody_named (void **state)
{
    (void)state;
    assert_int_equal (plan ("", "", root, NULL).act, PRIVILEGES_STAY_ROOT);
    assert_int_equal (plan ("", "", somebody, NULL).act, PRIVILEGES_KEEP);
    plan ("", "0", root, "daemon.group requires daemon.user: set both or neither");
    plan ("", "0", somebody, "daemon.group requires daemon.user: set both or neither");
}

static void
test_root_becomes_a_user (void **state)
{
    const struct passwd *const entry = getpwnam ("daemon");
    struct privileges_plan planned;
    (void)state;

    if (entry == NULL) {
        skip (); /* every Debian has it */
    }
    planned = plan ("daemon", "", root, NULL);
    assert_int_equal (planned.act, PRIVILEGES_DROP);
    assert_int_equal (planned.user.uid, entry->pw_uid);
    assert_int_equal (planned.gid, entry->pw_gid);
    assert_string_equal (planned.user.name, "daemon");
    assert_int_equal (plan ("daemon", "4200002", root, NULL).gid, 4200002);
}

static void
test_numbers (void **state)
{
    struct privileges_plan planned = plan ("4200001", "4200002", root, NULL);
    (void)state;

    assert_int_equal (planned.act, PRIVILEGES_DROP);
    assert_int_equal (planned.user.uid, 4200001);
    assert_int_equal (planned.gid, 4200002);
    assert_false (planned.user.is_known);
    plan ("4200001", "", root,
          "daemon.user is a number that belongs to no known user: set daemon.group, too");
}

static void
test_root_stays_where_it_is_named (void **state)
{
    (void)state;
    assert_int_equal (plan ("root", "", root, NULL).act, PRIVILEGES_KEEP);
    assert_int_equal (plan ("0", "", root, NULL).act, PRIVILEGES_KEEP);
}

static void
test_others_become_nobody_else (void **state)
{
    (void)state;
    assert_int_equal (plan ("4200001", "4200002", somebody, NULL).act, PRIVILEGES_KEEP);
    assert_int_equal (plan ("4200001", "", somebody, NULL).act, PRIVILEGES_KEEP); /* as it is */
    plan (
        "root", "", somebody,
        "only root can switch to root (daemon.user), and this is user 4200001: start the daemon as "
        "root or as that user, or remove daemon.user");
    plan ("4200001", "7", somebody,
          "only root can change to the group 7 (daemon.group), and this is group 4200002: start "
          "the daemon as root or in that group, or remove daemon.group");
}

static void
test_unknown (void **state)
{
    (void)state;
    plan ("no-such-user", "", root, "there is no user no-such-user (daemon.user)");
    plan ("root", "no-such-group", root, "there is no group no-such-group (daemon.group)");
    plan ("4200001", "no-such-group", somebody, "there is no group no-such-group (daemon.group)");
}

static void
test_users (void **state)
{
    struct system_user user;
    gid_t gid = 1;
    (void)state;

    assert_int_equal (system_user_find ("root", &user), 0);
    assert_int_equal (user.uid, 0);
    assert_true (user.is_known);
    assert_int_equal (system_user_find ("0", &user), 0);
    assert_string_equal (user.name, "root");
    assert_true (user.home[0] == '/');
    assert_int_equal (system_user_find_group ("root", &gid), 0);
    assert_int_equal (gid, 0);
}

/* 2^32 - 1 means "as it is" where a user is changed, and is nobody. */
static void
test_numbers_that_are_none (void **state)
{
    static const char *const texts[] = {"4294967295", "4294967296", "-1", "+1", "1 ", "0x1"};
    struct system_user user;
    gid_t gid;
    (void)state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal (system_user_find (texts[i], &user), -1);
        assert_int_equal (system_user_find_group (texts[i], &gid), -1);
    }
    assert_int_equal (system_user_find ("4294967294", &user), 0);
    assert_int_equal (user.uid, 4294967294U);
}

static void
test_now (void **state)
{
    (void)state;
    assert_int_equal (privileges_now ().uid, geteuid ());
    assert_int_equal (privileges_now ().gid, getegid ());
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_nobody_named),
        cmocka_unit_test (test_root_becomes_a_user),
        cmocka_unit_test (test_numbers),
        cmocka_unit_test (test_root_stays_where_it_is_named),
        cmocka_unit_test (test_others_become_nobody_else),
        cmocka_unit_test (test_unknown),
        cmocka_unit_test (test_users),
        cmocka_unit_test (test_numbers_that_are_none),
        cmocka_unit_test (test_now),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
