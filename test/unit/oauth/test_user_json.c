/* oauth/user_json.h */
#include "test.h"

#include "oauth/user_json.h"

#include "arena_fixture.h"

static struct dw_user ada(void)
{
    return (struct dw_user){
        .id = S("auth0|0123456789abcdef01234567"),
        .connection = S("Username-Password-Authentication"),
        .email = S("ada@example.com"),
        .is_email_verified = true,
        .name = S("Ada \"L\""),
        .password_hash = {S("$argon2id$secret")},
        .app_metadata_json = S("{\"plan\":\"free\",\"keep\":1}"),
        .user_metadata_json = S("{}"),
        .created_at_s = 1800000000,
        .logins_count = 3,
    };
}

static void a_user_looks_as_at_auth0(void **state)
{
    struct dw_user user = ada();
    struct dw_slice json;

    (void)state;
    assert_done(dw_user_to_json(&user, arena, &json, &error), error);
    assert_slice(json,
                 "{\"user_id\":\"auth0|0123456789abcdef01234567\",\"email\":\"ada@example.com\","
                 "\"name\":\"Ada \\\"L\\\"\",\"email_verified\":true,\"identities\":[{"
                 "\"connection\":\"Username-Password-Authentication\",\"user_id\":"
                 "\"0123456789abcdef01234567\",\"provider\":\"auth0\",\"isSocial\":false}],"
                 "\"user_metadata\":{},\"app_metadata\":{\"plan\":\"free\",\"keep\":1},"
                 "\"created_at\":\"2027-01-15T08:00:00.000Z\",\"logins_count\":3}");
}

static void a_patch_changes_what_it_names(void **state)
{
    struct dw_user user = ada();

    (void)state;
    assert_done(dw_user_apply_json(&user,
                                   S("{\"given_name\":\"Ada\",\"name\":null,\"blocked\":true,"
                                     "\"app_metadata\":{\"plan\":\"gold\",\"keep\":null}}"),
                                   arena, &error),
                error);
    assert_slice(user.given_name, "Ada");
    assert_int_equal(user.name.len, 0);
    assert_true(user.is_blocked);
    assert_true(user.is_email_verified);
    assert_slice(user.app_metadata_json, "{\"plan\":\"gold\"}");
    assert_done(dw_user_apply_json(&user, S("{\"email\":\"new@example.com\"}"), arena, &error),
                error);
    assert_false(user.is_email_verified); /* nobody confirmed the new one */
    assert_done(dw_user_apply_json(&user,
                                   S("{\"email\":\"third@example.com\",\"email_verified\":true}"),
                                   arena, &error),
                error);
    assert_true(user.is_email_verified);
}

static void what_cannot_be_changed_is_refused(void **state)
{
    static const char *const wrong[] = {
        "[]",
        "{\"user_id\":\"auth0|x\"}",
        "{\"password_hash\":\"x\"}",
        "{\"logins_count\":1}",
        "{\"email\":7}",
        "{\"email\":\"no address\"}",
        "{\"email\":null}",
        "{\"blocked\":\"true\"}",
        "{\"app_metadata\":7}",
        "{\"phone_number\":\"12345\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct dw_user user = ada();

        if (dw_user_apply_json(&user, S(wrong[i]), arena, &error))
            fail_msg("%s", wrong[i]);
        assert_int_equal(error.code, DW_INVALID_REQUEST);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, arena_start, arena_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_user_looks_as_at_auth0),
        CASE(a_patch_changes_what_it_names),
        CASE(what_cannot_be_changed_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
