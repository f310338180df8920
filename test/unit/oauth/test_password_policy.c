/* oauth/password_policy.h, identifier.h and attack_protection.h */
#include "test.h"

#include "oauth/attack_protection.h"
#include "oauth/identifier.h"
#include "oauth/password_policy.h"

#include "arena_fixture.h"

static const struct dw_json *json(const char *text)
{
    const struct dw_json *document = NULL;

    assert_done(dw_json_parse(S(text), arena, &document, &error), error);
    return document;
}

static struct dw_password_policy policy_of(const char *options)
{
    struct dw_password_policy policy;

    assert_done(dw_password_policy_read(options ? json(options) : NULL, arena, &policy, &error),
                error);
    return policy;
}

/* The five levels as Auth0 has them. */
static void each_level_takes_what_auth0s_does(void **state)
{
    static const struct {
        const char *options, *password;
        bool is_strong;
    } cases[] = {
        {"{\"passwordPolicy\":\"none\"}", "", false},
        {"{\"passwordPolicy\":\"none\"}", "a", true},
        {"{\"passwordPolicy\":\"low\"}", "abcde", false},
        {"{\"passwordPolicy\":\"low\"}", "abcdef", true},
        {"{\"passwordPolicy\":\"low\"}", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6", false},
        {"{\"passwordPolicy\":\"low\"}", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc", true},
        {"{\"passwordPolicy\":\"fair\"}", "Abcdef1", false},
        {"{\"passwordPolicy\":\"fair\"}", "abcdefg1", false},
        {"{\"passwordPolicy\":\"fair\"}", "Abcdefgh", false},
        {"{\"passwordPolicy\":\"fair\"}", "Abcdefg1", true},
        {"{\"passwordPolicy\":\"good\"}", "abcdefg1", false},
        {"{\"passwordPolicy\":\"good\"}", "abcdef1!", true},
        {"{\"passwordPolicy\":\"good\"}", "ABCDEF1!", true},
        {"{\"passwordPolicy\":\"good\"}", "Abcdef12", true},
        {"{\"passwordPolicy\":\"excellent\"}", "Abcdef12!", false},
        {"{\"passwordPolicy\":\"excellent\"}", "Abcdef123!", true},
        {"{\"passwordPolicy\":\"excellent\"}", "Abcdeff12!", true},
        {"{\"passwordPolicy\":\"excellent\"}", "Abcdefff1!", false},
        {NULL, "abcdefg1", false},
        {NULL, "Abcdef12", true},
        {"{\"passwordPolicy\":\"low\",\"password_complexity_options\":{\"min_length\":12}}",
         "abcdefghijk", false},
        {"{\"passwordPolicy\":\"low\",\"password_complexity_options\":{\"min_length\":12}}",
         "abcdefghijkl", true},
        {"{\"password_options\":{\"complexity\":{\"min_length\":4,\"character_types\":[\"number\"],"
         "\"identical_characters\":\"block\",\"sequential_characters\":\"block\"}}}",
         "1357", true},
        {"{\"password_options\":{\"complexity\":{\"min_length\":4,\"character_types\":[\"number\"],"
         "\"sequential_characters\":\"block\"}}}",
         "1239", false},
        {"{\"password_options\":{\"complexity\":{\"min_length\":4,\"character_types\":[\"number\"],"
         "\"identical_characters\":\"block\"}}}",
         "1119", false},
        {"{\"password_options\":{\"complexity\":{\"character_types\":[\"lowercase\",\"uppercase\","
         "\"number\",\"special\"],\"character_type_rule\":\"three_of_four\"}}}",
         "Abcdefg1", true},
        {"{\"password_options\":{\"complexity\":{\"character_types\":[\"lowercase\",\"uppercase\","
         "\"number\",\"special\"],\"character_type_rule\":\"all\"}}}",
         "Abcdefg1", false},
#define MOST(rule)                                                                                 \
    "{\"passwordPolicy\":\"none\",\"password_options\":{\"complexity\":{"                          \
    "\"max_length_exceeded\":\"" rule "\"}}}"
#define SEVENTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg"
        {MOST("error"), SEVENTY "hh", true},
        {MOST("error"), SEVENTY "hhh", false},
        {MOST("truncate"), SEVENTY "hhh", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_password_policy policy = policy_of(cases[i].options);
        bool is_fine = dw_password_judge(&policy, dw_secret_from(S(cases[i].password)), NULL,
                                         NULL) == DW_PASSWORD_FINE;

        if (is_fine != cases[i].is_strong)
            fail_msg("%s: %s", cases[i].options ? cases[i].options : "", cases[i].password);
    }
}

/* Auth0's fields, and those that password_options names instead. */
static void personal_information_is_what_the_policy_says(void **state)
{
    static const struct {
        const char *options, *password;
        bool is_personal;
    } cases[] = {
#define OLD "{\"passwordPolicy\":\"none\",\"password_no_personal_info\":{\"enable\":true}}"
#define NEW(fields)                                                                                \
    "{\"passwordPolicy\":\"none\",\"password_options\":{\"profile_data\":{\"active\":true,"        \
    "\"blocked_fields\":[" fields "]}}}"
        {OLD, "xxlovelacexx", true},
        {OLD, "xADAx", true},
        {OLD, "countess-of-x", true},
        {OLD, "xx-kingx", true},
        {OLD, "xx-byronx", true},
        {OLD, "xx-rexx", false}, /* no member of Auth0's */
        {OLD, "xxprogrammerxx", true},
        {OLD, "x99x", false},
        {OLD, "xxexamplexx", false},
        {NEW(""), "xxlovelacexx", true},
        {NEW("\"name\""), "xxlovelace", true},
        {NEW("\"nickname\""), "xxlovelace", false},
        {NEW("\"email\""), "xcountess", true},
        {NEW("\"user_metadata.pet\""), "xx-rexx", true},
        {NEW("\"user_metadata.pet\""), "xx-byronx", false},
        {"{\"passwordPolicy\":\"none\"}", "lovelace", false},
    };
    const struct dw_user user = {.name = S("Ada Lovelace"),
                                 .nickname = S("programmer"),
                                 .username = S("99"),
                                 .email = S("countess@example.com")};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_password_policy policy = policy_of(cases[i].options);
        bool is_personal =
            dw_password_judge(&policy, dw_secret_from(S(cases[i].password)), &user,
                              json("{\"name\":\"A King\",\"last\":\"Byron\",\"pet\":\"rex\"}")) ==
            DW_PASSWORD_PERSONAL;

        if (is_personal != cases[i].is_personal)
            fail_msg("%s: %s", cases[i].options, cases[i].password);
    }
}

static void options_that_are_wrong_are_refused(void **state)
{
    static const char *const wrong[] = {
        "{\"passwordPolicy\":\"best\"}",
        "{\"passwordPolicy\":7}",
        "{\"password_complexity_options\":{\"min_length\":0}}",
        "{\"password_complexity_options\":{\"min_length\":129}}",
        "{\"password_complexity_options\":{\"min_length\":\"8\"}}",
        "{\"password_history\":{\"enable\":true,\"size\":25}}",
        "{\"password_dictionary\":{\"enable\":true,\"dictionary\":[1]}}",
        "{\"password_options\":{\"complexity\":{\"character_types\":[\"emoji\"]}}}",
        "{\"password_options\":{\"profile_data\":{\"active\":true,\"blocked_fields\":7}}}",
        "{\"password_options\":{\"profile_data\":{\"blocked_fields\":[\"1\",\"2\",\"3\",\"4\","
        "\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\"]}}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct dw_password_policy policy;

        if (dw_password_policy_read(json(wrong[i]), arena, &policy, &error))
            fail_msg("%s", wrong[i]);
        assert_int_equal(error.code, DW_INVALID_REQUEST);
    }
}

static void common_passwords_are_known_in_any_case_and_with_the_usual_endings(void **state)
{
    static const char *const common[] = {"password",  "PASSWORD",   "Password1", "password2024",
                                         "Dragon12!", "iloveyou!!", "123456",    "qwerty",
                                         "letmein.",  "Passw0rd"};
    static const char *const rare[] = {
        "", "!", "1", "correct horse", "dragonfly99999", "xkcd-936", "pass word"};

    (void)state;
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (!dw_password_is_common(S(common[i])))
            fail_msg("%s", common[i]);
    for (size_t i = 0; i < sizeof rare / sizeof *rare; i++)
        if (dw_password_is_common(S(rare[i])))
            fail_msg("%s", rare[i]);
}

static void identifiers_follow_the_options(void **state)
{
    static const struct {
        const char *options, *email, *username, *phone, *refusal;
    } cases[] = {
        {"{}", "a@b.c", "", "", NULL},
        {"{}", "", "", "", "email is required"},
        {"{}", "a b@c.d", "", "", "email is not valid"},
        {"{}", "a@b.c", "ignored!", "+0", NULL},
        {"{\"requires_username\":true}", "a@b.c", "", "", "username is required"},
        {"{\"requires_username\":true}", "a@b.c", "ada", "", NULL},
        /* What `attributes` does not name is as it would be without it ... */
        {"{\"requires_username\":true,\"attributes\":{\"email\":{\"signup\":{\"status\":"
         "\"required\"}}}}",
         "a@b.c", "", "", "username is required"},
        /* ... what it names is as it says there. */
        {"{\"requires_username\":true,\"attributes\":{\"email\":{\"signup\":{\"status\":"
         "\"required\"}},\"username\":{\"signup\":{\"status\":\"optional\"}}}}",
         "a@b.c", "", "", NULL},
        {"{\"requires_username\":true}", "a@b.c", "a@b.c", "", "username is not valid"},
        {"{\"requires_username\":true}", "a@b.c", "+12345678900", "", "username is not valid"},
        {"{\"requires_username\":true}", "a@b.c", "a b", "", "username is not valid"},
        {"{\"requires_username\":true}", "a@b.c", "sixteencharacter", "", "username is not valid"},
        {"{\"requires_username\":true,\"validation\":{\"username\":{\"min\":1,\"max\":16}}}",
         "a@b.c", "sixteencharacter", "", NULL},
        {"{\"attributes\":{\"phone_number\":{\"signup\":{\"status\":\"required\"}}}}", "", "",
         "+12345678900", NULL},
        {"{\"attributes\":{\"phone_number\":{\"signup\":{\"status\":\"required\"}}}}", "", "",
         "012345678", "phone_number is not valid"},
        {"{\"attributes\":{\"phone_number\":{\"signup\":{\"status\":\"required\"}}}}", "", "",
         "+1234567890123456", "phone_number is not valid"},
        {"{\"attributes\":{\"email\":{\"signup\":{\"status\":\"optional\"}},\"username\":{"
         "\"signup\""
         ":{\"status\":\"optional\"}}}}",
         "", "", "", "an identifier is required"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_identifier_rules rules;
        struct dw_user user = {.email = S(cases[i].email),
                               .username = S(cases[i].username),
                               .phone_number = S(cases[i].phone)};
        bool is_taken;

        dw_identifier_rules_read(json(cases[i].options), &rules);
        is_taken = dw_identifier_check(&rules, &user, &error);
        if (is_taken != !cases[i].refusal)
            fail_msg("%zu: %s", i, error.message);
        if (cases[i].refusal)
            assert_string_equal(error.message, cases[i].refusal);
    }
}

static void settings_of_attack_protection_are_read_strictly(void **state)
{
    static const struct {
        const char *name, *json;
        bool is_good;
    } cases[] = {
        {DW_BRUTE_FORCE, "{}", true},
        {DW_BRUTE_FORCE, "{\"enabled\":true,\"max_attempts\":5,\"mode\":\"count_per_identifier\"}",
         true},
        {DW_BRUTE_FORCE, "{\"max_attempts\":0}", false},
        {DW_BRUTE_FORCE, "{\"max_attempts\":101}", false},
        {DW_BRUTE_FORCE, "{\"max_attempts\":\"5\"}", false},
        {DW_BRUTE_FORCE, "{\"mode\":\"count_per_planet\"}", false},
        {DW_BRUTE_FORCE, "{\"shields\":[\"admin_notification\"]}", false},
        {DW_BRUTE_FORCE, "{\"shields\":\"block\"}", false},
        {DW_BRUTE_FORCE, "{\"enabled\":1}", false},
        {DW_BRUTE_FORCE, "{\"max\":5}", false},
        {DW_BRUTE_FORCE, "[]", false},
        {DW_BRUTE_FORCE, "", false},
        {DW_BRUTE_FORCE, "{", false},
        {DW_SUSPICIOUS_IP, "{\"stage\":{\"pre-login\":{\"max_attempts\":1,\"rate\":1}}}", true},
        {DW_SUSPICIOUS_IP, "{\"stage\":{\"pre-login\":{\"max_attempts\":1,\"rate\":0}}}", false},
        {DW_SUSPICIOUS_IP, "{\"stage\":{\"pre-login\":7}}", false},
        {DW_SUSPICIOUS_IP, "{\"mode\":\"x\"}", false},
        {DW_BREACHED_PASSWORDS,
         "{\"enabled\":true,\"shields\":[\"block\"],\"stage\":{\"pre-user-registration\":{"
         "\"shields\":[\"block\"]}}}",
         true},
        {DW_BREACHED_PASSWORDS, "{\"shields\":[\"panic\"]}", false},
        {"captcha", "{}", false},
    };
    struct dw_suspicious_ip suspicious;
    struct dw_brute_force brute_force;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (dw_attack_protection_check(S(cases[i].name), S(cases[i].json), arena, &error) !=
            cases[i].is_good)
            fail_msg("%s %s", cases[i].name, cases[i].json);
    assert_done(dw_suspicious_ip_read(DW_EMPTY, arena, &suspicious, &error), error);
    assert_int_equal(suspicious.login.max_attempts, 100);
    assert_int_equal(suspicious.login.rate_ms, 864000);
    assert_int_equal(suspicious.registration.rate_ms, 1200);
    assert_true(suspicious.blocks);
    assert_done(dw_brute_force_read(dw_attack_protection_standard(S(DW_BRUTE_FORCE)), arena,
                                    &brute_force, &error),
                error);
    assert_true(brute_force.blocks && brute_force.notifies && brute_force.counts_by_address);
    assert_int_equal(brute_force.max_attempts, 10);
}

static void sign_up_metadata_has_limits(void **state)
{
    struct dw_buf big = dw_buf_in(arena);

    (void)state;
    assert_true(dw_signup_metadata_check(NULL, &error));
    assert_true(dw_signup_metadata_check(json("{\"a\":\"b\"}"), &error));
    assert_false(dw_signup_metadata_check(json("[]"), &error));
    assert_false(dw_signup_metadata_check(json("{\"a\":1}"), &error));
    assert_false(dw_signup_metadata_check(json("{\"a\":{\"b\":\"c\"}}"), &error));
    assert_false(dw_signup_metadata_check(
        json("{\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\",\"6\":\"\",\"7\":\"\","
             "\"8\":\"\",\"9\":\"\",\"10\":\"\",\"11\":\"\"}"),
        &error));
    dw_buf_add(&big, DW_LIT("{\"a\":\""));
    for (int i = 0; i < 501; i++)
        dw_buf_add_byte(&big, 'x');
    dw_buf_add(&big, DW_LIT("\"}"));
    dw_buf_add_byte(&big, '\0');
    assert_false(dw_signup_metadata_check(json(big.ptr), &error));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, arena_start, arena_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_level_takes_what_auth0s_does),
        CASE(personal_information_is_what_the_policy_says),
        CASE(options_that_are_wrong_are_refused),
        CASE(common_passwords_are_known_in_any_case_and_with_the_usual_endings),
        CASE(identifiers_follow_the_options),
        CASE(settings_of_attack_protection_are_read_strictly),
        CASE(sign_up_metadata_has_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
