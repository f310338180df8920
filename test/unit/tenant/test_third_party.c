/* Clients that registered themselves, in strict mode: what they ask for in vain, and that errors do
 * not travel. */
#include "fixture.h"
#include "oauth/third_party.h"
#include "store/connections.h"

static struct dw_error error;

static const char *register_one(void)
{
    struct browser nobody = {0};
    struct dw_tenant_call *call =
        ask(&nobody, DW_HTTP_POST, "/oidc/register", "application/json",
            "{\"client_name\":\"MCP\",\"redirect_uris\":[\"https://app.example/cb\"],"
            "\"token_endpoint_auth_method\":\"none\",\"grant_types\":[\"authorization_code\","
            "\"refresh_token\",\"client_credentials\"]}");

    assert_status(call, 201);
    assert_true(dw_slice_starts_with(dw_json_text(json_of(call), "client_id"), S("tpc_")));
    assert_has_not(call->answer, "client_credentials");
    return text_of(dw_json_text(json_of(call), "client_id"));
}

static const char *url_for(const char *id, const char *more)
{
    return text_of(dw_arena_printf(world.arena,
                                   "/authorize?response_type=code&client_id=%s"
                                   "&redirect_uri=https%%3A%%2F%%2Fapp.example%%2Fcb&state=s1"
                                   "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
                                   "&resource=https%%3A%%2F%%2Fmcp.example.com%%2Fmcp%s",
                                   id, more));
}

static struct dw_tenant_call *redeem_for(const char *id, const struct dw_tenant_call *answer)
{
    struct browser nobody = {0};

    return post(
        &nobody, "/oauth/token",
        text_of(dw_arena_printf(world.arena,
                                "grant_type=authorization_code&client_id=%s&code=%.*s"
                                "&code_verifier=" VERIFIER "&redirect_uri=https://app.example/cb",
                                id, DW_PRINT(location_value(answer, "code")))));
}

static void openid_connect_is_passed_over_and_the_rest_works(void **state)
{
    struct browser browser = {0};
    const char *id = register_one();
    struct dw_tenant_call *call =
        authorize(&browser, url_for(id, "&scope=openid+profile+email+offline_access+read:tools"));

    (void)state;
    assert_status(call, 303);
    call = redeem_for(id, call);
    assert_status(call, 200);
    assert_null(dw_json_get(json_of(call), "id_token"));
    assert_non_null(dw_json_get(json_of(call), "refresh_token"));
    assert_has_not(dw_json_text(json_of(call), "scope"), "openid");
    assert_has(dw_json_text(json_of(call), "scope"), "read:tools");
    assert_slice(dw_json_text(claims_of(call, "access_token"), "aud"), AUDIENCE);
}

static void permissive_clients_have_openid_connect_and_hear_errors(void **state)
{
    struct browser browser = {0}, nobody = {0};
    const char *id;
    struct dw_tenant_call *call;

    (void)state;
    world_set("{\"dynamic_client_registration_security_mode\":\"permissive\"}");
    id = register_one();
    world_set(
        "{\"dynamic_client_registration_security_mode\":null}"); /* old ones stay as they are */
    call = authorize(&browser, url_for(id, "&scope=openid+read:tools"));
    call = redeem_for(id, call);
    assert_status(call, 200);
    assert_non_null(dw_json_get(json_of(call), "id_token"));
    assert_has(header(get(&nobody, url_for(id, "&claims=x&prompt=none")), "Location"),
               "https://app.example/cb?error=login_required");
}

static void errors_stay_on_a_page_of_ours(void **state)
{
    const char *id = register_one();
    static const char *const more[] = {
        "&prompt=none",   "&screen_hint=signup",
        "&invitation=x",  "&id_token_hint=x",
        "&claims=%7B%7D", "&request=x",
        "&max_age=x",     "&audience=https%3A%2F%2Fnone.example",
    };

    (void)state;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call = get(&browser, url_for(id, more[i]));

        assert_true(call->status >= 400);
        assert_int_equal(header(call, "Location").len, 0);
        assert_has(header(call, "Content-Type"), "text/html");
    }
}

static void add_permissive(const char *id)
{
    struct dw_slice grants[] = {S("password"), S("refresh_token")};
    struct dw_client_grant grant = {.id = S("cgr_permissive"),
                                    .client_id = S(id),
                                    .audience = S(AUDIENCE),
                                    .subject = DW_GRANT_SUBJECT_USER,
                                    .allows_all_scopes = true,
                                    .created_at_s = world_now_s};
    struct dw_oauth_client client;

    dw_seed_client_defaults(world.tenant, &client);
    client.id = client.name = S(id);
    client.is_first_party = false;
    client.auth_method = DW_CLIENT_AUTH_POST;
    client.grant_types = (struct dw_slices){grants, 2};
    dw_third_party_start(&client, DW_SECURITY_PERMISSIVE);
    assert_done(dw_tenant_digest(S("secret"), world.arena, &client.secret_digest, &error), error);
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
    assert_done(dw_store_put_client_grant(world.tenant->store, &grant, &error), error);
}

/* Nobody asks the user where there is no page: what was agreed to before is the most. */
static void without_consent_a_login_without_pages_gives_nothing(void **state)
{
    static const char body[] = "grant_type=password&client_id=partner&client_secret=secret"
                               "&username=" ADA "&password=correct%20horse%20battery"
                               "&audience=" AUDIENCE "&scope=read:tools%20execute:tools";
    struct dw_slice agreed = S("read:tools");
    struct dw_consent consent = {.id = S("grt_partner"),
                                 .client_id = S("partner"),
                                 .audience = S(AUDIENCE),
                                 .scopes = {&agreed, 1},
                                 .created_at_s = world_now_s};
    struct browser nobody = {0};
    struct dw_tenant_call *call;
    struct dw_user *user;

    (void)state;
    add_permissive("partner");
    call = post(&nobody, "/oauth/token", body);
    assert_slice(error_of(call), "consent_required: Consent required");
    user = user_of(ADA);
    consent.user_id = user->id;
    assert_done(dw_store_add_consent(world.tenant->store, &consent, &error), error);
    call = post(&nobody, "/oauth/token", body);
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "scope"), "read:tools");
    assert_slice(dw_json_get(claims_of(call, "access_token"), "permissions")->raw,
                 "[\"read:tools\"]");
}

/* Auth0's convention action:object, or the API's own words. */
static void the_consent_page_lists_actions_by_their_objects(void **state)
{
    struct browser browser = {0};
    const char *url = url_for(register_one(), "&scope=read:tools+read:resources+execute:tools");
    struct dw_tenant_call *call = get(&browser, url);

    (void)state;
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    call = follow(&browser, call);
    assert_has(call->answer, "List and describe tools");
    assert_has(call->answer, "Execute MCP tools");
    assert_has_not(call->answer, "read, execute");
    world_set("{\"flags\":{\"use_scope_descriptions_for_consent\":false}}");
    call = follow(&browser, get(&browser, url));
    world_set("{\"flags\":{\"use_scope_descriptions_for_consent\":null}}");
    assert_has_not(call->answer, "List and describe tools");
    assert_has(call->answer, "read, execute");
    assert_has(call->answer, "resources");
    assert_has(call->answer, "read:tools execute:tools");
}

static void speak(enum dw_token_dialect dialect)
{
    struct dw_api *api;

    assert_done(dw_store_api(world.tenant->store, S(AUDIENCE), world.arena, &api, &error), error);
    api->token_dialect = dialect;
    assert_done(dw_store_put_api(world.tenant->store, api, &error), error);
}

/* What was agreed to counts for one user, application and API; more is asked anew. Without the
 * `permissions` claim, which is agreed to as well. */
static void consent_is_for_these_scopes_of_this_api(void **state)
{
    struct browser browser = {0};
    const char *id = register_one();
    struct dw_tenant_call *call;

    (void)state;
    speak(DW_DIALECT_RFC9068);
    call = authorize(&browser, url_for(id, "&scope=read:tools"));
    assert_true(location_value(call, "code").len > 0);
    assert_true(location_value(get(&browser, url_for(id, "&scope=read:tools")), "code").len > 0);
    call = get(&browser, url_for(id, "&scope=read:tools+execute:tools"));
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
    call = get(&browser, url_for(id, "&scope=read:tools&prompt=consent"));
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
    call = get(&browser, url_for(register_one(), "&scope=read:tools")); /* another application */
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
    speak(DW_DIALECT_ACCESS_TOKEN_AUTHZ);
}

static void who_says_no_stays_on_a_page_of_ours(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = get(&browser, url_for(register_one(), "&scope=read:tools"));
    const char *visit = state_of(call);

    (void)state;
    (void)log_in(&browser, visit, ADA_PASSWORD);
    call = decide(&browser, visit, "deny");
    assert_int_equal(header(call, "Location").len, 0);
    assert_has(header(call, "Content-Type"), "text/html");
}

static void without_a_connection_of_the_domain_nobody_logs_in(void **state)
{
    struct dw_connection_record *connection = NULL;
    struct browser browser = {0};
    const char *id = register_one();

    (void)state;
    assert_done(dw_store_connection_by_name(world.tenant->store, S(DW_TENANT_CONNECTION),
                                            world.arena, &connection, &error),
                error);
    connection->is_domain_connection = false;
    assert_done(dw_store_put_connection(world.tenant->store, connection, &error), error);
    assert_has(get(&browser, url_for(id, ""))->answer, "no connections enabled for the client");
    /* Applications of ours have it enabled. */
    assert_status(get(&browser, AUTHORIZE), 302);
    assert_done(dw_store_enable_connection(world.tenant->store, connection->id,
                                           S(DW_TENANT_DEV_CLIENT), false, &error),
                error);
    assert_slice(location_value(get(&browser, AUTHORIZE), "error_description"),
                 "no connections enabled for the client");
    connection->is_domain_connection = true;
    assert_done(dw_store_put_connection(world.tenant->store, connection, &error), error);
    assert_done(dw_store_enable_connection(world.tenant->store, connection->id,
                                           S(DW_TENANT_DEV_CLIENT), true, &error),
                error);
}

static void a_code_without_a_challenge_is_not_made(void **state)
{
    struct browser browser = {0};
    const char *id = register_one();
    static const char *const more[] = {"", "&code_challenge=" CHALLENGE,
                                       "&code_challenge=" CHALLENGE "&code_challenge_method=plain",
                                       "&code_challenge=short&code_challenge_method=S256"};

    (void)state;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        assert_true(get(&browser, text_of(dw_arena_printf(
                                      world.arena,
                                      "/authorize?response_type=code&client_id=%s"
                                      "&redirect_uri=https%%3A%%2F%%2Fapp.example%%2Fcb%s",
                                      id, more[i])))
                        ->status >= 400);
}

/* They log users in on our pages alone, and so mail nobody a code for pages of their own. */
static void a_strict_application_mails_no_codes(void **state)
{
    const char *id = register_one();

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_slice(
            error_of(post(&(struct browser){0}, "/passwordless/start",
                          text_of(dw_arena_printf(
                              world.arena, "client_id=%s&connection=email&email=" ADA "&send=%s",
                              id, i == 0 ? "code" : "link")))),
            "unauthorized_client: Grant type 'http://auth0.com/oauth/grant-type/passwordless/otp' "
            "not allowed for the client.");
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(openid_connect_is_passed_over_and_the_rest_works),
        CASE(permissive_clients_have_openid_connect_and_hear_errors),
        CASE(errors_stay_on_a_page_of_ours),
        CASE(without_consent_a_login_without_pages_gives_nothing),
        CASE(the_consent_page_lists_actions_by_their_objects),
        CASE(consent_is_for_these_scopes_of_this_api),
        CASE(who_says_no_stays_on_a_page_of_ours),
        CASE(without_a_connection_of_the_domain_nobody_logs_in),
        CASE(a_code_without_a_challenge_is_not_made),
        CASE(a_strict_application_mails_no_codes),
    };

    return cmocka_run_group_tests_name("tenant/third_party", tests, world_start, world_stop);
}
