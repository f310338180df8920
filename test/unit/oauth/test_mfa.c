/* When a second factor is due, and how authenticators look outside. */
#include "oauth/mfa.h"

#include "test.h"

static void the_decision_is_this_table(void **state)
{
    static const struct {
        enum dw_mfa_policy policy;
        bool is_enrolled, is_requested, is_shown, is_remembered;
        enum dw_mfa_need expected;
    } cases[] = {
        /* policy, enrolled, requested, shown, remembered */
        {DW_MFA_ALL_APPLICATIONS, true, false, false, false, DW_MFA_CHALLENGE},
        {DW_MFA_ALL_APPLICATIONS, false, false, false, false, DW_MFA_ENROL},
        {DW_MFA_ALL_APPLICATIONS, true, false, true, false, DW_MFA_NOTHING},
        {DW_MFA_ALL_APPLICATIONS, true, false, false, true, DW_MFA_NOTHING},
        /* who asks by name gets it, whatever this browser was told */
        {DW_MFA_ALL_APPLICATIONS, true, true, false, true, DW_MFA_CHALLENGE},
        {DW_MFA_NEVER, true, false, false, false, DW_MFA_NOTHING},
        {DW_MFA_NEVER, false, false, false, false, DW_MFA_NOTHING},
        {DW_MFA_NEVER, true, true, false, false, DW_MFA_CHALLENGE},
        {DW_MFA_NEVER, true, true, false, true, DW_MFA_CHALLENGE},
        {DW_MFA_NEVER, false, true, false, false, DW_MFA_ENROL},
        {DW_MFA_NEVER, true, true, true, false, DW_MFA_NOTHING},
        {DW_MFA_CONFIDENCE_SCORE, true, false, false, false, DW_MFA_NOTHING},
        {DW_MFA_CONFIDENCE_SCORE, true, true, false, false, DW_MFA_CHALLENGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_mfa_settings settings = {.policy = cases[i].policy};
        struct dw_mfa_question question = {
            .settings = &settings,
            .is_enrolled = cases[i].is_enrolled,
            .is_requested = cases[i].is_requested,
            .is_shown = cases[i].is_shown,
            .is_remembered = cases[i].is_remembered,
        };

        if (dw_mfa_decide(&question) != cases[i].expected)
            fail_msg("case %zu", i);
    }
}

static void only_what_is_confirmed_and_enabled_counts(void **state)
{
    struct dw_slice otp[] = {S("otp")};
    struct dw_mfa_settings settings = {.factors = {otp, 1}};
    struct dw_authenticator list[] = {
        {.id = S("recovery-code|dev_1"),
         .type = DW_AUTHENTICATOR_RECOVERY_CODE,
         .confirmed_at_s = 1},
        {.id = S("totp|dev_1"), .type = DW_AUTHENTICATOR_TOTP},
        {.id = S("email|dev_1"), .type = DW_AUTHENTICATOR_EMAIL, .confirmed_at_s = 1},
        {.id = S("totp|dev_2"), .type = DW_AUTHENTICATOR_TOTP, .confirmed_at_s = 1},
    };

    (void)state;
    assert_false(dw_mfa_is_enrolled(list, 2));
    assert_true(dw_mfa_is_enrolled(list, 3));
    assert_null(dw_mfa_find(list, 4, &settings, DW_AUTHENTICATOR_EMAIL));
    assert_null(dw_mfa_find(list, 4, &settings, DW_AUTHENTICATOR_RECOVERY_CODE));
    assert_slice(dw_mfa_find(list, 4, &settings, DW_AUTHENTICATOR_TOTP)->id, "totp|dev_2");
}

static void authenticators_look_as_auth0_shows_them(void **state)
{
    static const struct {
        struct dw_authenticator authenticator;
        bool names_type;
        const char *expected;
    } cases[] = {
        {{.id = {"totp|dev_a", 10}, .type = DW_AUTHENTICATOR_TOTP, .confirmed_at_s = 5},
         false,
         "{\"id\":\"totp|dev_a\",\"authenticator_type\":\"otp\",\"active\":true}"},
        {{.id = {"totp|dev_a", 10}, .type = DW_AUTHENTICATOR_TOTP, .confirmed_at_s = 5},
         true,
         "{\"id\":\"totp|dev_a\",\"authenticator_type\":\"otp\",\"active\":true,"
         "\"type\":\"otp\"}"},
        {{.id = {"recovery-code|dev_a", 19}, .type = DW_AUTHENTICATOR_RECOVERY_CODE},
         true,
         "{\"id\":\"recovery-code|dev_a\",\"authenticator_type\":\"recovery-code\","
         "\"active\":false,\"type\":\"recovery-code\"}"},
        {{.id = {"sms|dev_a", 9},
          .type = DW_AUTHENTICATOR_SMS,
          .address = {"+14155550100", 12},
          .confirmed_at_s = 5},
         true,
         "{\"id\":\"sms|dev_a\",\"authenticator_type\":\"oob\",\"active\":true,"
         "\"oob_channel\":\"sms\",\"name\":\"XXXXXXXX0100\",\"type\":\"phone\"}"},
        {{.id = {"email|dev_a", 11},
          .type = DW_AUTHENTICATOR_EMAIL,
          .address = {"ada@x.org", 9},
          .confirmed_at_s = 5},
         true,
         "{\"id\":\"email|dev_a\",\"authenticator_type\":\"oob\",\"active\":true,"
         "\"oob_channel\":\"email\",\"name\":\"***@x.or*\",\"type\":\"email\"}"},
        {{.id = {"email|dev_a", 11},
          .type = DW_AUTHENTICATOR_EMAIL,
          .address = {"ada@x.org", 9},
          .confirmed_at_s = 5},
         false,
         "{\"id\":\"email|dev_a\",\"authenticator_type\":\"oob\",\"active\":true,"
         "\"oob_channel\":\"email\",\"name\":\"***@x.or*\"}"},
    };
    struct dw_arena *arena = dw_arena_new(64 * 1024);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_buf out = dw_buf_in(arena);

        dw_authenticator_write(&cases[i].authenticator, cases[i].names_type, &out);
        assert_slice(dw_buf_view(&out), cases[i].expected);
    }
    assert_slice(dw_mask_address(arena, S("ada.lovelace@mail.example.com")),
                 "ada.lo******@mail************");
    assert_slice(dw_mask_address(arena, S("user@example.com")), "****@exam*******");
    assert_slice(dw_mask_address(arena, S("grace@example.com")), "g****@exam*******");
    assert_slice(dw_mask_address(arena, S("a@localhost")), "*@loca*****");
    assert_slice(dw_mask_address(arena, S("@a")), "@a");
    assert_slice(dw_mask_address(arena, S("12")), "12");
    assert_slice(dw_mask_address(arena, S("")), "");
    dw_arena_free(arena);
}

static void recovery_codes_are_read_as_people_type_them(void **state)
{
    struct dw_arena *arena = dw_arena_new(64 * 1024);

    (void)state;
    assert_slice(dw_recovery_code_plain(arena, S("mzcr-k3yx 5V3A-KNNY-Y6JE-BQCL")),
                 "MZCRK3YX5V3AKNNYY6JEBQCL");
    assert_int_equal(
        dw_recovery_code_plain(arena, S("MZCRK3YX5V3AKNNYY6JEBQCLMZCRK3YX5V3AKNNYY6JEBQCL")).len,
        DW_RECOVERY_CODE_LEN + 1);
    assert_int_equal(dw_recovery_code_plain(arena, S("")).len, 0);
    dw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_decision_is_this_table),
        cmocka_unit_test(only_what_is_confirmed_and_enabled_counts),
        cmocka_unit_test(authenticators_look_as_auth0_shows_them),
        cmocka_unit_test(recovery_codes_are_read_as_people_type_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
