/* Custom claims: what may be added to a token, name by name. */
#include "oauth/custom_claims.h"
#include "test.h"

#include "arena_fixture.h"

static const struct dw_slice both_scopes[] = {{"profile", 7}, {"email", 5}};

static void names_are_judged_one_by_one(void **state)
{
    static const struct {
        const char *name;
        size_t scope_count; /* of profile, email */
        bool is_system, is_allowed;
    } rows[] = {
        {"https://mcp.example.com/roles", 0, false, true},
        {"https://mcp.example.com/roles", 0, true, true},
        {"urn:example:plan", 0, true, true},
        {"plan", 0, false, true},
        {"plan", 0, true, false},
        {"", 0, false, false},
        {"permissions", 2, false, false},
        {"roles", 2, false, false},
        {"iss", 2, false, false},
        {"sub", 2, false, false},
        {"aud", 2, false, false},
        {"exp", 2, false, false},
        {"azp", 2, false, false},
        {"client_id", 2, false, false},
        {"jti", 2, false, false},
        {"scope", 2, false, false},
        {"gty", 2, false, false},
        {"cnf", 2, false, false},
        {"act", 2, false, false},
        {"may_act", 2, false, false},
        {"org_id", 2, false, false},
        {"org_name", 2, false, false},
        {"sid", 2, false, false},
        {"nonce", 2, false, false},
        {"auth_time", 2, false, false},
        {"acr", 2, false, false},
        {"amr", 2, false, false},
        {"x5t#S256", 2, false, false},
        {"sip_from", 2, false, false},
        {"sipper", 2, false, true},
        {"Permissions", 0, false, true}, /* names have case */
        {"https://auth0.com/x", 0, false, false},
        {"https://my.auth0.com/x", 0, false, false},
        {"https://AUTH0.com/x", 0, false, false},
        {"https://notauth0.com/x", 0, false, true},
        {"https://auth0.com.example.org/x", 0, false, true},
        {"https://webtask.io/x", 0, false, false},
        {"https://a.webtask.run/x", 0, false, false},
        {"urn:auth0:x", 0, false, false},
        {"name", 0, false, false},
        {"name", 1, false, true},
        {"email", 1, false, false},
        {"email", 2, false, true},
        {"phone_number", 2, false, false},
        {"updated_at", 1, false, true},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_custom_claims_rules rules = {{both_scopes, rows[at].scope_count},
                                               rows[at].is_system};

        if (dw_custom_claim_is_allowed(S(rows[at].name), &rules) != rows[at].is_allowed)
            fail_msg("row %zu: %s", at, rows[at].name);
    }
}

/* Auth0's list ("Create Custom Claims"), word by word, with every scope granted. */
static void what_is_restricted_is_never_taken(void **state)
{
    static const char *const names[] = {
        "acr",      "act",       "active",  "amr",         "at_hash",
        "ath",      "attest",    "aud",     "auth_time",   "authorization_details",
        "azp",      "c_hash",    "cnf",     "client_id",   "cty",
        "dest",     "events",    "exp",     "groups",      "entitlements",
        "gty",      "htm",       "htu",     "iat",         "internalService",
        "iss",      "jcard",     "jku",     "jti",         "jwe",
        "jwk",      "kid",       "may_act", "mky",         "nbf",
        "nonce",    "object_id", "org_id",  "org_name",    "orig",
        "origid",   "roles",     "rph",     "permissions", "s_hash",
        "sid",      "sip_x",     "sub",     "sub_jwk",     "toe",
        "txn",      "typ",       "uuid",    "vot",         "vtm",
        "x5t#S256", "sip_callid"};
    struct dw_custom_claims_rules rules = {{both_scopes, 2}, false};

    (void)state;
    for (size_t at = 0; at < sizeof names / sizeof *names; at++)
        if (dw_custom_claim_is_allowed(S(names[at]), &rules))
            fail_msg("%s was taken", names[at]);
}

/* The claims of OpenID Connect may be set, each with its scope alone. */
static void openid_claims_follow_their_scopes(void **state)
{
    static const char *const rows[][2] = {
        {"address", "address"},     {"birthdate", "profile"},
        {"email", "email"},         {"email_verified", "email"},
        {"family_name", "profile"}, {"gender", "profile"},
        {"given_name", "profile"},  {"locale", "profile"},
        {"middle_name", "profile"}, {"name", "profile"},
        {"nickname", "profile"},    {"phone_number", "phone"},
        {"picture", "profile"},     {"phone_number_verified", "phone"},
        {"profile", "profile"},     {"preferred_username", "profile"},
        {"updated_at", "profile"},  {"website", "profile"},
        {"zoneinfo", "profile"},
    };
    static const char *const scopes[] = {"openid", "profile", "email", "phone", "address"};

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
        for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
            struct dw_slice scope = S(scopes[i]);
            struct dw_custom_claims_rules rules = {{&scope, 1}, false};

            if (dw_custom_claim_is_allowed(S(rows[at][0]), &rules) !=
                (strcmp(rows[at][1], scopes[i]) == 0))
                fail_msg("%s with %s", rows[at][0], scopes[i]);
        }
}

static void what_is_left_keeps_its_order(void **state)
{
    struct dw_custom_claims_rules rules = {{both_scopes, 1}, false};
    const struct dw_json *document, *kept;

    (void)state;
    assert_done(
        dw_json_parse(S("{\"b\":[1],\"sub\":\"root\",\"name\":\"Ada\",\"email\":\"x\",\"a\":{}}"),
                      arena, &document, &error),
        error);
    assert_done(dw_custom_claims_merge(document, &rules, arena, &kept, &error), error);
    assert_int_equal(kept->object.count, 3);
    assert_slice(kept->object.members[0].key, "b");
    assert_slice(kept->object.members[1].key, "name");
    assert_slice(kept->object.members[2].key, "a");
}

static void nothing_left_is_nothing(void **state)
{
    struct dw_custom_claims_rules rules = {{NULL, 0}, false};
    const struct dw_json *document, *kept;

    (void)state;
    assert_done(dw_custom_claims_merge(NULL, &rules, arena, &kept, &error), error);
    assert_null(kept);
    assert_done(dw_json_parse(S("[1]"), arena, &document, &error), error);
    assert_done(dw_custom_claims_merge(document, &rules, arena, &kept, &error), error);
    assert_null(kept);
    assert_done(dw_json_parse(S("{\"sub\":1}"), arena, &document, &error), error);
    assert_done(dw_custom_claims_merge(document, &rules, arena, &kept, &error), error);
    assert_null(kept);
}

static void too_much_is_refused(void **state)
{
    struct dw_custom_claims_rules rules = {{NULL, 0}, false};
    const struct dw_json *document, *kept;
    char *text = dw_arena_alloc(arena, DW_CUSTOM_CLAIMS_MAX_BYTES + 16);

    (void)state;
    memset(text, 'a', DW_CUSTOM_CLAIMS_MAX_BYTES + 16);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + DW_CUSTOM_CLAIMS_MAX_BYTES, "\"}", 2);
    assert_done(dw_json_parse(dw_slice_from(text, DW_CUSTOM_CLAIMS_MAX_BYTES + 2), arena, &document,
                              &error),
                error);
    assert_fails(dw_custom_claims_merge(document, &rules, arena, &kept, &error), error,
                 DW_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_judged_one_by_one),
        cmocka_unit_test(what_is_restricted_is_never_taken),
        cmocka_unit_test(openid_claims_follow_their_scopes),
        cmocka_unit_test(what_is_left_keeps_its_order),
        cmocka_unit_test(nothing_left_is_nothing),
        cmocka_unit_test(too_much_is_refused),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
