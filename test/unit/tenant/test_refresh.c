/* Refresh tokens at the token endpoint: rotation, several APIs, organizations, revocation. */
#include "store/organizations.h"
#include "token_fixture.h"

/* ---- refresh ---- */
static void refresh_tokens_rotate_and_reuse_ends_the_family(void **state)
{
    struct dw_tenant_call *first = redeem(code_for(AUTHORIZE "&scope=openid%20offline_access"));
    const char *one = text_member(first, "refresh_token"), *two, *three;
    struct dw_tenant_call *call = refresh(one);

    (void)state;
    assert_status(call, 200);
    two = text_member(call, "refresh_token");
    assert_string_not_equal(one, two);
    call = refresh(one); /* the answer was lost: within the grace window the same again */
    assert_status(call, 200);
    assert_string_equal(text_member(call, "refresh_token"), two);
    three = text_member(refresh(two), "refresh_token");
    assert_slice(error_of(refresh(one)), "invalid_grant: Unknown or invalid refresh token.");
    assert_slice(error_of(refresh(three)), "invalid_grant: Unknown or invalid refresh token.");
}

static void a_token_of_long_ago_ends_the_family(void **state)
{
    struct dw_tenant_call *call = redeem(code_for(AUTHORIZE "&scope=openid%20offline_access"));
    const char *first = text_member(call, "refresh_token"), *last = first;
    struct browser nobody = {0};

    (void)state;
    for (int at = 0; at < 20; at++) {
        call = refresh(last);
        assert_status(call, 200);
        last = text_member(call, "refresh_token");
    }
    /* nor is it another client's to end */
    assert_status(post(&nobody, "/oauth/token",
                       text_of(dw_arena_printf(world.arena,
                                               "grant_type=refresh_token&client_id=thief"
                                               "&client_secret=thief-secret&refresh_token=%s",
                                               first))),
                  401);
    add_client("thief", "thief-secret", "refresh_token", AUDIENCE);
    assert_status(post(&nobody, "/oauth/token",
                       text_of(dw_arena_printf(world.arena,
                                               "grant_type=refresh_token&client_id=thief"
                                               "&client_secret=thief-secret&refresh_token=%s",
                                               first))),
                  403);
    call = refresh(last);
    assert_status(call, 200);
    last = text_member(call, "refresh_token");
    assert_slice(error_of(refresh(first)), "invalid_grant: Unknown or invalid refresh token.");
    assert_slice(error_of(refresh(last)), "invalid_grant: Unknown or invalid refresh token.");
}

static void an_old_token_can_be_revoked(void **state)
{
    struct dw_tenant_call *call = redeem(code_for(AUTHORIZE "&scope=openid%20offline_access"));
    const char *first = text_member(call, "refresh_token"), *last = first;
    struct browser nobody = {0};

    (void)state;
    for (int at = 0; at < 3; at++)
        last = text_member(refresh(last), "refresh_token");
    assert_status(post(&nobody, "/oauth/revoke",
                       text_of(dw_arena_printf(world.arena, DEV "&token=%s", first))),
                  200);
    assert_slice(error_of(refresh(last)), "invalid_grant: Unknown or invalid refresh token.");
}

static void the_grace_window_closes(void **state)
{
    struct dw_tenant_call *first = redeem(code_for(AUTHORIZE "&scope=openid%20offline_access"));
    const char *one = text_member(first, "refresh_token");
    const char *two = text_member(refresh(one), "refresh_token");

    (void)state;
    world_now_s += world.config.refresh_token_leeway_s + 1;
    assert_status(refresh(one), 403);
    assert_status(refresh(two), 403);
}

static void a_refresh_may_ask_for_less_but_not_for_more(void **state)
{
    struct dw_tenant_call *first =
        redeem(code_for(AUTHORIZE "&scope=openid%20offline_access%20read:tools"));
    struct dw_tenant_call *call = token(text_of(dw_arena_printf(
        world.arena, "grant_type=refresh_token&" DEV "&refresh_token=%s&scope=openid%%20%s",
        text_member(first, "refresh_token"), "execute:tools")));

    (void)state;
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "scope"), "openid");
}

#define OTHER_AUDIENCE "https://billing.example.com"

/* The dev client's refresh tokens are good for a second API, by its policy. */
static void add_other_api(bool skips_consent, bool is_system)
{
    static const struct dw_api_scope scopes[] = {{{"read:bills", 10}, {"", 0}},
                                                 {{"pay:bills", 9}, {"", 0}}};
    struct dw_oauth_client *client;
    struct dw_error error = {0};
    struct dw_api api = {
        .id = S("aaaaaaaaaaaaaaaaaaaaaaaa"),
        .identifier = S(OTHER_AUDIENCE),
        .name = S("Bills"),
        .scopes = scopes,
        .scope_count = 2,
        .signing_alg = DW_ALG_RS256,
        .skips_consent = skips_consent,
        .is_system = is_system,
        .user_policy = DW_API_POLICY_ALLOW_ALL,
        .created_at_s = world_now_s,
    };

    assert_done(dw_store_put_api(world.tenant->store, &api, &error), error);
    assert_done(
        dw_store_client(world.tenant->store, S(DW_TENANT_DEV_CLIENT), world.arena, &client, &error),
        error);
    client->refresh_policies_json =
        S("[{\"audience\":\"" OTHER_AUDIENCE "\",\"scope\":[\"read:bills\"]}]");
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
}

static struct dw_tenant_call *refresh_for(const char *refresh_token, const char *more)
{
    return token(text_of(dw_arena_printf(
        world.arena, "grant_type=refresh_token&" DEV "&refresh_token=%s&%s", refresh_token, more)));
}

static void a_refresh_token_is_good_for_further_apis(void **state)
{
    struct dw_tenant_call *call =
        redeem(code_for(AUTHORIZE "&scope=openid%20offline_access%20read:tools"));
    const char *names[] = {"audience=" OTHER_AUDIENCE, "resource=" OTHER_AUDIENCE,
                           "audience=" OTHER_AUDIENCE "&scope=read:bills%20pay:bills%20read:tools"};
    const char *scopes[] = {"openid read:bills", "openid read:bills", "read:bills"};

    (void)state;
    add_other_api(true, false);
    for (size_t at = 0; at < 3; at++) {
        call = refresh_for(text_member(call, "refresh_token"), names[at]);
        assert_status(call, 200);
        assert_slice(dw_json_text(claims_of(call, "access_token"), "scope"), scopes[at]);
        assert_has(dw_json_get(claims_of(call, "access_token"), "aud")->raw, OTHER_AUDIENCE);
    }
    call = refresh_for(text_member(call, "refresh_token"), "");
    assert_slice(dw_json_text(claims_of(call, "access_token"), "scope"),
                 "openid offline_access read:tools");
}

static void a_refused_api_does_not_spend_the_refresh_token(void **state)
{
    static const struct {
        bool skips_consent, is_system;
        const char *audience, *error;
    } rows[] = {
        {true, false, "audience=https%3A%2F%2Fnone.example",
         "invalid_target: The grant is not for https://none.example."},
        {false, false, "audience=" OTHER_AUDIENCE, "consent_required: Consent required"},
        {true, true, "audience=" OTHER_AUDIENCE,
         "invalid_target: Refresh tokens are not for the tenant's own API."},
    };
    struct dw_tenant_call *call = redeem(code_for(AUTHORIZE "&scope=offline_access"));
    struct dw_tenant_call *refused;

    (void)state;
    for (size_t at = 0; at < 3; at++) {
        add_other_api(rows[at].skips_consent, rows[at].is_system);
        refused = refresh_for(text_member(call, "refresh_token"), rows[at].audience);
        assert_slice(error_of(refused), rows[at].error);
    }
    world_now_s += 3600; /* long after any grace */
    assert_status(refresh(text_member(call, "refresh_token")), 200);
}

static void add_organization(void)
{
    struct dw_organization organization = {.id = S("org_0123456789abcdef"),
                                           .name = S("acme"),
                                           .display_name = S("Acme"),
                                           .created_at_s = world_now_s};
    struct dw_error error = {0};
    struct dw_user *user;
    struct dw_role *role;

    assert_done(dw_store_put_organization(world.tenant->store, &organization, &error), error);
    user = user_of(ADA);
    assert_done(
        dw_store_add_member(world.tenant->store, organization.id, user->id, world_now_s, &error),
        error);
    assert_done(dw_store_role_by_name(world.tenant->store, S(DW_TENANT_ROLE_ADMIN), world.arena,
                                      &role, &error),
                error);
    assert_done(dw_store_add_member_roles(world.tenant->store, organization.id, user->id,
                                          (struct dw_slices){&role->id, 1}, &error),
                error);
}

/* The refresh token of a login to the organization. */
static const char *organization_login(const char *organization)
{
    static const struct dw_slice scopes[] = {{"openid", 6}, {"offline_access", 14}, {"admin", 5}};
    struct dw_error error = {0};
    struct dw_slice digest;
    struct dw_user *user;

    user = user_of(ADA);
    struct dw_refresh_family family = {
        .id = dw_tenant_random_text(world.arena, "", 16),
        .client_id = S(DW_TENANT_DEV_CLIENT),
        .user_id = user->id,
        .scopes = {scopes, 3},
        .audience = S(AUDIENCE),
        .grant_type = S("authorization_code"),
        .organization = S(organization),
        .created_at_s = world_now_s,
    };
    struct dw_slice token = dw_tenant_random_text(world.arena, "", 32);

    assert_done(dw_tenant_digest(token, world.arena, &digest, &error), error);
    assert_done(dw_store_add_refresh_family(world.tenant->store, &family, digest, NULL, &error),
                error);
    return text_of(token);
}

static void tokens_of_an_organization_name_it(void **state)
{
    const char *token_of_acme;
    struct dw_tenant_call *call;
    struct dw_error error = {0};

    (void)state;
    add_organization();
    token_of_acme = organization_login("org_0123456789abcdef");
    call = refresh(token_of_acme);
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), "org_0123456789abcdef");
    assert_slice(dw_json_text(claims_of(call, "id_token"), "org_id"), "org_0123456789abcdef");
    assert_null(dw_json_get(claims_of(call, "access_token"), "org_name"));
    /* what a member's roles there give, and not without the organization */
    assert_has(dw_json_text(claims_of(call, "access_token"), "scope"), "admin");
    assert_has(dw_json_get(claims_of(call, "access_token"), "permissions")->raw, "admin");
    call = refresh(organization_login(""));
    assert_has_not(dw_json_text(claims_of(call, "access_token"), "scope"), "admin");
    patch_settings("{\"allow_organization_name_in_authentication_api\":true}");
    call = refresh(token_of_acme);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_name"), "acme");
    assert_slice(dw_json_text(claims_of(call, "id_token"), "org_name"), "acme");
    patch_settings("{\"allow_organization_name_in_authentication_api\":false}");
    assert_done(dw_store_remove_member(world.tenant->store, S("org_0123456789abcdef"),
                                       S(text_of(dw_json_text(claims_of(call, "id_token"), "sub"))),
                                       world_now_s, &error),
                error);
    assert_status(refresh(token_of_acme), 403);
    token_of_acme = organization_login("org_0123456789abcdef"); /* a login that was under way */
    assert_has(error_of(refresh(token_of_acme)),
               "is not part of the org_0123456789abcdef organization");
}

static void a_password_is_remembered_in_gty(void **state)
{
    struct dw_tenant_call *call =
        token("grant_type=password&" DEV "&username=" ADA "&password=correct%20horse%20battery"
              "&audience=" AUDIENCE "&scope=offline_access");

    (void)state;
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "gty"), "password");
    call = refresh(text_member(call, "refresh_token"));
    assert_slice(dw_json_get(claims_of(call, "access_token"), "gty")->raw,
                 "[\"refresh_token\",\"password\"]");
}

static void another_client_cannot_refresh(void **state)
{
    struct dw_tenant_call *first = redeem(code_for(AUTHORIZE "&scope=openid%20offline_access"));

    (void)state;
    add_client("thief", "thief-secret", "refresh_token", NULL);
    assert_slice(error_of(token(text_of(dw_arena_printf(
                     world.arena,
                     "grant_type=refresh_token&client_id=thief&client_secret=thief-secret"
                     "&refresh_token=%s",
                     text_member(first, "refresh_token"))))),
                 "invalid_grant: Unknown or invalid refresh token.");
    assert_status(refresh(text_member(first, "refresh_token")), 200);
}

static void revoking_ends_the_family_of_its_own_client_alone(void **state)
{
    struct browser nobody = {0};
    struct dw_tenant_call *first = redeem(code_for(AUTHORIZE "&scope=openid%20offline_access"));
    const char *refresh_token = text_member(first, "refresh_token");
    struct dw_tenant_call *call =
        post(&nobody, "/oauth/revoke",
             text_of(dw_arena_printf(world.arena,
                                     "client_id=machine&client_secret=machine-secret&token=%s",
                                     refresh_token)));

    (void)state;
    assert_status(call, 200);
    assert_int_equal(call->answer.len, 0);
    call = refresh(refresh_token);
    assert_status(call, 200);
    refresh_token = text_member(call, "refresh_token");
    assert_status(post(&nobody, "/oauth/revoke", DEV "&token=unknown"), 200);
    assert_status(post(&nobody, "/oauth/revoke", DEV), 400);
    assert_status(post(&nobody, "/oauth/revoke",
                       text_of(dw_arena_printf(world.arena, DEV "&token=%s", refresh_token))),
                  200);
    assert_status(refresh(refresh_token), 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refresh_tokens_rotate_and_reuse_ends_the_family),
        cmocka_unit_test(a_token_of_long_ago_ends_the_family),
        cmocka_unit_test(an_old_token_can_be_revoked),
        cmocka_unit_test(the_grace_window_closes),
        cmocka_unit_test(a_refresh_may_ask_for_less_but_not_for_more),
        cmocka_unit_test(a_refresh_token_is_good_for_further_apis),
        cmocka_unit_test(a_refused_api_does_not_spend_the_refresh_token),
        cmocka_unit_test(tokens_of_an_organization_name_it),
        cmocka_unit_test(a_password_is_remembered_in_gty),
        cmocka_unit_test(another_client_cannot_refresh),
        cmocka_unit_test(revoking_ends_the_family_of_its_own_client_alone),
    };

    return cmocka_run_group_tests(tests, token_world_start, world_stop);
}
