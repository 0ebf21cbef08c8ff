/*
 * Networks in CIDR: what is one, and which addresses are in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "rpc/access/cidr.h"

static struct cidr_address
address_of (const char *text)
{
    struct cidr cidr;

    assert_int_equal (cidr_parse (text, &cidr), 0);
    assert_int_equal (cidr.bits, 128);
    return cidr.address;
}

static void
test_contains (void **state)
{
    static const struct {
        const char *network;
        const char *address;
        bool is_in;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.0/31", "192.0.2.1", true},
        {"192.0.2.0/31", "192.0.2.2", false},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"172.16.0.0/12", "172.31.255.255", true},
        {"172.16.0.0/12", "172.32.0.0", false},
        {"100.64.0.0/10", "100.127.0.1", true},
        {"100.64.0.0/10", "100.128.0.1", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::", false},
        {"0.0.0.0/0", "::1", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"::ffff:10.0.0.0/104", "11.1.2.3", false},
        {"10.0.0.0/8", "::10.1.2.3", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "::1", true},
        {"::/0", "10.1.2.3", false},
        {"::ffff:0:0/96", "10.1.2.3", true},
        {"2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"2001:db8::/32", "2001:db9::", false},
        {"fe80::/10", "febf::1", true},
        {"fe80::/10", "fec0::1", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"2001:db8::1", "2001:db8::2", false},
        {"2001:db8::8/127", "2001:db8::9", true},
        {"2001:db8::8/127", "2001:db8::a", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cidr_address address = address_of (cases[i].address);
        struct cidr network;

        assert_int_equal (cidr_parse (cases[i].network, &network), 0);
        if (cidr_contains (&network, &address) != cases[i].is_in) {
            fail_msg ("%s in %s", cases[i].address, cases[i].network);
        }
    }
}

static void
test_no_networks (void **state)
{
    static const char *const texts[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/ 8",
        "10.0.0.0/8 ",
        " 10.0.0.0/8",
        "10.0.0.0/8/8",
        "10.0.0.1/8",
        "10.0.0.0/255.0.0.0",
        "10/8",
        "10.0.0/24",
        "010.0.0.0/8",
        "localhost",
        "::/129",
        "::1/127",
        "::ffff:10.0.0.0/8",
        "[::1]",
        "fe80::1%lo",
        "2001:db8::/32x",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999",
        "00000000000000000000000000000000000000000000000000000000000000001",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cidr cidr = {.bits = 7};

        if (cidr_parse (texts[i], &cidr) != -1 || cidr.bits != 7) {
            fail_msg ("\"%s\" was taken", texts[i]);
        }
    }
}

static void
test_any (void **state)
{
    const struct cidr_address inside = address_of ("192.0.2.9");
    const struct cidr_address outside = address_of ("192.0.3.9");
    struct cidr networks[2];

    (void)state;
    assert_int_equal (cidr_parse ("::1", &networks[0]), 0);
    assert_int_equal (cidr_parse ("192.0.2.0/24", &networks[1]), 0);
    assert_true (cidr_any_contains (networks, 2, &inside));
    assert_false (cidr_any_contains (networks, 2, &outside));
    assert_false (cidr_any_contains (networks, 1, &inside));
    assert_false (cidr_any_contains (networks, 0, &inside));
}

static void
assert_printed (const char *given, const char *printed)
{
    const struct cidr_address address = address_of (given);
    char text[CIDR_TEXT_SIZE];

    cidr_address_print (&address, text);
    assert_string_equal (text, printed);
}

static void
test_print (void **state)
{
    (void)state;
    assert_printed ("192.0.2.1", "192.0.2.1");
    assert_printed ("::ffff:192.0.2.1", "192.0.2.1");
    assert_printed ("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
    assert_printed ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void
test_loopback (void **state)
{
    static const char *const inside[] = {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"};
    static const char *const outside[] = {"0.0.0.0", "::", "128.0.0.1", "126.0.0.1", "::2"};

    (void)state;
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        const struct cidr_address address = address_of (inside[i]);

        assert_true (cidr_is_loopback (&address));
    }
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        const struct cidr_address address = address_of (outside[i]);

        assert_false (cidr_is_loopback (&address));
    }
}

static void
test_sockets (void **state)
{
    const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (0xc0000201)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const struct sockaddr_un local = {.sun_family = AF_UNIX};
    const struct cidr_address wanted_v4 = address_of ("192.0.2.1");
    const struct cidr_address wanted_v6 = address_of ("::1");
    struct cidr_address address;

    (void)state;
    v6.sin6_addr = in6addr_loopback;
    assert_int_equal (cidr_address_of ((const struct sockaddr *)&v4, &address), 0);
    assert_memory_equal (&address, &wanted_v4, sizeof address);
    assert_int_equal (cidr_address_of ((const struct sockaddr *)&v6, &address), 0);
    assert_memory_equal (&address, &wanted_v6, sizeof address);
    assert_int_equal (cidr_address_of ((const struct sockaddr *)&local, &address), -1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_contains), cmocka_unit_test (test_no_networks),
        cmocka_unit_test (test_any),      cmocka_unit_test (test_print),
        cmocka_unit_test (test_loopback), cmocka_unit_test (test_sockets),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
