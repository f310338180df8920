/* net/address.h: where foreign URLs may lead. */
#include "test.h"

#include <arpa/inet.h>

#include "net/address.h"

static const struct {
    const char *text;
    enum dw_address_class expected;
} cases[] = {
    {"0.0.0.0", DW_ADDRESS_SPECIAL},
    {"0.1.2.3", DW_ADDRESS_SPECIAL},
    {"1.1.1.1", DW_ADDRESS_PUBLIC},
    {"8.8.8.8", DW_ADDRESS_PUBLIC},
    {"9.255.255.255", DW_ADDRESS_PUBLIC},
    {"10.0.0.0", DW_ADDRESS_SPECIAL},
    {"10.255.255.255", DW_ADDRESS_SPECIAL},
    {"11.0.0.0", DW_ADDRESS_PUBLIC},
    {"100.63.255.255", DW_ADDRESS_PUBLIC},
    {"100.64.0.0", DW_ADDRESS_SPECIAL},
    {"100.127.255.255", DW_ADDRESS_SPECIAL},
    {"100.128.0.0", DW_ADDRESS_PUBLIC},
    {"126.255.255.255", DW_ADDRESS_PUBLIC},
    {"127.0.0.0", DW_ADDRESS_LOOPBACK},
    {"127.0.0.1", DW_ADDRESS_LOOPBACK},
    {"127.255.255.255", DW_ADDRESS_LOOPBACK},
    {"128.0.0.0", DW_ADDRESS_PUBLIC},
    {"169.253.255.255", DW_ADDRESS_PUBLIC},
    {"169.254.0.0", DW_ADDRESS_SPECIAL},
    {"169.254.169.254", DW_ADDRESS_SPECIAL},
    {"169.255.0.0", DW_ADDRESS_PUBLIC},
    {"172.15.255.255", DW_ADDRESS_PUBLIC},
    {"172.16.0.0", DW_ADDRESS_SPECIAL},
    {"172.31.255.255", DW_ADDRESS_SPECIAL},
    {"172.32.0.0", DW_ADDRESS_PUBLIC},
    {"192.0.0.1", DW_ADDRESS_SPECIAL},
    {"192.0.0.170", DW_ADDRESS_SPECIAL},
    {"192.0.1.1", DW_ADDRESS_PUBLIC},
    {"192.0.2.1", DW_ADDRESS_SPECIAL},
    {"192.88.99.1", DW_ADDRESS_SPECIAL},
    {"192.167.255.255", DW_ADDRESS_PUBLIC},
    {"192.168.1.1", DW_ADDRESS_SPECIAL},
    {"192.169.0.0", DW_ADDRESS_PUBLIC},
    {"198.17.255.255", DW_ADDRESS_PUBLIC},
    {"198.18.0.1", DW_ADDRESS_SPECIAL},
    {"198.19.255.255", DW_ADDRESS_SPECIAL},
    {"198.20.0.0", DW_ADDRESS_PUBLIC},
    {"198.51.100.7", DW_ADDRESS_SPECIAL},
    {"203.0.113.7", DW_ADDRESS_SPECIAL},
    {"223.255.255.255", DW_ADDRESS_PUBLIC},
    {"224.0.0.1", DW_ADDRESS_SPECIAL},
    {"239.255.255.255", DW_ADDRESS_SPECIAL},
    {"240.0.0.1", DW_ADDRESS_SPECIAL},
    {"255.255.255.255", DW_ADDRESS_SPECIAL},
    {"::", DW_ADDRESS_SPECIAL},
    {"::1", DW_ADDRESS_LOOPBACK},
    {"::2", DW_ADDRESS_SPECIAL},
    {"::127.0.0.1", DW_ADDRESS_SPECIAL},      /* compatible */
    {"::ffff:127.0.0.1", DW_ADDRESS_SPECIAL}, /* mapped */
    {"::ffff:169.254.169.254", DW_ADDRESS_SPECIAL},
    {"::ffff:8.8.8.8", DW_ADDRESS_SPECIAL},
    {"::ffff:0:127.0.0.1", DW_ADDRESS_SPECIAL}, /* translated, SIIT */
    {"64:ff9b::7f00:1", DW_ADDRESS_SPECIAL},    /* NAT64 */
    {"64:ff9b::808:808", DW_ADDRESS_SPECIAL},
    {"64:ff9b:1::7f00:1", DW_ADDRESS_SPECIAL}, /* local NAT64 */
    {"100::1", DW_ADDRESS_SPECIAL},            /* discard */
    {"2001::1", DW_ADDRESS_SPECIAL},           /* Teredo */
    {"2001:0:7f00:1::", DW_ADDRESS_SPECIAL},
    {"2001:20::1", DW_ADDRESS_SPECIAL}, /* ORCHIDv2 */
    {"2001:1ff:ffff::1", DW_ADDRESS_SPECIAL},
    {"2001:200::1", DW_ADDRESS_PUBLIC},
    {"2001:db8::1", DW_ADDRESS_SPECIAL},
    {"2001:4860:4860::8888", DW_ADDRESS_PUBLIC},
    {"2002:7f00:1::", DW_ADDRESS_SPECIAL}, /* 6to4 of 127.0.0.1 */
    {"2002:808:808::1", DW_ADDRESS_SPECIAL},
    {"2003::1", DW_ADDRESS_PUBLIC},
    {"2606:4700::1111", DW_ADDRESS_PUBLIC},
    {"2606:4700::200:5efe:7f00:1", DW_ADDRESS_SPECIAL}, /* ISATAP */
    {"2606:4700::5efe:7f00:1", DW_ADDRESS_SPECIAL},
    {"2620:4f:8000::1", DW_ADDRESS_SPECIAL},
    {"3fff:0fff::1", DW_ADDRESS_SPECIAL},
    {"3fff:1000::1", DW_ADDRESS_PUBLIC},
    {"4000::1", DW_ADDRESS_SPECIAL},
    {"5f00::1", DW_ADDRESS_SPECIAL}, /* segment routing */
    {"fc00::1", DW_ADDRESS_SPECIAL}, /* unique local */
    {"fd12:3456::1", DW_ADDRESS_SPECIAL},
    {"fe80::1", DW_ADDRESS_SPECIAL}, /* link-local */
    {"fec0::1", DW_ADDRESS_SPECIAL}, /* site-local, gone */
    {"ff02::1", DW_ADDRESS_SPECIAL}, /* multicast */
};

static void each_address_has_its_class(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        enum dw_address_class seen;

        if (inet_pton(AF_INET, cases[i].text, &v4.sin_addr) == 1)
            seen = dw_address_classify((const struct sockaddr *)&v4);
        else {
            assert_int_equal(inet_pton(AF_INET6, cases[i].text, &v6.sin6_addr), 1);
            seen = dw_address_classify((const struct sockaddr *)&v6);
        }
        if (seen != cases[i].expected)
            fail_msg("%s: expected %d, got %d", cases[i].text, cases[i].expected, seen);
    }
}

static void other_families_are_never_public(void **state)
{
    struct sockaddr address = {.sa_family = AF_UNIX};

    (void)state;
    assert_int_equal(dw_address_classify(&address), DW_ADDRESS_SPECIAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_has_its_class),
        cmocka_unit_test(other_families_are_never_public),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
