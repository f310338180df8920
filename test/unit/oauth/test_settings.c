/* oauth/settings.h: the standard documents are readable, wrong ones are refused by name. */
#include "test.h"

#include "oauth/settings.h"
#include "json/json_merge.h"

static struct dw_arena *arena;
static struct dw_error error;

static int set_up(void **state)
{
    (void)state;
    arena = dw_arena_new(4 * 1024 * 1024);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static bool read_with(const char *patch, struct dw_tenant_settings *settings)
{
    struct dw_slice json;

    assert_done(
        dw_json_merge(dw_settings_standard(DW_SETTINGS_TENANT), S(patch), arena, &json, &error),
        error);
    return dw_settings_read(DW_SETTINGS_TENANT, json, arena, settings, &error);
}

static void the_standard_is_in_force_when_nothing_is_set(void **state)
{
    struct dw_tenant_settings settings = {0};

    (void)state;
    for (int i = 0; i < DW_SETTINGS_DOCUMENT_COUNT; i++)
        assert_done(dw_settings_read((enum dw_settings_document)i,
                                     dw_settings_standard((enum dw_settings_document)i), arena,
                                     &settings, &error),
                    error);
    assert_int_equal(settings.session_lifetime_s, 168 * 3600);
    assert_int_equal(settings.session_idle_s, 72 * 3600);
    assert_int_equal(settings.resource_profile, DW_RESOURCE_COMPATIBILITY);
    assert_true(settings.sends_iss_parameter);
    assert_true(settings.is_dcr_strict);
    assert_false(settings.is_dcr_enabled);
    assert_false(settings.allows_organization_name);
    assert_slice(settings.default_directory, "Username-Password-Authentication");
}

static void what_is_set_counts(void **state)
{
    struct dw_tenant_settings settings = {0};

    (void)state;
    assert_done(read_with("{\"session_lifetime\":0.5,\"flags\":{\"enable_dynamic_client_"
                          "registration\":true},\"resource_parameter_profile\":\"audience\","
                          "\"error_page\":{\"url\":\"https://e.example/\"},"
                          "\"dynamic_client_registration_security_mode\":\"permissive\","
                          "\"allowed_logout_urls\":[\"https://a.example/\"]}",
                          &settings),
                error);
    assert_int_equal(settings.session_lifetime_s, 1800);
    assert_true(settings.is_dcr_enabled);
    assert_false(settings.is_dcr_strict);
    assert_int_equal(settings.resource_profile, DW_RESOURCE_AUDIENCE);
    assert_slice(settings.error_page_url, "https://e.example/");
    assert_int_equal(settings.allowed_logout_urls.count, 1);
}

static void what_is_wrong_is_named(void **state)
{
    static const char *const cases[][2] = {
        {"{\"friendly_nam\":\"x\"}",
         "there is no setting \"friendly_nam\"; is it \"friendly_name\"?"},
        {"{\"flags\":{\"enable_everything_now\":true}}",
         "there is no setting \"enable_everything_now\""},
        {"{\"flags\":{\"disable_clickjack_protection_headers\":true}}",
         "flags.disable_clickjack_protection_headers cannot be changed: there is nothing here that "
         "it could change"},
        {"{\"error_page\":{\"html\":\"<p>\"}}",
         "error_page.html cannot be changed: there is nothing here that it could change"},
        {"{\"acr_values_supported\":[\"x\"]}",
         "acr_values_supported cannot be changed: there is nothing here that it could change"},
        {"{\"session_cookie\":{\"mode\":\"forever\"}}",
         "session_cookie.mode must be one of: non-persistent, persistent"},
        {"{\"device_flow\":{\"charset\":\"base64\"}}",
         "device_flow.charset must be one of: base20, digits"},
        {"{\"device_flow\":{\"mask\":\"***\"}}",
         "device_flow.mask must be 8 to 16 stars, with hyphens and blanks between them"},
        {"{\"device_flow\":{\"charset\":\"digits\",\"mask\":\"****-****\"}}",
         "device_flow.mask must be 9 to 16 stars for digits"},
        {"{\"device_flow\":{\"mask\":\"****x****\"}}",
         "device_flow.mask must be 8 to 16 stars, with hyphens and blanks between them"},
        {"{\"friendly_name\":1}", "friendly_name must be a text of at most 4,096 bytes"},
        {"{\"friendly_name\":\"a\\nb\"}", "friendly_name must be free of control characters"},
        {"{\"session_lifetime\":0}",
         "session_lifetime must be a number of hours, from a minute (0.0167) to a year"},
        {"{\"session_lifetime\":1e300}",
         "session_lifetime must be a number of hours, from a minute (0.0167) to a year"},
        {"{\"session_lifetime\":\"72\"}",
         "session_lifetime must be a number of hours, from a minute (0.0167) to a year"},
        {"{\"allowed_logout_urls\":\"https://a.example\"}",
         "allowed_logout_urls must be a list of at most 100 texts"},
        {"{\"resource_parameter_profile\":\"x\"}",
         "resource_parameter_profile must be one of: compatibility, audience"},
        {"{\"dynamic_client_registration_security_mode\":true}",
         "dynamic_client_registration_security_mode must be one of: permissive, strict"},
        {"{\"flags\":{\"enable_dynamic_client_registration\":\"yes\"}}",
         "flags.enable_dynamic_client_registration must be true or false"},
    };
    struct dw_tenant_settings settings = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_fails(read_with(cases[i][0], &settings), error, DW_INVALID_REQUEST);
        assert_string_equal(error.message, cases[i][1]);
    }
}

/* What an export of Auth0 says may be imported, as long as it asks for nothing. */
static void saying_what_is_so_is_no_change(void **state)
{
    struct dw_tenant_settings settings = {0};

    (void)state;
    assert_done(read_with("{\"flags\":{\"enable_sso\":true,\"enable_pipeline2\":false},"
                          "\"acr_values_supported\":[],\"mtls\":null,"
                          "\"device_flow\":{\"charset\":\"digits\",\"mask\":\"***-***-***\"},"
                          "\"session_cookie\":{\"mode\":\"non-persistent\"}}",
                          &settings),
                error);
    assert_true(settings.user_code.is_digits);
    assert_slice(settings.user_code.mask, "***-***-***");
    assert_false(settings.is_session_cookie_persistent);
}

static void a_copy_owes_nothing_to_the_original(void **state)
{
    struct dw_arena *other = dw_arena_new(1024 * 1024);
    struct dw_tenant_settings settings = {0}, copy;

    (void)state;
    assert_done(
        read_with("{\"friendly_name\":\"Acme\",\"enabled_locales\":[\"de\",\"en\"]}", &settings),
        error);
    assert_done(dw_settings_copy(&settings, other, &copy, &error), error);
    dw_arena_reset(arena);
    assert_slice(copy.friendly_name, "Acme");
    assert_slice(copy.enabled_locales.items[0], "de");
    dw_arena_free(other);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_standard_is_in_force_when_nothing_is_set),
        CASE(what_is_set_counts),
        CASE(what_is_wrong_is_named),
        CASE(saying_what_is_so_is_no_change),
        CASE(a_copy_owes_nothing_to_the_original),
    };

    return cmocka_run_group_tests_name("oauth/settings", tests, NULL, NULL);
}
