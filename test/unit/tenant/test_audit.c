/* The audit log: nothing gets lost, nothing waits for it, no secret is in it. */
#include <pthread.h>

#include "fixture.h"
#include "tenant/account/account_internal.h"

static struct dw_error error;

static size_t find(struct dw_log_query query, struct dw_log_entry **ret_entries)
{
    size_t count = 0;

    dw_audit_flush(world.tenant);
    assert_done(
        dw_store_log_entries(world.tenant->store, &query, world.arena, ret_entries, &count, &error),
        error);
    return count;
}

static void an_entry_says_who_what_and_where(void **state)
{
    struct dw_tenant_call call = {
        .tenant = world.tenant,
        .peer_address = S("192.0.2.7"),
        .client_id = S("app"),
    };
    struct dw_user user = {
        .id = S("auth0|1"), .email = S("ada@example.com"), .connection = S("DB")};
    struct dw_error failure = {0};
    struct dw_slice scopes[] = {S("a"), S("b")};
    struct dw_log_entry *entries = NULL;

    (void)state;
    (void)dw_fail(&failure, DW_INVALID_GRANT, "Wrong email or password.");
    dw_audit(&call, DW_AUDIT_FP, .user = &user, .error = &failure, .audience = S("api"),
             .scopes = {scopes, 2});
    assert_int_equal(find((struct dw_log_query){.user = S("auth0|1")}, &entries), 1);
    assert_slice(entries->type, "fp");
    assert_slice(entries->description, "Wrong email or password.");
    assert_slice(entries->ip, "192.0.2.7");
    assert_slice(entries->client_id, "app");
    assert_slice(entries->user_name, "ada@example.com");
    assert_slice(entries->connection, "DB");
    assert_slice(entries->scope, "a b");
    assert_slice(entries->details_json, "{}");
    assert_true(entries->at_ms == world_now_s * 1000);
}

static void texts_are_cut_between_characters(void **state)
{
    struct dw_tenant_call call = {.tenant = world.tenant};
    char text[2000];
    struct dw_log_entry *entries = NULL;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    memmove(text + 1, text, sizeof text - 1);
    text[0] = 'x';
    dw_audit(&call, DW_AUDIT_F, .user_name = dw_slice_from(text, 1999));
    assert_int_equal(find((struct dw_log_query){.take = 1, .is_newest_first = true}, &entries), 1);
    assert_int_equal(entries->user_name.len, 511);
}

#define FLOOD 5000

static void *flood(void *user)
{
    struct dw_tenant_call call = {.tenant = world.tenant, .client_id = S("flood")};

    (void)user;
    for (int i = 0; i < FLOOD; i++)
        dw_audit(&call, DW_AUDIT_FU);
    return NULL;
}

static void a_flood_from_many_threads_is_written_whole(void **state)
{
    pthread_t threads[4];
    struct dw_log_query query = {.client_id = S("flood")};
    struct dw_log_entry *entries = NULL;
    size_t total = 0, count;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, flood, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    while ((count = find(query, &entries)) > 0) {
        total += count;
        query.after_sequence = entries[count - 1].sequence;
    }
    assert_int_equal(total, 4 * FLOOD);
}

static void closing_writes_what_waits(void **state)
{
    struct dw_tenant_call call = {.tenant = world.tenant, .client_id = S("late")};
    struct dw_log_entry *entries = NULL;

    (void)state;
    dw_audit(&call, DW_AUDIT_SLO);
    dw_tenant_close(world.tenant);
    world_open();
    assert_int_equal(find((struct dw_log_query){.client_id = S("late")}, &entries), 1);
}

static void every_code_is_found_by_its_name_and_none_twice(void **state)
{
    enum dw_audit_type type;

    (void)state;
    for (int i = 0; i < DW_AUDIT_TYPE_COUNT; i++) {
        assert_true(dw_audit_type_from(S(dw_audit_type_code((enum dw_audit_type)i)), &type));
        assert_int_equal(type, i);
    }
    assert_false(dw_audit_type_from(S("nonsense"), &type));
}

static size_t count_of(const char *code)
{
    struct dw_slice type = S(code);
    struct dw_log_entry *entries = NULL;
    size_t count = find(
        (struct dw_log_query){.types = {&type, 1}, .client_id = S(DW_TENANT_DEV_CLIENT)}, &entries);

    for (size_t i = 0; i < count; i++) {
        assert_has_not(entries[i].description, ADA_PASSWORD);
        assert_slice(entries[i].client_id, DW_TENANT_DEV_CLIENT);
    }
    return count;
}

static void logins_and_tokens_leave_their_entries(void **state)
{
    struct browser browser = {0};
    struct dw_log_entry *entries = NULL;
    struct dw_slice type = S("s");
    const char *visit;
    struct dw_tenant_call *call;

    (void)state;
    visit = state_of(get(&browser, AUTHORIZE));
    assert_status(log_in(&browser, visit, "wrong"), 400);
    assert_int_equal(count_of("fp"), 1);
    call = log_in(&browser, visit, ADA_PASSWORD);
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, visit, "accept");
    assert_int_equal(count_of("s"), 1);
    assert_status(redeem(text_of(location_value(call, "code"))), 200);
    assert_int_equal(count_of("seacft"), 1);
    assert_status(redeem(text_of(location_value(call, "code"))), 403);
    assert_int_equal(count_of("feacft"), 1);
    assert_slice(location_value(get(&(struct browser){0}, AUTHORIZE "&prompt=none"), "error"),
                 "login_required");
    assert_int_equal(count_of("fsa"), 1);
    assert_int_equal(find((struct dw_log_query){.types = {&type, 1}}, &entries), 1);
    assert_slice(entries->user_name, ADA);
    assert_slice(entries->audience, AUDIENCE);
}

static void a_refused_logout_leaves_its_entry(void **state)
{
    struct browser browser = {0};
    struct dw_log_entry entry;

    (void)state;
    assert_status(get(&browser, "/v2/logout?client_id=" DW_TENANT_DEV_CLIENT
                                "&returnTo=https%3A%2F%2Fevil.example"),
                  400);
    entry = entry_of("flo");
    assert_slice(entry.client_id, DW_TENANT_DEV_CLIENT);
    assert_slice(entry.ip, "192.0.2.1");
    assert_slice(entry.description, "The \"returnTo\" querystring parameter is not defined as a "
                                    "valid URL in \"Allowed Logout URLs\"");
    assert_status(get(&browser, "/oidc/logout?client_id=nobody"), 400);
    assert_slice(entry_of("flo").description, "Unknown client: nobody");
}

static void a_verification_mail_that_cannot_be_asked_for_leaves_its_entry(void **state)
{
    struct dw_user user = *user_of(ADA);
    struct dw_tenant_call call = {
        .tenant = world.tenant, .arena = world.arena, .now_s = world_now_s};

    (void)state;
    assert_done(dw_tenant_settings(world.tenant, world.arena, &call.settings, &error), error);
    user.email = S("no address");
    assert_false(dw_account_mail_verification(&call, &user, NULL, &error));
    assert_slice(entry_of("fvr").user_id, text_of(user.id));
    assert_slice(entry_of("fvr").description, "this is no address that a mail can be sent to");
    assert_int_equal(entry_of("svr").type.len, 0);
}

static void who_is_over_a_limit_has_one_entry_a_minute(void **state)
{
    struct dw_slice type = S("api_limit");
    struct dw_log_query query = {.types = {&type, 1}};
    struct dw_log_entry *entries = NULL;
    int64_t visits_per_hour = world.tenant->visits_per_hour;
    struct browser here = {.address = "198.51.100.1"}, there = {.address = "198.51.100.2"};

    (void)state;
    world.tenant->visits_per_hour = 1;
    (void)get(&here, AUTHORIZE);
    assert_int_equal(find(query, &entries), 0);
    for (int i = 0; i < 3; i++)
        assert_slice(location_value(get(&here, AUTHORIZE), "error"), "temporarily_unavailable");
    assert_int_equal(find(query, &entries), 1);
    assert_slice(entries[0].ip, "198.51.100.1");
    assert_slice(entries[0].description, "/authorize");
    (void)get(&there, AUTHORIZE);
    (void)get(&there, AUTHORIZE);
    assert_int_equal(find(query, &entries), 2);
    world_now_s += 60;
    (void)get(&here, AUTHORIZE);
    assert_int_equal(find(query, &entries), 3);
    world.tenant->visits_per_hour = visits_per_hour;
}

static void refresh_tokens_over_the_limit_leave_an_entry(void **state)
{
    static const struct dw_slice scopes[] = {{"openid", 6}, {"offline_access", 14}};
    struct dw_user *user = user_of(ADA);

    (void)state;
    for (int i = 0; i < DW_STORE_MAX_FAMILIES - 1; i++) {
        struct dw_refresh_family family = {
            .id = dw_tenant_random_text(world.arena, "", 16),
            .client_id = S(DW_TENANT_DEV_CLIENT),
            .user_id = user->id,
            .scopes = {scopes, 2},
            .audience = S(AUDIENCE),
            .grant_type = S("authorization_code"),
            .created_at_s = world_now_s,
        };
        struct dw_slice digest;

        assert_done(dw_tenant_digest(family.id, world.arena, &digest, &error), error);
        assert_done(dw_store_add_refresh_family(world.tenant->store, &family, digest, NULL, &error),
                    error);
    }
    assert_status(redeem(code_for(AUTHORIZE "&scope=openid%20offline_access")), 200);
    assert_int_equal(entry_of("resource_cleanup").type.len, 0);
    assert_status(redeem(code_for(AUTHORIZE "&scope=openid%20offline_access")), 200);
    assert_slice(entry_of("resource_cleanup").client_id, DW_TENANT_DEV_CLIENT);
    assert_slice(entry_of("resource_cleanup").user_id, text_of(user->id));
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_entry_says_who_what_and_where),
        CASE(texts_are_cut_between_characters),
        CASE(a_flood_from_many_threads_is_written_whole),
        CASE(closing_writes_what_waits),
        CASE(logins_and_tokens_leave_their_entries),
        CASE(a_refused_logout_leaves_its_entry),
        CASE(a_verification_mail_that_cannot_be_asked_for_leaves_its_entry),
        CASE(who_is_over_a_limit_has_one_entry_a_minute),
        CASE(refresh_tokens_over_the_limit_leave_an_entry),
        CASE(every_code_is_found_by_its_name_and_none_twice),
    };

    return cmocka_run_group_tests_name("tenant/audit", tests, world_start, world_stop);
}
