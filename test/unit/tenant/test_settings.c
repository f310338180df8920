/* Settings in the store: seen by a running tenant, and under what the file says. */
#include "fixture.h"
#include "tenant/settings_internal.h"

static struct dw_error error;

static bool patch(const char *json)
{
    return dw_tenant_settings_patch(world.tenant, DW_SETTINGS_TENANT, S(json), world.arena, &error);
}

static const struct dw_json *discovery(void)
{
    struct browser nobody = {0};

    return json_of(get(&nobody, "/.well-known/openid-configuration"));
}

static bool sends_iss(void)
{
    bool does = false;

    (void)dw_json_bool(discovery(), "authorization_response_iss_parameter_supported", &does);
    return does;
}

static void a_change_is_seen_by_the_next_call(void **state)
{
    (void)state;
    assert_true(sends_iss());
    assert_done(patch("{\"authorization_response_iss_parameter_supported\":false}"), error);
    assert_false(sends_iss());
    assert_done(patch("{\"authorization_response_iss_parameter_supported\":null}"), error);
    assert_true(sends_iss());
}

static void what_another_process_changed_is_seen_after_a_look(void **state)
{
    struct dw_error ignored = {0};
    struct dw_tenant *other = dw_tenant_open_store(&world.config, 0, &ignored);

    (void)state;
    assert_non_null(other);
    assert_done(
        dw_tenant_settings_patch(other, DW_SETTINGS_TENANT,
                                 S("{\"authorization_response_iss_parameter_supported\":false}"),
                                 world.arena, &error),
        error);
    dw_tenant_close(other);
    assert_done(dw_tenant_settings_refresh(world.tenant, &error), error);
    assert_false(sends_iss());
}

static void what_the_file_says_wins_and_a_change_says_so(void **state)
{
    (void)state;
    /* The fixture switches registration on in the configuration. */
    assert_fails(patch("{\"flags\":{\"enable_dynamic_client_registration\":false}}"), error,
                 DW_CONFLICT);
    assert_string_equal(error.message,
                        "enable_dynamic_client_registration is set by the configuration file "
                        "([auth.dcr] enabled), which wins: change it there");
    assert_non_null(dw_json_get(discovery(), "registration_endpoint"));
    assert_done(patch("{\"session_lifetime\":24}"), error);
}

static void a_wrong_change_changes_nothing(void **state)
{
    struct dw_slice before, after;

    (void)state;
    assert_done(
        dw_tenant_settings_document(world.tenant, DW_SETTINGS_TENANT, world.arena, &before, &error),
        error);
    assert_fails(patch("{\"friendly_name\":\"x\",\"session_lifetime\":-1}"), error,
                 DW_INVALID_REQUEST);
    assert_done(
        dw_tenant_settings_document(world.tenant, DW_SETTINGS_TENANT, world.arena, &after, &error),
        error);
    assert_true(dw_slice_eq(before, after));
}

static void errors_go_to_the_operators_own_page(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    assert_status(get(&browser, "/authorize?client_id=none"), 400);
    assert_done(patch("{\"error_page\":{\"url\":\"https://help.example/oops?x=1\"}}"), error);
    call = get(&browser, "/authorize?client_id=%3Cnone%3E%0d%0aX:y");
    assert_status(call, 302);
    assert_has(header(call, "Location"),
               "https://help.example/oops?x=1&lang=en&error=invalid_request"
               "&error_description=Unknown");
    assert_has(header(call, "Location"), "&tracking=4bf92f3577b34da6a3ce929d0e0e4736");
    assert_done(patch("{\"error_page\":{\"url\":\"javascript:alert(1)\"}}"), error);
    assert_status(get(&browser, "/authorize?client_id=none"), 400);
    /* Programs get their JSON as ever. */
    assert_done(patch("{\"error_page\":{\"url\":\"https://help.example/oops\"}}"), error);
    assert_status(post(&browser, "/oauth/token", "grant_type=x"), 400);
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_change_is_seen_by_the_next_call),
        CASE(what_another_process_changed_is_seen_after_a_look),
        CASE(what_the_file_says_wins_and_a_change_says_so),
        CASE(a_wrong_change_changes_nothing),
        CASE(errors_go_to_the_operators_own_page),
    };

    return cmocka_run_group_tests_name("tenant/settings", tests, world_start, world_stop);
}
