/* The scope algebra as a table. Each row is one question; an answer that is a DW_ code is a
 * refusal.
 */
#include "oauth/grant.h"
#include "oauth/scope.h"
#include "test.h"

#define AUDIENCE "https://mcp.example.com"

static struct dw_arena *arena;
static struct dw_error error;

static int start(void **state)
{
    (void)state;
    arena = dw_arena_new(4u << 20);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

enum {
    THIRD = 1,        /* the client is a third party */
    DYNAMIC = 2,      /* and registered itself */
    RBAC = 4,         /* the API enforces policies */
    AUTHZ = 8,        /* its dialect has permissions */
    NO_API = 16,      /* there is none of that name */
    SYSTEM = 32,      /* the API is the tenant's own */
    OFFLINE = 64,     /* the API allows offline_access */
    OIDC3 = 128,      /* third parties may use OpenID Connect */
    ALL_SCOPES = 256, /* the own grant allows all */
    NO_REFRESH = 512, /* the client lacks the refresh_token grant */
};

#define CODE DW_GRANT_AUTHORIZATION_CODE
#define CLIENT DW_GRANT_CLIENT_CREDENTIALS
#define PASSWORD DW_GRANT_PASSWORD
#define REALM DW_GRANT_PASSWORD_REALM
#define REFRESH DW_GRANT_REFRESH_TOKEN
#define ALLOW DW_API_POLICY_ALLOW_ALL
#define NEED DW_API_POLICY_REQUIRE_CLIENT_GRANT
#define DENY DW_API_POLICY_DENY_ALL

/* The API declares r w x. NULL: not there. */
struct row {
    const char *name;
    enum dw_grant_type grant_type;
    unsigned flags;
    enum dw_api_policy policy;
    const char *own_grant, *default_grant;
    const char *requested, *user_permissions, *consented, *original, *dynamic_scopes;
    const char *scopes;      /* NULL: refused with DW_ACCESS_DENIED ... */
    const char *permissions; /* ... and this message; else NULL: no claim */
};

#define NO_GRANT                                                                                   \
    "Client is not authorized to access \"" AUDIENCE "\". You need to create a \"client-grant\" "  \
    "associated to this API."

static const struct row rows[] = {
    /* first party, code flow */
    {"unknown API", CODE, NO_API, ALLOW, NULL, NULL, "r", "", NULL, NULL, "", NULL,
     "Service not found: " AUDIENCE},
    {"deny_all", CODE, 0, DENY, "r", NULL, "r", "", NULL, NULL, "", NULL, NO_GRANT},
    {"needs a grant, has none", CODE, 0, NEED, NULL, NULL, "r", "", NULL, NULL, "", NULL, NO_GRANT},
    {"the default grant is not for first parties", CODE, 0, NEED, NULL, "r", "r", "", NULL, NULL,
     "", NULL, NO_GRANT},
    {"allow_all gives what is declared", CODE, 0, ALLOW, NULL, NULL, "r w z", "", NULL, NULL, "",
     "r w", NULL},
    {"nothing requested, nothing given", CODE, 0, ALLOW, NULL, NULL, "", "", NULL, NULL, "", "",
     NULL},
    {"order is that of the request", CODE, 0, ALLOW, NULL, NULL, "x r", "", NULL, NULL, "", "x r",
     NULL},
    {"allow_all is not cut by a grant", CODE, 0, ALLOW, "r", NULL, "r w", "", NULL, NULL, "", "r w",
     NULL},
    {"a needed grant cuts", CODE, 0, NEED, "r", NULL, "r w", "", NULL, NULL, "", "r", NULL},
    {"a grant of an undeclared scope gives nothing", CODE, 0, NEED, "z", NULL, "z", "", NULL, NULL,
     "", "", NULL},
    {"an empty grant gives nothing", CODE, 0, NEED, "", NULL, "r", "", NULL, NULL, "", "", NULL},
    {"a grant of all scopes", CODE, ALL_SCOPES, NEED, "", NULL, "r w z", "", NULL, NULL, "", "r w",
     NULL},
    {"case matters", CODE, 0, ALLOW, NULL, NULL, "R", "", NULL, NULL, "", "", NULL},
    {"no wildcard in requests", CODE, 0, ALLOW, NULL, NULL, "*", "", NULL, NULL, "", "", NULL},
    /* RBAC */
    {"RBAC off: permissions do not matter", CODE, 0, ALLOW, NULL, NULL, "r w", "r", NULL, NULL, "",
     "r w", NULL},
    {"RBAC cuts to permissions", CODE, RBAC, ALLOW, NULL, NULL, "r w", "r x", NULL, NULL, "", "r",
     NULL},
    {"RBAC without permissions gives none", CODE, RBAC, ALLOW, NULL, NULL, "r w", "", NULL, NULL,
     "", "", NULL},
    {"authz without RBAC has no claim", CODE, AUTHZ, ALLOW, NULL, NULL, "r", "r w", NULL, NULL, "",
     "r", NULL},
    {"RBAC with authz: all permissions in the claim", CODE, RBAC | AUTHZ, ALLOW, NULL, NULL, "r",
     "r w", NULL, NULL, "", "r", "r w"},
    {"the claim is there even when empty", CODE, RBAC | AUTHZ, ALLOW, NULL, NULL, "r", "", NULL,
     NULL, "", "", ""},
    {"a permission does not lift the grant", CODE, RBAC | AUTHZ, NEED, "r", NULL, "r w", "r w",
     NULL, NULL, "", "r", "r w"},
    /* consent */
    {"consent cuts", CODE, 0, ALLOW, NULL, NULL, "r w", "", "r", NULL, "", "r", NULL},
    {"consent to nothing", CODE, 0, ALLOW, NULL, NULL, "openid r", "", "", NULL, "", "", NULL},
    {"consent to more gives no more", CODE, 0, ALLOW, NULL, NULL, "r", "", "r w x", NULL, "", "r",
     NULL},
    /* OpenID scopes */
    {"OpenID scopes pass beside the API's", CODE, RBAC, ALLOW, NULL, NULL, "openid profile r email",
     "r", NULL, NULL, "", "openid profile r email", NULL},
    {"offline_access needs the API", CODE, 0, ALLOW, NULL, NULL, "offline_access r", "", NULL, NULL,
     "", "r", NULL},
    {"offline_access of an API that allows it", CODE, OFFLINE, ALLOW, NULL, NULL,
     "offline_access r", "", NULL, NULL, "", "offline_access r", NULL},
    {"offline_access needs the client's grant type", CODE, OFFLINE | NO_REFRESH, ALLOW, NULL, NULL,
     "offline_access r", "", NULL, NULL, "", "r", NULL},
    /* third parties */
    {"a third party needs a grant even with allow_all", CODE, THIRD, ALLOW, NULL, NULL, "r", "",
     NULL, NULL, "", NULL, NO_GRANT},
    {"the default grant is for third parties", CODE, THIRD, NEED, NULL, "r", "r w", "", NULL, NULL,
     "", "r", NULL},
    {"its own grant wins over the default", CODE, THIRD, ALLOW, "w", "r", "r w", "", NULL, NULL, "",
     "w", NULL},
    {"no third party at a system API", CODE, THIRD | SYSTEM, ALLOW, "r", "r", "r", "", NULL, NULL,
     "", NULL, NO_GRANT},
    {"deny_all for third parties too", CODE, THIRD, DENY, "r", "r", "r", "", NULL, NULL, "", NULL,
     NO_GRANT},
    {"strict: OpenID scopes are passed over", CODE, THIRD, NEED, NULL, "r", "openid email r", "",
     NULL, NULL, "", "r", NULL},
    {"permissive: OpenID scopes pass", CODE, THIRD | OIDC3, NEED, NULL, "r", "openid email r", "",
     NULL, NULL, "", "openid email r", NULL},
    {"strict keeps offline_access", CODE, THIRD | OFFLINE, NEED, NULL, "r", "offline_access r", "",
     NULL, NULL, "", "offline_access r", NULL},
    {"RBAC for third parties", CODE, THIRD | RBAC | AUTHZ, NEED, NULL, "r w", "r w", "w", NULL,
     NULL, "", "w", "w"},
    /* clients that registered themselves */
    {"allowed_scopes cut", CODE, THIRD | DYNAMIC, NEED, NULL, "r w x", "r w x", "", NULL, NULL,
     "r w", "r w", NULL},
    {"allowed_scopes cut OpenID scopes", CODE, THIRD | DYNAMIC | OIDC3, NEED, NULL, "r",
     "openid email r", "", NULL, NULL, "openid r", "openid r", NULL},
    {"allowed_scopes do not count offline_access", CODE, THIRD | DYNAMIC | OFFLINE, NEED, NULL, "r",
     "offline_access r", "", NULL, NULL, "r", "offline_access r", NULL},
    {"allowed_scopes are for dynamic clients", CODE, THIRD, NEED, NULL, "r w", "r w", "", NULL,
     NULL, "r", "r w", NULL},
    {"no allowed_scopes, no limit", CODE, THIRD | DYNAMIC, NEED, NULL, "r w", "r w", "", NULL, NULL,
     "", "r w", NULL},
    /* the gateway lets permissions do what scopes do, so they have the same ceiling there */
    {"a third party gets no permission beyond its grant", CODE, THIRD | RBAC | AUTHZ, NEED, NULL,
     "r", "r w", "r w x", NULL, NULL, "", "r", "r"},
    {"... nor when the user may do everything", CODE, THIRD | RBAC | AUTHZ, ALLOW, "w", "r", "r",
     "r w x", NULL, NULL, "", "", "w"},
    {"allowed_scopes cut permissions", CODE, THIRD | DYNAMIC | RBAC | AUTHZ, NEED, NULL, "r w x",
     "r", "r w x", NULL, NULL, "r w", "r", "r w"},
    {"... also in a refresh", REFRESH, THIRD | DYNAMIC | RBAC | AUTHZ, NEED, NULL, "r w x", "",
     "r w x", NULL, "r", "r w", "r", "r w"},
    {"a third party gets no permission that nobody agreed to", REFRESH, THIRD | RBAC | AUTHZ, NEED,
     NULL, "r w x", "", "r w x", "r w", "r", "", "r", "r w"},
    /* client_credentials */
    {"client: no API", CLIENT, NO_API, NEED, NULL, NULL, "", "", NULL, NULL, "", NULL,
     "Service not found: " AUDIENCE},
    {"client: no grant", CLIENT, 0, NEED, NULL, NULL, "", "", NULL, NULL, "", NULL, NO_GRANT},
    {"client: nothing requested is all of the grant", CLIENT, 0, NEED, "w r", NULL, "", "", NULL,
     NULL, "", "r w", NULL},
    {"client: a part of the grant", CLIENT, 0, NEED, "r w", NULL, "w", "", NULL, NULL, "", "w",
     NULL},
    {"client: beyond the grant", CLIENT, 0, NEED, "r", NULL, "r w x", "", NULL, NULL, "", NULL,
     "Client has not been granted scopes: w, x"},
    {"client: OpenID scopes are beyond", CLIENT, 0, NEED, "r", NULL, "openid", "", NULL, NULL, "",
     NULL, "Client has not been granted scopes: openid"},
    {"client: RBAC does not ask users", CLIENT, RBAC | AUTHZ, NEED, "r w", NULL, "", "", NULL, NULL,
     "", "r w", "r w"},
    {"client: allow_all", CLIENT, 0, ALLOW, NULL, NULL, "", "", NULL, NULL, "", "r w x", NULL},
    {"client: deny_all", CLIENT, 0, DENY, "r", NULL, "", "", NULL, NULL, "", NULL, NO_GRANT},
    {"client: an empty grant is a token without scopes", CLIENT, 0, NEED, "", NULL, "", "", NULL,
     NULL, "", "", NULL},
    /* password */
    {"password: nothing requested is everything", PASSWORD, 0, ALLOW, NULL, NULL, "", "", NULL,
     NULL, "", "r w x", NULL},
    {"password: ... that RBAC allows", PASSWORD, RBAC, ALLOW, NULL, NULL, "", "w", NULL, NULL, "",
     "w", NULL},
    {"password-realm: the same", REALM, RBAC, ALLOW, NULL, NULL, "", "w", NULL, NULL, "", "w",
     NULL},
    {"password: a part", PASSWORD, 0, ALLOW, NULL, NULL, "openid r", "", NULL, NULL, "", "openid r",
     NULL},
    /* refresh */
    {"refresh: nothing requested is what there was", REFRESH, 0, ALLOW, NULL, NULL, "", "", NULL,
     "openid r w", "", "openid r w", NULL},
    {"refresh: narrowed", REFRESH, 0, ALLOW, NULL, NULL, "r", "", NULL, "r w", "", "r", NULL},
    {"refresh: never more", REFRESH, 0, ALLOW, NULL, NULL, "r x openid", "", NULL, "r w", "", "r",
     NULL},
    {"refresh: lost permissions are gone", REFRESH, RBAC | AUTHZ, ALLOW, NULL, NULL, "", "w", NULL,
     "r w", "", "w", "w"},
    {"refresh: a withdrawn grant ends it", REFRESH, THIRD, NEED, NULL, NULL, "", "", NULL, "r", "",
     NULL, NO_GRANT},
};

static struct dw_slices scopes_of(const char *text)
{
    struct dw_slices scopes;

    assert_done(dw_scopes_parse(S(text), arena, &scopes, &error), error);
    return scopes;
}

static void assert_set(const char *name, struct dw_slices scopes, const char *expected)
{
    struct dw_slice text;

    assert_done(dw_scopes_text(scopes, arena, &text, &error), error);
    if (!dw_slice_eq(text, S(expected)))
        fail_msg("%s: expected \"%s\", got \"%.*s\"", name, expected, DW_PRINT(text));
}

static const struct dw_api_scope declared[] = {
    {{"r", 1}, {"", 0}}, {{"w", 1}, {"", 0}}, {{"x", 1}, {"", 0}}};
static const struct dw_slice grant_types[] = {{"authorization_code", 18}, {"refresh_token", 13}};

static struct dw_api make_api(const struct row *row)
{
    return (struct dw_api){
        .identifier = S(AUDIENCE),
        .scopes = declared,
        .scope_count = 3,
        .token_dialect = row->flags & AUTHZ ? DW_DIALECT_RFC9068_AUTHZ : DW_DIALECT_RFC9068,
        .enforces_policies = (row->flags & RBAC) != 0,
        .allows_offline_access = (row->flags & OFFLINE) != 0,
        .is_system = (row->flags & SYSTEM) != 0,
        .user_policy = row->grant_type == CLIENT ? DENY : row->policy,
        .client_policy = row->grant_type == CLIENT ? row->policy : DENY,
    };
}

static void check(const struct row *row)
{
    struct dw_api api = make_api(row);
    struct dw_oauth_client client = {.kind =
                                         row->flags & DYNAMIC ? DW_CLIENT_DCR : DW_CLIENT_STATIC,
                                     .is_first_party = !(row->flags & THIRD),
                                     .grant_types = {grant_types, row->flags & NO_REFRESH ? 1 : 2}};
    struct dw_client_grant own = {.scopes = scopes_of(row->own_grant ? row->own_grant : ""),
                                  .allows_all_scopes = (row->flags & ALL_SCOPES) != 0};
    struct dw_client_grant standard = {.scopes =
                                           scopes_of(row->default_grant ? row->default_grant : "")};
    struct dw_slices consented = scopes_of(row->consented ? row->consented : "");
    struct dw_slices original = scopes_of(row->original ? row->original : "");
    struct dw_grant_question question = {
        .grant_type = row->grant_type,
        .client = &client,
        .api = row->flags & NO_API ? NULL : &api,
        .audience = S(AUDIENCE),
        .own_grant = row->own_grant ? &own : NULL,
        .default_grant = row->default_grant ? &standard : NULL,
        .is_third_party_oidc_allowed = (row->flags & OIDC3) != 0,
        .dynamic_scopes = scopes_of(row->dynamic_scopes),
        .requested = scopes_of(row->requested),
        .user_permissions = scopes_of(row->user_permissions),
        .consented = row->consented ? &consented : NULL,
        .original = row->original ? &original : NULL,
    };
    struct dw_grant_answer answer;
    bool is_granted = dw_grant_decide(&question, arena, &answer, &error);

    if (is_granted != (row->scopes != NULL))
        fail_msg("%s: granted %d", row->name, is_granted);
    if (!is_granted) {
        assert_int_equal(error.code, DW_ACCESS_DENIED);
        assert_string_equal(error.message, row->permissions);
        return;
    }
    assert_set(row->name, answer.scopes, row->scopes);
    if (answer.has_permissions != (row->permissions != NULL))
        fail_msg("%s: has_permissions %d", row->name, answer.has_permissions);
    if (row->permissions)
        assert_set(row->name, answer.permissions, row->permissions);
}

static void every_row_of_the_algebra_holds(void **state)
{
    (void)state;
    assert_true(sizeof rows / sizeof *rows >= 40);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
        check(&rows[at]);
}

static void without_an_api_there_are_openid_scopes_alone(void **state)
{
    struct dw_oauth_client client = {.is_first_party = true, .grant_types = {grant_types, 2}};
    struct dw_grant_question question = {
        .grant_type = CODE, .client = &client, .requested = scopes_of("openid r offline_access")};
    struct dw_grant_answer answer;

    (void)state;
    assert_done(dw_grant_decide(&question, arena, &answer, &error), error);
    assert_set("no API", answer.scopes, "openid offline_access");
    assert_false(answer.has_permissions);
    question.grant_type = CLIENT;
    assert_fails(dw_grant_decide(&question, arena, &answer, &error), error, DW_ACCESS_DENIED);
    assert_string_equal(error.message, "Non-global clients are not allowed access to APIv1");
    assert_int_equal(dw_code_row(error.code)->http_status, 403);
}

static void no_question_gives_more_than_was_wanted(void **state)
{
    (void)state;
    /* For every row: the answer is within the request, or the request was empty. */
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
        if (rows[at].scopes && rows[at].requested[0])
            assert_true(
                dw_scopes_are_within(scopes_of(rows[at].scopes), scopes_of(rows[at].requested)));
}

/* --- consent, refresh tokens -------------------------------------------------------------------
 */

static void consent_is_asked_for_what_is_new(void **state)
{
    static const struct {
        bool is_first_party, has_api, skips, has_consent;
        const char *scopes, *consented;
        bool is_needed;
    } cases[] = {
        {false, true, true, false, "r", "", true}, /* third parties are never skipped */
        {false, true, false, false, "", "", true},
        {false, false, false, false, "openid", "", true},
        {false, true, false, true, "r w", "r", true},
        {false, true, false, true, "r", "r w", false},
        {false, true, false, true, "", "", false},
        {true, true, false, false, "r", "", true},
        {true, true, false, true, "r", "r", false},
        {true, true, true, false, "r", "", false},
        {true, false, false, false, "openid", "", false},
    };

    (void)state;
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        struct dw_oauth_client client = {.is_first_party = cases[at].is_first_party};
        struct dw_api api = {.skips_consent = cases[at].skips};
        struct dw_consent consent = {.scopes = scopes_of(cases[at].consented)};

        assert_int_equal(dw_consent_is_needed(&client, cases[at].has_api ? &api : NULL,
                                              scopes_of(cases[at].scopes),
                                              cases[at].has_consent ? &consent : NULL),
                         cases[at].is_needed);
    }
}

static void refresh_tokens_need_everybodys_leave(void **state)
{
    static const struct {
        bool is_first_party, has_grant_type, has_api, api_allows;
        const char *scopes;
        bool has_token;
    } cases[] = {
        {true, false, true, true, "offline_access", false},
        {true, true, true, false, "offline_access", false},
        {true, true, true, true, "r", false},
        {true, true, true, true, "offline_access r", true},
        {true, true, false, false, "openid offline_access", true},
        {false, true, true, true, "r", true}, /* MCP clients say so in grant_types alone */
        {false, true, true, false, "r", false},
        {false, false, true, true, "r offline_access", false},
        {false, true, false, false, "openid", false},
    };

    (void)state;
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        struct dw_oauth_client client = {
            .is_first_party = cases[at].is_first_party,
            .grant_types = {grant_types, cases[at].has_grant_type ? 2 : 1}};
        struct dw_api api = {.allows_offline_access = cases[at].api_allows};

        assert_int_equal(dw_grant_has_refresh_token(&client, cases[at].has_api ? &api : NULL,
                                                    scopes_of(cases[at].scopes)),
                         cases[at].has_token);
    }
}

static bool decide_in_small_memory(void)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *own = dw_arena_new(1u << 16);
    struct dw_oauth_client client = {.is_first_party = true, .grant_types = {grant_types, 2}};
    struct dw_api api = {.scopes = declared, .scope_count = 3, .user_policy = ALLOW};
    struct dw_grant_question question = {
        .grant_type = PASSWORD, .client = &client, .api = &api, .audience = S(AUDIENCE)};
    struct dw_grant_answer answer;
    struct dw_error failure;

    if (!own)
        return false;
    if (!dw_grant_decide(&question, own, &answer, &failure)) {
        assert_int_equal(failure.code, DW_NO_MEMORY);
        return false;
    }
    return answer.scopes.count == 3;
}

static void any_failing_allocation_is_reported(void **state)
{
    (void)state;
    torture(decide_in_small_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_algebra_holds),
        cmocka_unit_test(without_an_api_there_are_openid_scopes_alone),
        cmocka_unit_test(no_question_gives_more_than_was_wanted),
        cmocka_unit_test(consent_is_asked_for_what_is_new),
        cmocka_unit_test(refresh_tokens_need_everybodys_leave),
        cmocka_unit_test(any_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, start, end);
}
