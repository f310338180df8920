/* /oauth/introspect: what is active, for whom, and what is not told. */
#include "fixture.h"

#define USERS_TOKEN                                                                                \
    "grant_type=password&client_id=" DW_TENANT_DEV_CLIENT "&username=" ADA                         \
    "&password=correct%20horse%20battery&audience=https%3A%2F%2Fmcp.example.com%2Fmcp"

static void add_client(const char *id, enum dw_client_auth_method method, enum dw_app_type type,
                       const char *audience)
{
    struct dw_oauth_client client;
    struct dw_error error = {0};

    dw_seed_client_defaults(world.tenant, &client);
    client.id = client.name = S(id);
    client.auth_method = method;
    client.app_type = type;
    client.resource_server_identifier = S(audience);
    assert_done(dw_tenant_digest(S("secret"), world.arena, &client.secret_digest, &error), error);
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
}

static void make_dev_confidential(bool is_confidential)
{
    struct dw_oauth_client *client;
    struct dw_error error = {0};

    assert_done(
        dw_store_client(world.tenant->store, S(DW_TENANT_DEV_CLIENT), world.arena, &client, &error),
        error);
    client->auth_method = is_confidential ? DW_CLIENT_AUTH_POST : DW_CLIENT_AUTH_NONE;
    assert_done(dw_tenant_digest(S("secret"), world.arena, &client->secret_digest, &error), error);
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
}

static int start(void **state)
{
    int status = world_start(state);

    add_client("gateway", DW_CLIENT_AUTH_POST, DW_APP_RESOURCE_SERVER, AUDIENCE);
    add_client("other-gateway", DW_CLIENT_AUTH_POST, DW_APP_RESOURCE_SERVER,
               "https://other.example");
    add_client("web", DW_CLIENT_AUTH_POST, DW_APP_REGULAR_WEB, AUDIENCE);
    add_client("public", DW_CLIENT_AUTH_NONE, DW_APP_RESOURCE_SERVER, AUDIENCE);
    return status;
}

static struct dw_tenant_call *post_as(const char *path, const char *body)
{
    struct browser client = {0};

    return post(&client, path, body);
}

static struct dw_tenant_call *introspect(const char *client_id, const char *token)
{
    return post_as(
        "/oauth/introspect",
        text_of(dw_arena_printf(world.arena, "client_id=%s&client_secret=secret&token=%s",
                                client_id, token)));
}

static void assert_inactive(const struct dw_tenant_call *call)
{
    assert_status(call, 200);
    assert_slice(call->answer, "{\"active\":false}");
}

static const char *member(const struct dw_tenant_call *call, const char *name)
{
    return text_of(dw_json_text(json_of(call), name));
}

static struct dw_tenant_call *tokens(const char *scope)
{
    struct dw_tenant_call *call = post_as(
        "/oauth/token", text_of(dw_arena_printf(world.arena, "%s&scope=%s", USERS_TOKEN, scope)));

    assert_status(call, 200);
    return call;
}

static void who_is_nobody_learns_nothing(void **state)
{
    const char *token = member(tokens("read%3Atools"), "access_token");

    (void)state;
    assert_status(introspect("nobody", token), 401);
    assert_status(
        post_as("/oauth/introspect",
                text_of(dw_arena_printf(world.arena,
                                        "client_id=gateway&client_secret=wrong&token=%s", token))),
        401);
    assert_status(
        post_as("/oauth/introspect",
                text_of(dw_arena_printf(world.arena, "client_id=public&token=%s", token))),
        401);
    assert_status(post_as("/oauth/introspect", "client_id=gateway&client_secret=secret"), 400);
    assert_status(post_as("/oauth/introspect", ""), 401);
}

static void a_resource_server_sees_tokens_for_it(void **state)
{
    const char *token = member(tokens("openid%20read%3Atools"), "access_token");
    struct dw_tenant_call *call = introspect("gateway", token);
    const struct dw_json *document = json_of(call);
    bool is_active = false;
    int64_t number;

    (void)state;
    assert_status(call, 200);
    assert_slice(header(call, "Cache-Control"), "no-store");
    assert_true(dw_json_bool(document, "active", &is_active) && is_active);
    assert_slice(dw_json_text(document, "iss"), ISSUER);
    assert_slice(dw_json_text(document, "client_id"), DW_TENANT_DEV_CLIENT);
    assert_slice(dw_json_text(document, "scope"), "openid read:tools");
    assert_slice(dw_json_text(document, "token_type"), "Bearer");
    assert_slice(dw_json_text(document, "username"), ADA);
    assert_true(dw_json_int(document, "exp", &number) && number > world_now_s);
    assert_true(dw_json_int(document, "iat", &number) && number == world_now_s);
    assert_int_equal(dw_json_get(document, "aud")->array.count, 2);
    assert_int_equal(dw_json_get(document, "permissions")->type, DW_JSON_ARRAY);
}

static void others_see_nothing(void **state)
{
    struct dw_tenant_call *call = tokens("openid%20offline_access%20read%3Atools");

    (void)state;
    assert_inactive(introspect("other-gateway", member(call, "access_token")));
    assert_inactive(introspect("web", member(call, "access_token")));
    assert_inactive(introspect("gateway", member(call, "refresh_token")));
    assert_inactive(introspect("gateway", member(call, "id_token")));
    assert_inactive(introspect("gateway", "nope"));
    assert_inactive(introspect("gateway", "a.b.c"));
    assert_inactive(introspect("gateway", "eyJhbGciOiJub25lIn0.e30."));
    call = post_as("/oauth/token",
                   "grant_type=password&client_id=" DW_TENANT_DEV_CLIENT "&username=" ADA
                   "&password=correct%20horse%20battery&scope=openid");
    assert_inactive(introspect("gateway", member(call, "access_token"))); /* for /userinfo */
}

static void a_changed_token_is_not_active(void **state)
{
    char *token =
        dw_arena_text(world.arena, dw_json_text(json_of(tokens("read%3Atools")), "access_token"));

    (void)state;
    token[strlen(token) / 2] = token[strlen(token) / 2] == 'A' ? 'B' : 'A';
    assert_inactive(introspect("gateway", token));
}

static void a_token_dies_with_time_and_user(void **state)
{
    const char *token = member(tokens("read%3Atools"), "access_token");
    struct dw_user *user = user_of(ADA);
    struct dw_error error = {0};

    (void)state;
    user->is_blocked = true;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_inactive(introspect("gateway", token));
    user->is_blocked = false;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_has(introspect("gateway", token)->answer, "\"active\":true");
    world_now_s += 30 * 86400;
    assert_inactive(introspect("gateway", token));
}

static void a_client_sees_its_own_tokens(void **state)
{
    struct dw_tenant_call *call = tokens("openid%20offline_access%20read%3Atools");
    const char *first = member(call, "refresh_token");

    (void)state;
    make_dev_confidential(true);
    assert_has(introspect(DW_TENANT_DEV_CLIENT, member(call, "access_token"))->answer,
               "\"active\":true");
    assert_has(introspect(DW_TENANT_DEV_CLIENT, first)->answer, "\"active\":true");
    call =
        post_as("/oauth/token",
                text_of(dw_arena_printf(
                    world.arena,
                    "grant_type=refresh_token&client_secret=secret&client_id=" DW_TENANT_DEV_CLIENT
                    "&refresh_token=%s",
                    first)));
    assert_inactive(introspect(DW_TENANT_DEV_CLIENT, first)); /* it is spent */
    assert_has(introspect(DW_TENANT_DEV_CLIENT, member(call, "refresh_token"))->answer,
               "\"active\":true");
    (void)post_as(
        "/oauth/revoke",
        text_of(dw_arena_printf(world.arena,
                                "client_secret=secret&client_id=" DW_TENANT_DEV_CLIENT "&token=%s",
                                member(call, "refresh_token"))));
    assert_inactive(introspect(DW_TENANT_DEV_CLIENT, member(call, "refresh_token")));
    assert_inactive(introspect(DW_TENANT_DEV_CLIENT, member(call, "access_token")));
    make_dev_confidential(false);
}

/* Whoever logged in with the old password has a token that lives for a day. */
static void no_access_token_is_older_than_the_password(void **state)
{
    struct dw_tenant_call *call = redeem(code_for(AUTHORIZE "&scope=openid"));
    struct browser nobody = {.authorization = text_of(dw_arena_printf(
                                 world.arena, "Bearer %s", member(call, "access_token")))};
    struct dw_user *user;
    struct dw_error error = {0};

    (void)state;
    make_dev_confidential(true);
    assert_has(introspect(DW_TENANT_DEV_CLIENT, member(call, "access_token"))->answer,
               "\"active\":true");
    assert_status(get(&nobody, "/userinfo"), 200);
    assert_done(dw_store_user_by_login(world.tenant->store, S(DW_TENANT_CONNECTION), S(ADA),
                                       world.arena, &user, &error),
                error);
    user->last_password_reset_at_s = world_now_s + 1;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_inactive(introspect(DW_TENANT_DEV_CLIENT, member(call, "access_token")));
    assert_status(get(&nobody, "/userinfo"), 401);
    user->last_password_reset_at_s = 0;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    make_dev_confidential(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_nobody_learns_nothing),
        cmocka_unit_test(a_resource_server_sees_tokens_for_it),
        cmocka_unit_test(others_see_nothing),
        cmocka_unit_test(a_changed_token_is_not_active),
        cmocka_unit_test(a_token_dies_with_time_and_user),
        cmocka_unit_test(a_client_sees_its_own_tokens),
        cmocka_unit_test(no_access_token_is_older_than_the_password),
    };

    return cmocka_run_group_tests(tests, start, world_stop);
}
