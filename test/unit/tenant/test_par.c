/* Pushed authorization requests: what is kept, for whom, how long, and how often it can be used. */
#include <pthread.h>

#include "fixture.h"
#include "store/decoupled.h"

#define PUSH                                                                                       \
    "client_id=" DW_TENANT_DEV_CLIENT "&response_type=code&redirect_uri=" CALLBACK_ENCODED         \
    "&state=s1&code_challenge=" CHALLENGE                                                          \
    "&code_challenge_method=S256&resource=https%3A%2F%2Fmcp.example.com%2Fmcp"

static struct dw_tenant_call *push(const char *body)
{
    struct browser nobody = {0};

    return post(&nobody, "/oauth/par", body);
}

/* The request_uri, ready for a query. */
static const char *pushed(const char *body)
{
    struct dw_tenant_call *call = push(body);

    assert_status(call, 201);
    return text_of(dw_json_text(json_of(call), "request_uri"));
}

static const char *authorize_url(const char *client_id, const char *request_uri)
{
    return text_of(dw_arena_printf(world.arena, "/authorize?client_id=%s&request_uri=%s", client_id,
                                   request_uri));
}

static void change_client(void (*change)(struct dw_oauth_client *client))
{
    struct dw_oauth_client *client;
    struct dw_error error = {0};

    assert_done(
        dw_store_client(world.tenant->store, S(DW_TENANT_DEV_CLIENT), world.arena, &client, &error),
        error);
    change(client);
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
}

static void bad_pushes_are_refused(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *error;
    } cases[] = {
        {"", 401, "invalid_client: Missing client_id"},
        {"client_id=nobody", 401, "access_denied: Unauthorized"},
        {PUSH "&client_secret=x", 401, "access_denied: Unauthorized"},
        {PUSH "&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Ax", 400,
         "invalid_request: the parameter request_uri is not supported"},
        {PUSH "&request=e30.e30.", 400, "invalid_request: the parameter request is not supported"},
        {PUSH "&response_type=code", 400, NULL},
        {"client_id=" DW_TENANT_DEV_CLIENT "&redirect_uri=" CALLBACK_ENCODED, 400,
         "invalid_request: Missing required parameter: response_type"},
        {"client_id=" DW_TENANT_DEV_CLIENT "&response_type=token&redirect_uri=" CALLBACK_ENCODED,
         400, NULL},
        {"client_id=" DW_TENANT_DEV_CLIENT
         "&response_type=code&redirect_uri=https%3A%2F%2Fevil.example%2F",
         403, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call *call = push(cases[i].body);

        if (cases[i].error)
            assert_slice(error_of(call), cases[i].error);
        assert_status(call, cases[i].status);
        assert_slice(header(call, "Location"), "");
    }
}

static void a_pushed_request_works_once(void **state)
{
    struct dw_tenant_call *call = push(PUSH);
    struct browser browser = {0}, second = {0};
    int64_t expires_in = 0;
    const char *url;

    (void)state;
    assert_status(call, 201);
    assert_true(dw_json_int(json_of(call), "expires_in", &expires_in));
    assert_int_equal(expires_in, 30);
    assert_true(dw_slice_starts_with(dw_json_text(json_of(call), "request_uri"),
                                     S("urn:ietf:params:oauth:request_uri:")));
    assert_slice(header(call, "Cache-Control"), "no-store");
    url = authorize_url(DW_TENANT_DEV_CLIENT, text_of(dw_json_text(json_of(call), "request_uri")));
    call = authorize(&browser, url);
    assert_slice(location_value(call, "state"), "s1");
    assert_status(redeem(text_of(location_value(call, "code"))), 200);
    call = get(&second, url);
    assert_status(call, 400);
    assert_has(call->answer, "has expired or was used already");
    assert_slice(header(call, "Location"), "");
}

static void other_parameters_of_the_browser_do_not_count(void **state)
{
    struct browser browser = {0};
    const char *url = authorize_url(DW_TENANT_DEV_CLIENT, pushed(PUSH));
    struct dw_tenant_call *call = authorize(
        &browser,
        text_of(dw_arena_printf(world.arena,
                                "%s&state=evil&redirect_uri=https%%3A%%2F%%2Fevil.example%%2F"
                                "&scope=admin%%3Atools&code_challenge=x",
                                url)));

    (void)state;
    assert_true(dw_slice_starts_with(header(call, "Location"), S(CALLBACK)));
    assert_slice(location_value(call, "state"), "s1");
}

static void a_pushed_request_is_for_its_client(void **state)
{
    struct browser browser = {0};
    struct dw_oauth_client other;
    struct dw_error error = {0};
    const char *request_uri = pushed(PUSH);

    (void)state;
    dw_seed_client_defaults(world.tenant, &other);
    other.id = S("other");
    other.name = S("other");
    assert_done(dw_store_put_client(world.tenant->store, &other, &error), error);
    assert_status(get(&browser, authorize_url("other", request_uri)), 400);
    assert_status(get(&browser, authorize_url("nobody", request_uri)), 400);
    /* and nobody has used it up by that */
    assert_status(get(&browser, authorize_url(DW_TENANT_DEV_CLIENT, request_uri)), 302);
}

static void a_pushed_request_lives_for_30_seconds(void **state)
{
    struct browser browser = {0};
    const char *early = pushed(PUSH), *late = pushed(PUSH);
    int64_t start_s = world_now_s;

    (void)state;
    world_now_s = start_s + 29;
    assert_status(get(&browser, authorize_url(DW_TENANT_DEV_CLIENT, early)), 302);
    world_now_s = start_s + 30;
    assert_status(get(&browser, authorize_url(DW_TENANT_DEV_CLIENT, late)), 400);
    world_now_s = start_s;
}

static void request_uris_of_others_are_not_fetched(void **state)
{
    static const char *const uris[] = {
        "https%3A%2F%2Fevil.example%2Frequest", "",
        "urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:nope"};
    struct browser browser = {0};

    (void)state;
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++)
        assert_status(get(&browser, authorize_url(DW_TENANT_DEV_CLIENT, uris[i])), 400);
}

static void require_par(struct dw_oauth_client *client)
{
    client->requires_par = true;
}

static void allow_without_par(struct dw_oauth_client *client)
{
    client->requires_par = false;
}

static void a_client_may_be_bound_to_push(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    change_client(require_par);
    call = get(&browser, AUTHORIZE);
    assert_slice(location_value(call, "error"), "invalid_request");
    assert_has(location_value(call, "error_description"), "are required");
    assert_status(get(&browser, authorize_url(DW_TENANT_DEV_CLIENT, pushed(PUSH))), 302);
    change_client(allow_without_par);
}

static void become_strict(struct dw_oauth_client *client)
{
    client->is_first_party = false;
    client->security_mode = DW_SECURITY_STRICT;
}

static void become_permissive(struct dw_oauth_client *client)
{
    client->security_mode = DW_SECURITY_PERMISSIVE;
}

static void become_first_party(struct dw_oauth_client *client)
{
    client->is_first_party = true;
}

static void strict_third_parties_may_not_push(void **state)
{
    (void)state;
    change_client(become_strict);
    assert_slice(error_of(push(PUSH)),
                 "unauthorized_client: Pushed authorization requests are not allowed for "
                 "third-party clients.");
    change_client(become_permissive);
    assert_status(push(PUSH), 201);
    change_client(become_first_party);
}

static void it_can_be_switched_off(void **state)
{
    struct browser browser = {0};
    const char *request_uri = pushed(PUSH);

    (void)state;
    assert_has(get(&browser, "/.well-known/openid-configuration")->answer,
               "\"pushed_authorization_request_endpoint\":\"" ISSUER "oauth/par\"");
    world_set("{\"pushed_authorization_requests_supported\":false}");
    assert_has_not(get(&browser, "/.well-known/openid-configuration")->answer, "oauth/par");
    assert_status(push(PUSH), 404);
    assert_status(get(&browser, authorize_url(DW_TENANT_DEV_CLIENT, request_uri)), 400);
    world_set("{\"pushed_authorization_requests_supported\":true}");
}

#define RACERS 8

static void *race(void *user)
{
    struct dw_error error = {0};
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_pushed_request *request = NULL;
    struct dw_slice digest;
    bool has_won;

    assert_done(dw_tenant_digest(S((const char *)user), arena, &digest, &error), error);
    assert_done(dw_store_take_pushed_request(world.tenant->store, digest, S(DW_TENANT_DEV_CLIENT),
                                             world_now_s, arena, &request, &error),
                error);
    has_won = request != NULL;
    dw_arena_free(arena);
    return has_won ? user : NULL;
}

static void of_many_callers_one_wins(void **state)
{
    const char *request_uri = pushed(PUSH);
    pthread_t racers[RACERS];
    int winners = 0;

    (void)state;
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racers[i], NULL, race, (void *)(uintptr_t)request_uri), 0);
    for (int i = 0; i < RACERS; i++) {
        void *has_won;

        pthread_join(racers[i], &has_won);
        winners += has_won != NULL;
    }
    assert_int_equal(winners, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_pushes_are_refused),
        cmocka_unit_test(a_pushed_request_works_once),
        cmocka_unit_test(other_parameters_of_the_browser_do_not_count),
        cmocka_unit_test(a_pushed_request_is_for_its_client),
        cmocka_unit_test(a_pushed_request_lives_for_30_seconds),
        cmocka_unit_test(request_uris_of_others_are_not_fetched),
        cmocka_unit_test(a_client_may_be_bound_to_push),
        cmocka_unit_test(strict_third_parties_may_not_push),
        cmocka_unit_test(it_can_be_switched_off),
        cmocka_unit_test(of_many_callers_one_wins),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
