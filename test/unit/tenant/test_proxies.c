/* Whose word about the client's address counts. */
#include "tenant/tenant_internal.h"
#include "test.h"

static void only_listed_proxies_are_believed(void **state)
{
    static const struct {
        const char *peer, *first, *second, *address;
    } cases[] = {
        {"192.0.2.1", "203.0.113.5", NULL, "192.0.2.1"}, /* not listed: a lie, for all we know */
        {"10.0.0.1", NULL, NULL, "10.0.0.1"},
        {"10.0.0.1", "203.0.113.5", NULL, "203.0.113.5"},
        {"10.0.0.1", "198.51.100.9, 203.0.113.5", NULL,
         "203.0.113.5"}, /* the left one is a guess */
        {"10.0.0.1", "203.0.113.5, 10.0.0.2", NULL, "203.0.113.5"},
        {"10.0.0.1", "198.51.100.9", "203.0.113.5, 10.1.2.3", "203.0.113.5"},
        {"10.0.0.1", "10.0.0.3, 10.0.0.2", NULL, "10.0.0.1"},
        {"10.0.0.1", "evil", NULL, "10.0.0.1"},
        {"10.0.0.1", "203.0.113.0/24", NULL, "10.0.0.1"},
        {"10.0.0.1", "203.0.113.5, unknown", NULL, "10.0.0.1"},
        {"::1", "2001:db8::5", NULL, "2001:db8::5"},
    };
    struct dw_slice texts[] = {S("10.0.0.0/8"), S("::1")};
    struct dw_tenant tenant = {.arena = dw_arena_new(65536)};
    struct dw_error error = {0};

    (void)state;
    tenant.config.trusted_proxies = (struct dw_slices){texts, 2};
    assert_done(dw_tenant_proxies_open(&tenant, &error), error);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_field fields[] = {{S("x-forwarded-for"), S(cases[i].first)},
                                         {S("X-Forwarded-For"), S(cases[i].second)}};
        size_t count = cases[i].second ? 2 : cases[i].first ? 1 : 0;

        assert_slice(dw_tenant_client_address(&tenant, S(cases[i].peer),
                                              (struct dw_http_fields){fields, count}),
                     cases[i].address);
    }
    dw_arena_free(tenant.arena);
}

static void ranges_that_make_no_sense_are_refused(void **state)
{
    struct dw_slice text = S("10.0.0.1/8");
    struct dw_tenant tenant = {.arena = dw_arena_new(65536)};
    struct dw_error error = {0};

    (void)state;
    tenant.config.trusted_proxies = (struct dw_slices){&text, 1};
    assert_fails(dw_tenant_proxies_open(&tenant, &error), error, DW_CONFIG);
    dw_arena_free(tenant.arena);
}

static void limits_count_ipv6_by_network(void **state)
{
    static const struct {
        const char *address, *key;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "20010db800010002/64"},
        {"2001:db8:1:2::9", "20010db800010002/64"},
        {"::ffff:192.0.2.7", "::ffff:192.0.2.7"},
        {"unix", "unix"},
    };
    struct dw_tenant_call call = {.arena = dw_arena_new(65536)};
    struct dw_error error = {0};
    struct dw_slice key;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        call.peer_address = S(cases[i].address);
        assert_done(dw_tenant_rate_key(&call, &key, &error), error);
        assert_slice(key, cases[i].key);
    }
    dw_arena_free(call.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_listed_proxies_are_believed),
        cmocka_unit_test(limits_count_ipv6_by_network),
        cmocka_unit_test(ranges_that_make_no_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
