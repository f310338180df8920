/* The device flow (RFC 8628): attacks first. */
#include <pthread.h>

#include "decoupled_fixture.h"

static void bad_device_requests_are_refused(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *error;
    } cases[] = {
        {"", 401, "invalid_client: Missing client_id"},
        {"client_id=nobody", 401, "access_denied: Unauthorized"},
        {"client_id=box", 401, "access_denied: Unauthorized"},
        {"client_id=" DW_TENANT_DEV_CLIENT, 403,
         "unauthorized_client: Grant type '" DEVICE_GRANT "' not allowed for the client."},
        {"client_id=stranger", 403, /* strict mode is the standard */
         "unauthorized_client: Grant type '" DEVICE_GRANT "' not allowed for the client."},
        {"client_id=tv&audience=https%3A%2F%2Fnone.example", 403,
         "access_denied: Service not found: https://none.example"},
        {"client_id=tv&scope=%22", 400, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call *call = post_as("/oauth/device/code", cases[i].body);

        if (cases[i].error)
            assert_slice(error_of(call), cases[i].error);
        assert_status(call, cases[i].status);
    }
}

static void the_tenant_says_how_user_codes_look(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;
    struct dw_slice code;

    (void)state;
    world_set("{\"device_flow\":{\"charset\":\"digits\",\"mask\":\"*** *** ***\"}}");
    call = post_as("/oauth/device/code", "client_id=tv&" RESOURCE);
    code = dw_json_text(json_of(call), "user_code");
    assert_int_equal(code.len, 11);
    assert_int_equal(strspn(text_of(code), "0123456789 "), 11);
    assert_slice(
        dw_json_text(json_of(call), "verification_uri_complete"),
        text_of(dw_arena_printf(world.arena, ISSUER "activate?user_code=%.3s%%20%.3s%%20%.3s",
                                code.ptr, code.ptr + 4, code.ptr + 8)));
    call = post(&browser, "/activate",
                text_of(dw_arena_printf(world.arena, "user_code=%.3s%.3s-%.3s", code.ptr,
                                        code.ptr + 4, code.ptr + 8)));
    assert_status(call, 303);
    assert_has(follow(&browser, call)->answer, text_of(code));
    assert_has(get(&browser, "/activate")->answer, "placeholder=\"000 000 000\"");
    world_set("{\"device_flow\":null}");
    assert_has(get(&browser, "/activate")->answer, "placeholder=\"XXXX-XXXX\"");
}

static void a_device_gets_a_code(void **state)
{
    struct dw_tenant_call *call = post_as("/oauth/device/code", "client_id=tv&" RESOURCE);
    const char *user_code = member(call, "user_code");
    int64_t number = 0;

    (void)state;
    assert_int_equal(strlen(user_code), 9);
    assert_int_equal(user_code[4], '-');
    assert_string_equal(member(call, "verification_uri"), ISSUER "activate");
    assert_slice(dw_json_text(json_of(call), "verification_uri_complete"),
                 text_of(dw_arena_printf(world.arena, ISSUER "activate?user_code=%s", user_code)));
    assert_true(dw_json_int(json_of(call), "expires_in", &number) && number == 900);
    assert_true(dw_json_int(json_of(call), "interval", &number) && number == 5);
}

static void a_device_waits_for_its_user(void **state)
{
    struct device device = new_device("read%3Atools%20offline_access%20openid");
    struct browser browser = {0};
    struct dw_tenant_call *call = poll(&device);

    (void)state;
    assert_slice(error_of(call), "authorization_pending: User has yet to authorize device code.");
    assert_status(call, 403);
    call = poll(&device);
    assert_slice(error_of(call), "slow_down: You are polling faster than the specified interval "
                                 "of 5 seconds.");
    assert_status(call, 429);
    assert_slice(header(call, "Retry-After"), "5");
    world_now_s += 5;
    assert_status(poll(&device), 403);
    call = activate(&browser, &device);
    assert_status(call, 200);
    assert_has(call->answer, "You can close this page.");
    assert_slice(error_of(poll_as("tv2", device.device_code)),
                 "invalid_grant: Invalid or expired device code.");
    call = poll(&device);
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "sub"), ada_id);
    assert_slice(dw_json_text(claims_of(call, "id_token"), "aud"), "tv");
    assert_true(dw_json_text(json_of(call), "refresh_token").len > 0);
    assert_slice(error_of(poll(&device)), "invalid_grant: Invalid or expired device code.");
}

static void a_cancelled_device_is_denied(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);
    const char *visit = state_of(call);

    (void)state;
    call = press(&browser, "/u/device", visit, "deny");
    assert_status(call, 200);
    assert_has(call->answer, "Cancelled");
    call = poll(&device);
    assert_slice(error_of(call), "access_denied: User cancelled the confirmation prompt.");
    assert_status(call, 403);
    assert_status(press(&browser, "/u/device", visit, "confirm"), 400);
    assert_status(type_code(&browser, device.user_code), 400);
}

static void a_device_code_expires(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);

    (void)state;
    world_now_s += 900;
    assert_status(press(&browser, "/u/device", state_of(call), "confirm"), 303);
    assert_status(type_code(&browser, device.user_code), 400);
    call = poll(&device);
    assert_slice(error_of(call), "expired_token: The device code has expired.");
    assert_status(call, 403);
}

static void a_code_is_typed_in_many_ways(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0};
    char lower[16];
    size_t length = 0;

    (void)state;
    for (const char *at = device.user_code; *at; at++)
        if (*at != '-')
            lower[length++] = (char)(*at - 'A' + 'a');
    lower[length] = '\0';
    assert_status(type_code(&browser, lower), 303);
    assert_status(get(&browser, text_of(dw_arena_printf(world.arena, "/activate?user_code=%s",
                                                        device.user_code))),
                  302);
    assert_status(get(&browser, "/activate"), 200);
    assert_status(type_code(&browser, "BCDF-GHJK"), 400);
    assert_status(type_code(&browser, "<script>"), 400);
    assert_has_not(type_code(&browser, "<script>")->answer, "<script>");
}

static void the_page_shows_code_and_application(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);
    const char *path = text_of(header(call, "Location"));

    (void)state;
    call = get(&browser, path);
    assert_status(call, 200);
    assert_has(call->answer, device.user_code);
    assert_has(call->answer, "<strong>tv</strong>");
    assert_has(header(call, "Content-Security-Policy"), "frame-ancestors 'none'");
}

static void the_confirmation_belongs_to_its_browser(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0}, victim = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);

    (void)state;
    /* the attacker's state in the victim's browser, with the victim's login */
    assert_status(authorize(&victim, AUTHORIZE), 303);
    assert_status(press(&victim, "/u/device", state_of(call), "confirm"), 400);
    assert_status(get(&victim, text_of(header(call, "Location"))), 400);
    assert_status(poll(&device), 403);
}

static void pages_cannot_be_skipped(void **state)
{
    struct device device = new_device("read%3Atools");
    struct browser browser = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);
    const char *visit = state_of(call);

    (void)state;
    /* logging in first leads back to the confirmation; so does the CIBA page's button */
    call = log_in(&browser, visit, ADA_PASSWORD);
    assert_has(header(call, "Location"), "/u/device?state=");
    call = decide(&browser, visit, "accept");
    assert_has_not(call->answer, "You can close this page.");
    assert_slice(error_of(poll(&device)),
                 "authorization_pending: User has yet to authorize device code.");
    (void)press(&browser, "/u/ciba", visit, "approve");
    world_now_s += 5;
    assert_slice(error_of(poll(&device)),
                 "authorization_pending: User has yet to authorize device code.");
}

static void guessing_codes_ends_soon(void **state)
{
    struct browser guesser = {.address = "198.51.100.7"}, other = {.address = "198.51.100.8"};
    struct device device = new_device("");
    int at = 0;

    (void)state;
    while (at < 60 && type_code(&guesser, "BCDF-GHJK")->status == 400)
        at++;
    assert_int_equal(at, 50);
    assert_status(type_code(&guesser, device.user_code), 429);
    assert_status(type_code(&other, device.user_code), 303);
    world_now_s += 900;
    device = new_device("");
    assert_status(type_code(&guesser, device.user_code), 303);
}

static void a_blocked_user_gets_no_tokens(void **state)
{
    struct device device = new_device("read%3Atools");
    struct browser browser = {0};
    struct dw_user *user;
    struct dw_error error = {0};

    (void)state;
    assert_status(activate(&browser, &device), 200);
    assert_done(dw_store_user(world.tenant->store, S(ada_id), world.arena, &user, &error), error);
    user->is_blocked = true;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_slice(error_of(poll(&device)), "access_denied: User cancelled the confirmation prompt.");
    user->is_blocked = false;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
}

#define RACERS 8

static void *race(void *user)
{
    const struct dw_slice *digest = user;
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_decoupled_request *request;
    enum dw_decoupled_verdict verdict = DW_DECOUPLED_UNKNOWN;
    struct dw_error error = {0};

    assert_done(dw_store_poll_decoupled(world.tenant->store, DW_DECOUPLED_DEVICE, *digest, S("tv"),
                                        world_now_s, arena, &verdict, &request, &error),
                error);
    dw_arena_free(arena);
    return verdict == DW_DECOUPLED_GIVE ? user : NULL;
}

static void of_many_polls_one_gets_the_tokens(void **state)
{
    struct device device = new_device("read%3Atools");
    struct browser browser = {0};
    pthread_t racers[RACERS];
    struct dw_slice digest;
    struct dw_error error = {0};
    int winners = 0;

    (void)state;
    assert_status(activate(&browser, &device), 200);
    assert_done(dw_tenant_digest(S(device.device_code), world.arena, &digest, &error), error);
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racers[i], NULL, race, &digest), 0);
    for (int i = 0; i < RACERS; i++) {
        void *has_won;

        pthread_join(racers[i], &has_won);
        winners += has_won != NULL;
    }
    assert_int_equal(winners, 1);
}

static void of_two_deciders_the_first_counts(void **state)
{
    struct device device = new_device("read%3Atools");
    struct browser yes = {0}, no = {0};
    const char *refusing = state_of(type_code(&no, device.user_code));

    (void)state;
    assert_status(activate(&yes, &device), 200);
    assert_status(press(&no, "/u/device", refusing, "deny"), 400);
    assert_status(poll(&device), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_device_requests_are_refused),
        cmocka_unit_test(the_tenant_says_how_user_codes_look),
        cmocka_unit_test(a_device_gets_a_code),
        cmocka_unit_test(a_device_waits_for_its_user),
        cmocka_unit_test(a_cancelled_device_is_denied),
        cmocka_unit_test(a_device_code_expires),
        cmocka_unit_test(a_code_is_typed_in_many_ways),
        cmocka_unit_test(the_page_shows_code_and_application),
        cmocka_unit_test(the_confirmation_belongs_to_its_browser),
        cmocka_unit_test(pages_cannot_be_skipped),
        cmocka_unit_test(guessing_codes_ends_soon),
        cmocka_unit_test(a_blocked_user_gets_no_tokens),
        cmocka_unit_test(of_many_polls_one_gets_the_tokens),
        cmocka_unit_test(of_two_deciders_the_first_counts),
    };

    return cmocka_run_group_tests(tests, start, world_stop);
}
