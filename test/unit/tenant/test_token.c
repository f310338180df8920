/* /oauth/token and /userinfo: every grant, its errors in Auth0's words, and what
 * happens to stolen codes and tokens. */
#include "store/logs.h"
#include "tenant/audit_internal.h"
#include "token_fixture.h"

/* ---- refusals ---- */
static void refusals_are_auth0s(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *error;
    } cases[] = {
        {"client_id=x", 400, "invalid_request: Missing required parameter: grant_type"},
        {"grant_type=client_credentials", 401, "invalid_client: Missing client_id"},
        {"grant_type=client_credentials&client_id=nobody&client_secret=x", 401,
         "access_denied: Unauthorized"},
        {"grant_type=client_credentials&client_id=machine&client_secret=wrong", 401,
         "access_denied: Unauthorized"},
        {"grant_type=client_credentials&client_id=machine", 401, "access_denied: Unauthorized"},
        {"grant_type=client_credentials&" DEV, 403,
         "unauthorized_client: Grant type 'client_credentials' not allowed for the client."},
        {"grant_type=authorization_code&" DEV "&code=nope&code_verifier=" VERIFIER
         "&redirect_uri=" CALLBACK_ENCODED,
         403, "invalid_grant: Invalid authorization code"},
        {"grant_type=refresh_token&" DEV "&refresh_token=nope", 403,
         "invalid_grant: Unknown or invalid refresh token."},
        {"grant_type=password&" DEV "&username=" ADA "&password=wrong", 403,
         "invalid_grant: Wrong email or password."},
        {"grant_type=password&" DEV "&username=nobody%40x.org&password=wrong", 403,
         "invalid_grant: Wrong email or password."},
        {MACHINE, 403, "access_denied: Non-global clients are not allowed access to APIv1"},
        {MACHINE "&audience=https%3A%2F%2Fnone.example", 403,
         "access_denied: Service not found: https://none.example"},
        {MACHINE "&grant_type=password", 400, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call *call = token(cases[i].body);

        assert_status(call, cases[i].status);
        if (cases[i].error)
            assert_slice(error_of(call), cases[i].error);
        assert_slice(header(call, "Cache-Control"), "no-store");
        assert_slice(header(call, "Content-Type"), "application/json");
        assert_slice(header(call, "Vary"), "Origin");
    }
    assert_slice(header(token("grant_type=client_credentials&client_id=x"), "WWW-Authenticate"),
                 "Basic realm=\"token\"");
}

static void a_client_without_a_grant_gets_nothing(void **state)
{
    struct dw_tenant_call *call =
        token("grant_type=client_credentials&client_id=stranger&client_secret=stranger-secret"
              "&audience=https%3A%2F%2Fmcp.example.com%2Fmcp");

    (void)state;
    assert_status(call, 403);
    assert_slice(error_of(call),
                 "access_denied: Client is not authorized to access \"" AUDIENCE
                 "\". You need to create a \"client-grant\" associated to this API. See: "
                 "https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants");
}

/* ---- codes ---- */
static void a_code_gives_the_tokens_it_was_for(void **state)
{
    struct dw_tenant_call *call =
        redeem(code_for(AUTHORIZE "&scope=openid%20offline_access%20read:tools%20admin&nonce=n1"));
    const struct dw_json *claims, *id;
    struct dw_slices list;
    struct dw_error error = {0};
    int64_t expires_at_s = 0, expires_in_s = 0;

    (void)state;
    assert_status(call, 200);
    assert_slice(dw_json_text(json_of(call), "token_type"), "Bearer");
    assert_true(dw_json_int(json_of(call), "expires_in", &expires_in_s));
    claims = claims_of(call, "access_token");
    assert_slice(dw_json_text(claims, "iss"), ISSUER);
    assert_true(dw_slice_starts_with(dw_json_text(claims, "sub"), S("auth0|")));
    assert_slice(dw_json_text(claims, "azp"), "doorward-dev");
    assert_slice(dw_json_text(claims, "scope"), "openid offline_access read:tools");
    assert_true(dw_json_int(claims, "exp", &expires_at_s));
    assert_int_equal(expires_at_s, world_now_s + expires_in_s);
    assert_done(dw_json_texts(claims, "aud", world.arena, &list, &error), error);
    assert_int_equal(list.count, 2);
    assert_slice(list.items[0], AUDIENCE);
    assert_slice(list.items[1], ISSUER "userinfo");
    assert_done(dw_json_texts(claims, "permissions", world.arena, &list, &error), error);
    assert_int_equal(list.count, 3); /* all of the role's, and not admin */
    assert_false(dw_slices_have(list, S("admin")));
    id = claims_of(call, "id_token");
    assert_slice(dw_json_text(id, "aud"), "doorward-dev");
    assert_slice(dw_json_text(id, "nonce"), "n1");
}

static void a_replayed_code_ends_what_it_gave(void **state)
{
    const char *code = code_for(AUTHORIZE "&scope=openid%20offline_access");
    struct dw_tenant_call *first = redeem(code);
    const char *refresh_token;

    (void)state;
    assert_status(first, 200);
    refresh_token = text_member(first, "refresh_token");
    assert_slice(error_of(redeem(code)), "invalid_grant: Invalid authorization code");
    assert_slice(error_of(refresh(refresh_token)),
                 "invalid_grant: Unknown or invalid refresh token.");
}

static void a_code_is_bound(void **state)
{
    static const char *const bodies[] = {
        "&code_verifier=eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        "&redirect_uri=" CALLBACK_ENCODED "&client_id=doorward-dev",
        "&redirect_uri=" CALLBACK_ENCODED "&client_id=doorward-dev",
        "&code_verifier=" VERIFIER
        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A7778%2Fcallback&client_id=doorward-dev",
        "&code_verifier=" VERIFIER "&client_id=doorward-dev",
        "&code_verifier=" VERIFIER "&redirect_uri=" CALLBACK_ENCODED
        "&client_id=machine&client_secret=machine-secret",
        "&code_verifier=" VERIFIER "&redirect_uri=" CALLBACK_ENCODED
        "&client_id=doorward-dev&resource=https%3A%2F%2Fother.example%2Fmcp",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const char *code = code_for(AUTHORIZE "&scope=openid");
        struct dw_tenant_call *call = token(text_of(dw_arena_printf(
            world.arena, "grant_type=authorization_code&code=%s%s", code, bodies[i])));

        assert_true(call->status >= 400 && call->status < 500);
        assert_null(dw_json_get(json_of(call), "access_token"));
    }
}

static struct dw_tenant_call *redeem_with(const char *code, const char *others)
{
    return token(text_of(
        dw_arena_printf(world.arena, "grant_type=authorization_code&code=%s&%s", code, others)));
}

/* RFC 6749 4.1.3: it is not that client's to spend, nor to call back what it gave. */
static void a_code_is_not_spent_by_another_client(void **state)
{
    static const char thief[] = "code_verifier=" VERIFIER "&redirect_uri=" CALLBACK_ENCODED
                                "&client_id=thief&client_secret=thief-secret";
    const char *code = code_for(AUTHORIZE "&scope=openid%20offline_access");
    struct dw_tenant_call *mine;

    (void)state;
    add_client("thief", "thief-secret", "authorization_code", AUDIENCE);
    assert_slice(error_of(redeem_with(code, thief)), "invalid_grant: Invalid authorization code");
    mine = redeem(code);
    assert_status(mine, 200);
    assert_slice(error_of(redeem_with(code, thief)), "invalid_grant: Invalid authorization code");
    assert_status(refresh(text_member(mine, "refresh_token")), 200);
}

static void a_wrong_verifier_spends_the_code(void **state)
{
    static const char wrong[] = "code_verifier=eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
                                "&redirect_uri=" CALLBACK_ENCODED "&" DEV;
    const char *code = code_for(AUTHORIZE "&scope=openid");

    (void)state;
    assert_slice(error_of(redeem_with(code, wrong)),
                 "invalid_grant: Failed to verify code verifier");
    assert_slice(error_of(redeem(code)), "invalid_grant: Invalid authorization code");
}

static void a_code_expires(void **state)
{
    const char *code = code_for(AUTHORIZE "&scope=openid");

    (void)state;
    world_now_s += 61;
    assert_slice(error_of(redeem(code)), "invalid_grant: Invalid authorization code");
}

static void a_blocked_user_gets_no_tokens(void **state)
{
    const char *code = code_for(AUTHORIZE "&scope=openid%20offline_access");
    struct dw_user *user = user_of(ADA);
    struct dw_error error = {0};
    struct dw_tenant_call *call;

    (void)state;
    user->is_blocked = true;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_slice(error_of(redeem(code)), "invalid_grant: Invalid authorization code"); /* ended */
    call = token("grant_type=password&" DEV "&username=" ADA "&password=correct%20horse%20battery");
    assert_slice(error_of(call), "unauthorized: user is blocked");
    call = token("grant_type=password&" DEV "&username=" ADA "&password=wrong");
    assert_slice(error_of(call), "invalid_grant: Wrong email or password.");
    user->is_blocked = false;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
}

/* Whoever knew the old password may have approved something shortly before. */
static void a_code_does_not_outlive_the_password(void **state)
{
    const char *code = code_for(AUTHORIZE);
    struct dw_user *user = user_of(ADA);
    struct dw_error error = {0};

    (void)state;
    user->last_password_reset_at_s = world_now_s + 1;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_slice(error_of(redeem(code)), "invalid_grant: The password was changed since.");
    user->last_password_reset_at_s = 0;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
}

static void a_password_is_for_a_directory(void **state)
{
#define REALM "grant_type=http://auth0.com/oauth/grant-type/password-realm" ADA_LOGS_IN "&realm="
    (void)state;
    assert_status(token(REALM DW_TENANT_CONNECTION), 200);
    assert_slice(error_of(token(REALM "elsewhere")),
                 "invalid_request: unknown or disabled connection");
    assert_status(token("grant_type=http://auth0.com/oauth/grant-type/password-realm" ADA_LOGS_IN),
                  200); /* the default_directory */
    assert_status(token("grant_type=password" ADA_LOGS_IN), 200);
    patch_settings("{\"default_directory\":\"\"}");
    assert_status(token("grant_type=password" ADA_LOGS_IN), 500);
    assert_slice(error_of(token("grant_type=password" ADA_LOGS_IN)),
                 "server_error: Authorization server not configured with default connection.");
    assert_status(token(REALM DW_TENANT_CONNECTION), 200);
    patch_settings("{\"default_directory\":\"" DW_TENANT_CONNECTION "\"}");
}

static void every_grant_has_the_default_audience(void **state)
{
    struct dw_tenant_call *call;
    struct dw_error error = {0};
    struct dw_api *api;

    (void)state;
    patch_settings("{\"default_audience\":\"" AUDIENCE "\"}");
    call = token("grant_type=password" ADA_LOGS_IN);
    assert_has(dw_json_get(claims_of(call, "access_token"), "aud")->raw, AUDIENCE);
    call = token(MACHINE);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "aud"), AUDIENCE);
    /* one API, two spellings: the token has the API's own */
    assert_done(dw_store_api(world.tenant->store, S(AUDIENCE), world.arena, &api, &error), error);
    api->id = S("bbbbbbbbbbbbbbbbbbbbbbbb");
    api->identifier = S("https://plain.example");
    assert_done(dw_store_put_api(world.tenant->store, api, &error), error);
    patch_settings("{\"default_audience\":\"https://plain.example/\"}");
    call = token("grant_type=password" ADA_LOGS_IN);
    assert_has(dw_json_get(claims_of(call, "access_token"), "aud")->raw, "https://plain.example\"");
    patch_settings("{\"default_audience\":\"\"}");
}

static void a_resource_counts_by_the_profile(void **state)
{
    struct dw_tenant_call *call;

    (void)state;
    call = token(MACHINE "&resource=" AUDIENCE);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "aud"), AUDIENCE);
    call = token(MACHINE "&resource=https://none.example&audience=" AUDIENCE);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "aud"), AUDIENCE);
    patch_settings("{\"resource_parameter_profile\":\"audience\"}");
    assert_slice(error_of(token(MACHINE "&resource=" AUDIENCE)),
                 "access_denied: Non-global clients are not allowed access to APIv1");
    call = token("grant_type=password" ADA_LOGS_IN "&resource=" AUDIENCE);
    assert_false(dw_slice_contains(dw_json_text(json_of(call), "access_token"), '.'));
    patch_settings("{\"resource_parameter_profile\":\"compatibility\"}");
}

/* ---- the other grants ---- */
static void client_credentials_work_as_form_json_and_basic(void **state)
{
    struct browser nobody = {0};
    struct dw_tenant_call *calls[3];

    (void)state;
    calls[0] = token(MACHINE "&audience=https%3A%2F%2Fmcp.example.com%2Fmcp");
    calls[1] = ask(&nobody, DW_HTTP_POST, "/oauth/token", "application/json",
                   "{\"grant_type\":\"client_credentials\",\"client_id\":\"machine\","
                   "\"client_secret\":\"machine-secret\",\"audience\":\"" AUDIENCE "\"}");
    nobody.authorization = "Basic bWFjaGluZTptYWNoaW5lLXNlY3JldA==";
    calls[2] = post(&nobody, "/oauth/token",
                    "grant_type=client_credentials&resource=https%3A%2F%2Fmcp.example.com%2Fmcp");
    for (size_t i = 0; i < 3; i++) {
        assert_status(calls[i], 200);
        assert_slice(dw_json_text(claims_of(calls[i], "access_token"), "sub"), "machine@clients");
        assert_slice(dw_json_text(claims_of(calls[i], "access_token"), "aud"), AUDIENCE);
        assert_slice(dw_json_text(claims_of(calls[i], "access_token"), "gty"),
                     "client-credentials");
        assert_null(dw_json_get(json_of(calls[i]), "refresh_token"));
        assert_null(dw_json_get(json_of(calls[i]), "id_token"));
    }
    assert_status(post(&nobody, "/oauth/token", MACHINE), 400); /* two methods at once */
}

static void the_password_grant_needs_two_switches(void **state)
{
    static const char body[] =
        "grant_type=password&" DEV "&username=" ADA "&password=correct%20horse%20battery"
        "&audience=https%3A%2F%2Fmcp.example.com%2Fmcp";
    struct dw_tenant_call *call = token(body);

    (void)state;
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "gty"), "password");
    assert_has(dw_json_text(claims_of(call, "access_token"), "scope"), "read:tools");
    world.tenant->config.allow_password_grant = false;
    assert_status(token(body), 403);
    world.tenant->config.allow_password_grant = true;
}

/* ---- userinfo ---- */
static struct dw_tenant_call *userinfo(const char *access_token)
{
    struct browser nobody = {0};

    nobody.authorization =
        access_token ? text_of(dw_arena_printf(world.arena, "Bearer %s", access_token)) : NULL;
    return get(&nobody, "/userinfo");
}

static void userinfo_tells_what_the_scopes_allow(void **state)
{
    struct dw_tenant_call *call = redeem(code_for(AUTHORIZE "&scope=openid%20email"));
    const char *access_token = text_member(call, "access_token");

    (void)state;
    call = userinfo(access_token);
    assert_status(call, 200);
    assert_slice(dw_json_text(json_of(call), "email"), ADA);
    assert_null(dw_json_get(json_of(call), "nickname"));
    world_now_s += 86401;
    call = userinfo(access_token);
    assert_status(call, 401);
    assert_slice(header(call, "WWW-Authenticate"), "Bearer error=\"invalid_token\"");
    call = userinfo(NULL);
    assert_status(call, 401);
    assert_slice(header(call, "WWW-Authenticate"), "Bearer");
    assert_status(userinfo("a.b.c"), 401);
    call = token(MACHINE "&audience=https%3A%2F%2Fmcp.example.com%2Fmcp");
    assert_status(userinfo(text_member(call, "access_token")), 401);
}

/* ---- when memory is short ---- */
static struct dw_tenant_call short_call;

static bool serve_with_short_memory(void)
{
    struct dw_tenant_call call = short_call;
    bool is_done;

    call.arena = dw_arena_new(DW_TENANT_CALL_BYTES);
    if (!call.arena)
        return false;
    dw_tenant_serve(&call);
    is_done = call.status == 200 || call.status == 302;
    if (!is_done)
        assert_int_equal(call.status, 503);
    dw_arena_free(call.arena);
    return is_done;
}

static void short_memory_is_503_and_nothing_worse(void **state)
{
    struct browser nobody = {0};
    static const char *const targets[] = {AUTHORIZE, "/.well-known/openid-configuration",
                                          "/.well-known/jwks.json", "/"};

    (void)state;
    short_call = *token(MACHINE "&audience=https%3A%2F%2Fmcp.example.com%2Fmcp");
    assert_status(&short_call, 200);
    short_call.out_count = 0;
    torture(serve_with_short_memory);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        short_call = *get(&nobody, targets[i]);
        short_call.out_count = 0;
        torture(serve_with_short_memory);
    }
}

static void the_default_audience_is_used(void **state)
{
    struct dw_tenant_call *call;

    (void)state;
    world_set("{\"default_audience\":\"" AUDIENCE "\"}");
    call = token(MACHINE);
    world_set("{\"default_audience\":null}");
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "aud"), AUDIENCE);
}

/* The consent page lists the permissions; those of a role that came later were not on it. */
static void a_stranger_does_not_rise_with_the_user(void **state)
{
    static const char url[] =
        "/authorize?response_type=code&client_id=guest&redirect_uri=" CALLBACK_ENCODED
        "&code_challenge=" CHALLENGE "&code_challenge_method=S256&scope=read:tools"
        "&audience=https%3A%2F%2Fmcp.example.com%2Fmcp";
    static const char refreshing[] = "grant_type=refresh_token&client_id=guest&refresh_token=%s";
    struct dw_slice uri = S(CALLBACK),
                    grant_types[] = {S("authorization_code"), S("refresh_token")};
    struct dw_oauth_client client;
    struct dw_error error = {0};
    struct dw_user *ada = NULL;
    struct dw_role *role = NULL;
    struct dw_tenant_call *call;
    struct dw_slices list;

    (void)state;
    dw_seed_client_defaults(world.tenant, &client);
    client.id = client.name = S("guest");
    client.is_first_party = false;
    client.auth_method = DW_CLIENT_AUTH_NONE;
    client.redirect_uris = (struct dw_slices){&uri, 1};
    client.grant_types = (struct dw_slices){grant_types, 2};
    assert_done(dw_store_add_client(world.tenant->store, &client, &error), error);
    call = token(text_of(
        dw_arena_printf(world.arena,
                        "grant_type=authorization_code&client_id=guest&code_verifier=" VERIFIER
                        "&redirect_uri=" CALLBACK "&code=%s",
                        code_for(url))));
    assert_status(call, 200);
    ada = user_of(ADA);
    assert_done(dw_store_role_by_name(world.tenant->store, S(DW_TENANT_ROLE_ADMIN), world.arena,
                                      &role, &error),
                error);
    assert_done(dw_store_add_user_roles(world.tenant->store, ada->id,
                                        (struct dw_slices){&role->id, 1}, &error),
                error);
    call = token(
        text_of(dw_arena_printf(world.arena, refreshing, text_member(call, "refresh_token"))));
    assert_done(dw_store_remove_user_roles(world.tenant->store, ada->id,
                                           (struct dw_slices){&role->id, 1}, &error),
                error);
    assert_status(call, 200);
    assert_done(
        dw_json_texts(claims_of(call, "access_token"), "permissions", world.arena, &list, &error),
        error);
    assert_int_equal(list.count, 3);
    assert_false(dw_slices_have(list, S("admin")));
    assert_slice(dw_json_text(claims_of(call, "access_token"), "scope"), "read:tools");
}

/* The MCP SDK makes its resource parameter with the URL class, which adds the slash. */
static void an_api_of_a_bare_host_is_found_with_and_without_its_slash(void **state)
{
    static const struct {
        const char *identifier, *asked, *other, *wrong;
    } cases[] = {
        {"http://127.0.0.1:9001", "http://127.0.0.1:9001/", "http://127.0.0.1:9001",
         "http://127.0.0.1:9001//"},
        {"https://bare.example/", "https://bare.example", "https://bare.example/",
         "https://bare.example/?"},
    };
    static const char url[] =
        "/authorize?response_type=code&client_id=doorward-dev&redirect_uri=" CALLBACK
        "&state=s1&code_challenge=" CHALLENGE
        "&code_challenge_method=S256&scope=read:tools+offline_access&resource=%s";
    struct dw_error error = {0};
    struct dw_tenant_call *call;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_dev dev = {.audience = S(cases[i].identifier)};

        assert_done(dw_tenant_seed_dev(world.tenant, &dev, &error), error);
        call = token(text_of(dw_arena_printf(
            world.arena,
            "grant_type=authorization_code&" DEV "&code_verifier=" VERIFIER
            "&redirect_uri=" CALLBACK "&resource=%s&code=%s",
            cases[i].asked, code_for(text_of(dw_arena_printf(world.arena, url, cases[i].asked))))));
        assert_status(call, 200);
        assert_slice(dw_json_text(claims_of(call, "access_token"), "aud"), cases[i].identifier);
        call = token(text_of(dw_arena_printf(
            world.arena, "grant_type=refresh_token&" DEV "&refresh_token=%s&resource=%s",
            text_member(call, "refresh_token"), cases[i].other)));
        assert_status(call, 200);
        assert_slice(dw_json_text(claims_of(call, "access_token"), "aud"), cases[i].identifier);
        call =
            get(&(struct browser){0}, text_of(dw_arena_printf(world.arena, url, cases[i].wrong)));
        assert_slice(location_value(call, "error"), "access_denied");
    }
    /* a path is a path: its slash means something */
    call = get(&(struct browser){0},
               text_of(dw_arena_printf(world.arena, url, "https://mcp.example.com/mcp/")));
    assert_slice(location_value(call, "error"), "access_denied");
}

static void an_operator_adds_claims(void **state)
{
    struct dw_tenant_call *call;
    struct dw_error error = {0};
    struct dw_user *user = user_of(ADA);

    (void)state;
    user->app_metadata_json = S(
        "{\"custom_claims\":{\"access_token\":{\"https://x.example/"
        "plan\":\"gold\",\"sub\":\"root\","
        "\"permissions\":[\"admin\"]},\"id_token\":{\"https://x.example/plan\":\"gold\",\"email\":"
        "\"not asked for\",\"aud\":\"x\"}}}");
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    call = token("grant_type=password" ADA_LOGS_IN "&audience=" AUDIENCE);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "https://x.example/plan"), "gold");
    assert_slice(dw_json_text(claims_of(call, "id_token"), "https://x.example/plan"), "gold");
    assert_true(dw_slice_eq(dw_json_text(claims_of(call, "access_token"), "sub"), user->id));
    assert_has_not(dw_json_get(claims_of(call, "access_token"), "permissions")->raw, "admin");
    assert_slice(dw_json_text(claims_of(call, "id_token"), "aud"), DW_TENANT_DEV_CLIENT);
    assert_null(dw_json_get(claims_of(call, "id_token"), "email"));
    user->app_metadata_json = S("{}");
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
}

/* The type of the newest entry of the audit log. */
static struct dw_slice newest_entry(void)
{
    struct dw_log_query query = {.is_newest_first = true, .take = 1};
    struct dw_log_entry *entries;
    struct dw_error error = {0};
    size_t count;

    dw_audit_flush(world.tenant);
    assert_done(
        dw_store_log_entries(world.tenant->store, &query, world.arena, &entries, &count, &error),
        error);
    return count > 0 ? entries->type : DW_EMPTY;
}

static void every_grant_is_in_the_audit_log(void **state)
{
    struct dw_tenant_call *call;
    const char *code = code_for(AUTHORIZE "&scope=offline_access");
    struct browser nobody = {0};

    (void)state;
    call = redeem(code);
    assert_slice(newest_entry(), "seacft");
    (void)redeem("nope");
    assert_slice(newest_entry(), "feacft");
    (void)refresh(text_member(call, "refresh_token"));
    assert_slice(newest_entry(), "sertft");
    world_now_s += 3600;
    (void)refresh(text_member(call, "refresh_token")); /* long spent */
    assert_slice(newest_entry(), "ferrt");
    (void)refresh("nope");
    assert_slice(newest_entry(), "fertft");
    (void)token(MACHINE "&audience=" AUDIENCE);
    assert_slice(newest_entry(), "seccft");
    (void)token(MACHINE "&audience=https://none.example");
    assert_slice(newest_entry(), "feccft");
    (void)token("grant_type=client_credentials&client_id=machine&client_secret=wrong");
    assert_slice(newest_entry(), "feccft");
    (void)token("grant_type=password" ADA_LOGS_IN);
    assert_slice(newest_entry(), "sepft");
    call = redeem(code_for(AUTHORIZE "&scope=offline_access"));
    assert_status(post(&nobody, "/oauth/revoke",
                       text_of(dw_arena_printf(world.arena, DEV "&token=%s",
                                               text_member(call, "refresh_token")))),
                  200);
    assert_slice(newest_entry(), "srrt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_are_auth0s),
        cmocka_unit_test(a_client_without_a_grant_gets_nothing),
        cmocka_unit_test(a_code_gives_the_tokens_it_was_for),
        cmocka_unit_test(a_replayed_code_ends_what_it_gave),
        cmocka_unit_test(a_code_is_bound),
        cmocka_unit_test(a_code_is_not_spent_by_another_client),
        cmocka_unit_test(a_wrong_verifier_spends_the_code),
        cmocka_unit_test(a_code_expires),
        cmocka_unit_test(a_blocked_user_gets_no_tokens),
        cmocka_unit_test(an_operator_adds_claims),
        cmocka_unit_test(every_grant_is_in_the_audit_log),
        cmocka_unit_test(a_code_does_not_outlive_the_password),
        cmocka_unit_test(a_password_is_for_a_directory),
        cmocka_unit_test(every_grant_has_the_default_audience),
        cmocka_unit_test(a_resource_counts_by_the_profile),
        cmocka_unit_test(client_credentials_work_as_form_json_and_basic),
        cmocka_unit_test(the_password_grant_needs_two_switches),
        cmocka_unit_test(userinfo_tells_what_the_scopes_allow),
        cmocka_unit_test(the_default_audience_is_used),
        cmocka_unit_test(a_stranger_does_not_rise_with_the_user),
        cmocka_unit_test(an_api_of_a_bare_host_is_found_with_and_without_its_slash),
        cmocka_unit_test(short_memory_is_503_and_nothing_worse),
    };

    return cmocka_run_group_tests(tests, token_world_start, world_stop);
}
