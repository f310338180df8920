/* Authorization requests: what is shown, what is redirected, what is taken, and the answer. */
#include "oauth/authorization_code.h"
#include "oauth/authorization_request.h"
#include <stdio.h>

#include "arena_fixture.h"

#define CHALLENGE                                                                                  \
    "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
#define GOOD                                                                                       \
    "response_type=code&client_id=c1&redirect_uri=https%3A%2F%2Fa.example%2Fcb&state="             \
    "xyz&" CHALLENGE
#define NOW_S INT64_C(1800000000)

static const struct dw_slice redirect_uris[] = {{"https://a.example/cb", 20}};
static const struct dw_slice grant_types[] = {{"authorization_code", 18}};
static const struct dw_slice registered_scopes[] = {{"openid", 6}, {"read:tools", 10}};
static const struct dw_oauth_client client = {.id = {"c1", 2},
                                              .redirect_uris = {redirect_uris, 1},
                                              .grant_types = {grant_types, 1},
                                              .scopes = {registered_scopes, 2}};
static const struct dw_tenant_settings settings = {
    .default_audience = {"https://default.example", 23}};

static struct dw_form form_of(const char *query)
{
    struct dw_form form;

    assert_done(dw_form_parse(S(query), arena, &form, &error), error);
    return form;
}

static bool run(const char *query, const struct dw_tenant_settings *used,
                struct dw_authorization_request *request)
{
    struct dw_form form = form_of(query);
    struct dw_slice id;

    memset(&error, 0, sizeof error);
    if (!dw_authorization_request_client_id(&form, &id, &error) ||
        !dw_authorization_request_start(&form, &client, request, &error))
        fail_msg("%s: %s", query, error.message);
    return dw_authorization_request_fill(&form, &client, used, arena, request, &error);
}

static void what_must_not_be_redirected_is_found_first(void **state)
{
    static const struct {
        const char *query;
        enum dw_code code;
        const char *message;
    } rows[] = {
        {"", DW_INVALID_REQUEST, "Missing required parameter: client_id"},
        {"client_id=", DW_INVALID_REQUEST, "Missing required parameter: client_id"},
        {"client_id=c1&client_id=c1", DW_INVALID_REQUEST, "the parameter client_id is there twice"},
        {"client_id=c1&redirect_uri=a&redirect_uri=b", DW_INVALID_REQUEST,
         "the parameter redirect_uri is there twice"},
        {"client_id=c1&state=a&state=a", DW_INVALID_REQUEST, "the parameter state is there twice"},
        {"client_id=c1&response_mode=query&response_mode=fragment", DW_INVALID_REQUEST,
         "the parameter response_mode is there twice"},
        {"client_id=c1&response_type=code&response_type=token", DW_INVALID_REQUEST,
         "the parameter response_type is there twice"},
        {"client_id=c1&redirect_uri=https%3A%2F%2Fevil.example%2F", DW_UNAUTHORIZED_CLIENT,
         "Callback URL mismatch. https://evil.example/ is not in the list of allowed callback "
         "URLs"},
        {"client_id=c1&redirect_uri=javascript%3Aalert(1)", DW_UNAUTHORIZED_CLIENT,
         "Callback URL mismatch. javascript:alert(1) is not in the list of allowed callback URLs"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_form form = form_of(rows[at].query);
        struct dw_authorization_request request;
        struct dw_slice id;
        bool is_taken = dw_authorization_request_client_id(&form, &id, &error) &&
                        dw_authorization_request_start(&form, &client, &request, &error);

        assert_false(is_taken);
        assert_int_equal(error.code, rows[at].code);
        assert_string_equal(error.message, rows[at].message);
    }
}

static void an_unknown_client_is_named(void **state)
{
    struct dw_form form = form_of("client_id=nobody");
    struct dw_authorization_request request;

    (void)state;
    assert_fails(dw_authorization_request_start(&form, NULL, &request, &error), error,
                 DW_INVALID_REQUEST);
    assert_string_equal(error.message, "Unknown client: nobody");
}

static void a_message_goes_to_a_registered_origin_only(void **state)
{
    static const struct dw_slice origins[] = {{"https://b.example", 17}, {"https://a.example", 17}};
    struct dw_oauth_client with_origins = client;
    struct dw_authorization_request request;
    struct dw_form form;

    (void)state;
    assert_done(dw_form_parse(S(GOOD "&response_mode=web_message"), arena, &form, &error), error);
    assert_fails(dw_authorization_request_start(&form, &client, &request, &error), error,
                 DW_INVALID_REQUEST);
    with_origins.web_origins = (struct dw_slices){origins, 1};
    assert_fails(dw_authorization_request_start(&form, &with_origins, &request, &error), error,
                 DW_INVALID_REQUEST);
    with_origins.web_origins = (struct dw_slices){origins, 2};
    assert_done(dw_authorization_request_start(&form, &with_origins, &request, &error), error);
    assert_int_equal(request.response_mode, DW_RESPONSE_WEB_MESSAGE);
}

static void refused_response_types_answer_where_the_client_listens(void **state)
{
    static const struct {
        const char *more;
        enum dw_response_mode mode;
    } rows[] = {
        {"response_type=code", DW_RESPONSE_QUERY},
        {"response_type=none", DW_RESPONSE_QUERY},
        {"response_type=token", DW_RESPONSE_FRAGMENT},
        {"response_type=id_token+token", DW_RESPONSE_FRAGMENT},
        {"response_type=code+id_token", DW_RESPONSE_FRAGMENT},
        {"response_type=id_token&response_mode=form_post", DW_RESPONSE_FORM_POST},
        {"response_type=code&response_mode=nothing", DW_RESPONSE_QUERY},
    };
    struct dw_authorization_request request;
    struct dw_form form;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_done(dw_form_parse(S(rows[i].more), arena, &form, &error), error);
        assert_done(dw_authorization_request_start(&form, &client, &request, &error), error);
        assert_int_equal(request.response_mode, rows[i].mode);
    }
}

static void a_login_begins_with_the_page_that_was_asked_for(void **state)
{
    static const struct {
        const char *more;
        enum dw_screen screen;
        bool prompts_login;
    } rows[] = {
        {GOOD, DW_SCREEN_LOGIN, false},
        {GOOD "&screen_hint=signup", DW_SCREEN_SIGNUP, false},
        {GOOD "&screen_hint=reset", DW_SCREEN_RESET, false},
        {GOOD "&screen_hint=whatever", DW_SCREEN_LOGIN, false},
        {GOOD "&prompt=create", DW_SCREEN_SIGNUP, true},
        {GOOD "&prompt=login&display=popup", DW_SCREEN_LOGIN, true},
    };
    struct dw_authorization_request request;
    struct dw_form form;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_done(dw_form_parse(S(rows[i].more), arena, &form, &error), error);
        assert_done(dw_authorization_request_start(&form, &client, &request, &error), error);
        assert_done(
            dw_authorization_request_fill(&form, &client, &settings, arena, &request, &error),
            error);
        assert_int_equal(request.first_screen, rows[i].screen);
        assert_int_equal(request.prompts_login, rows[i].prompts_login);
    }
}

static void what_may_be_redirected_has_its_code(void **state)
{
    static const struct {
        const char *more; /* instead of, or after, the good request */
        enum dw_code code;
    } rows[] = {
        {"client_id=c1&" CHALLENGE, DW_INVALID_REQUEST},
        {"client_id=c1&response_type=token&" CHALLENGE, DW_UNSUPPORTED_RESPONSE},
        {"client_id=c1&response_type=code+id_token&" CHALLENGE, DW_UNSUPPORTED_RESPONSE},
        {"client_id=c1&response_type=CODE&" CHALLENGE, DW_UNSUPPORTED_RESPONSE},
        {"client_id=c1&response_type=code", DW_INVALID_REQUEST},
        {"client_id=c1&response_type=code&code_challenge=abc&code_challenge_method=S256",
         DW_INVALID_REQUEST},
        {"client_id=c1&response_type=code&code_challenge_method=plain&code_challenge="
         "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
         DW_INVALID_REQUEST},
        {GOOD "&response_mode=popup", DW_INVALID_REQUEST},
        {GOOD "&prompt=none+create", DW_INVALID_REQUEST},
        {GOOD "&request=eyJhbGciOiJub25lIn0", DW_INVALID_REQUEST},
        {GOOD "&request_uri=https%3A%2F%2Fevil.example", DW_INVALID_REQUEST},
        {GOOD "&scope=a&scope=b", DW_INVALID_REQUEST},
        {GOOD "&nonce=a&nonce=a", DW_INVALID_REQUEST},
        {GOOD "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", DW_INVALID_REQUEST},
        {GOOD "&audience=a&audience=b", DW_INVALID_REQUEST},
        {GOOD "&scope=a%22b", DW_INVALID_SCOPE},
        {GOOD "&scope=a%00b", DW_INVALID_REQUEST},
        {GOOD "&prompt=none+login", DW_INVALID_REQUEST},
        {GOOD "&prompt=whatever", DW_INVALID_REQUEST},
        {GOOD "&max_age=-1", DW_INVALID_REQUEST},
        {GOOD "&max_age=1e3", DW_INVALID_REQUEST},
        {GOOD "&max_age=99999999999999999999", DW_INVALID_REQUEST},
        {GOOD "&resource=mcp", DW_INVALID_TARGET},
        {GOOD "&resource=https%3A%2F%2Fa.example%2F%23x", DW_INVALID_TARGET},
        {GOOD "&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example",
         DW_INVALID_TARGET},
        {GOOD "&resource=", DW_INVALID_TARGET},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_authorization_request request;
        struct dw_form form;
        struct dw_slice id;

        if (!dw_form_parse(S(rows[at].more), arena, &form, &error)) {
            assert_int_equal(error.code, rows[at].code); /* the NUL does not get this far */
            continue;
        }
        assert_done(dw_authorization_request_client_id(&form, &id, &error), error);
        assert_done(dw_authorization_request_start(&form, &client, &request, &error), error);
        if (dw_authorization_request_fill(&form, &client, &settings, arena, &request, &error))
            fail_msg("taken: %s", rows[at].more);
        if (error.code != rows[at].code)
            fail_msg("%s: %s", rows[at].more, error.message);
    }
}

static void a_client_without_the_grant_type_is_refused(void **state)
{
    struct dw_oauth_client machine = client;
    struct dw_form form = form_of(GOOD);
    struct dw_authorization_request request;

    (void)state;
    machine.grant_types.count = 0;
    assert_done(dw_authorization_request_start(&form, &machine, &request, &error), error);
    assert_fails(dw_authorization_request_fill(&form, &machine, &settings, arena, &request, &error),
                 error, DW_UNAUTHORIZED_CLIENT);
}

static void too_long_values_are_refused(void **state)
{
    static char query[DW_STATE_MAX_BYTES + 200];
    struct dw_authorization_request request;
    struct dw_form form;
    size_t len = (size_t)snprintf(query, sizeof query, "client_id=c1&state=");

    (void)state;
    memset(query + len, 'a', DW_STATE_MAX_BYTES + 1);
    form = form_of(query);
    assert_fails(dw_authorization_request_start(&form, &client, &request, &error), error,
                 DW_INVALID_REQUEST);
}

static void a_full_request_is_read(void **state)
{
    struct dw_authorization_request request;

    (void)state;
    assert_true(run(GOOD "&scope=read:tools+openid&nonce=n&prompt=login+consent&max_age=60"
                         "&login_hint=ada%40example.com&ui_locales=de+en&response_mode=form_post"
                         "&resource=https%3A%2F%2Fmcp.example.com%2Fmcp&organization=org_1"
                         "&something_else=ignored",
                    &settings, &request));
    assert_slice(request.client_id, "c1");
    assert_slice(request.redirect_uri, "https://a.example/cb");
    assert_true(request.has_redirect_uri);
    assert_int_equal(request.response_mode, DW_RESPONSE_FORM_POST);
    assert_int_equal(request.scopes.count, 2);
    assert_slice(request.scopes.items[0], "read:tools");
    assert_slice(request.audience, "https://mcp.example.com/mcp");
    assert_slice(request.oauth_state, "xyz");
    assert_slice(request.oidc_nonce, "n");
    assert_false(request.prompts_none);
    assert_true(request.prompts_login);
    assert_true(request.prompts_consent);
    assert_false(request.prompts_select_account);
    assert_int_equal(request.max_age_s, 60);
    assert_slice(request.login_hint, "ada@example.com");
    assert_slice(request.ui_locales, "de en");
    assert_slice(request.organization, "org_1");
    assert_slice(request.code_challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void a_small_request_gets_the_defaults(void **state)
{
    struct dw_authorization_request request;

    (void)state;
    assert_true(run("client_id=c1&response_type=code&" CHALLENGE, &settings, &request));
    assert_slice(request.redirect_uri, "https://a.example/cb");
    assert_false(request.has_redirect_uri);
    assert_false(request.has_state);
    assert_int_equal(request.response_mode, DW_RESPONSE_QUERY);
    assert_int_equal(request.max_age_s, -1);
    assert_slice(request.audience, "https://default.example");
    assert_int_equal(request.scopes.count, 2); /* those it was registered with */
}

static void audience_and_resource_follow_the_profile(void **state)
{
    static const struct {
        enum dw_resource_profile profile;
        const char *more, *audience;
    } rows[] = {
        {DW_RESOURCE_COMPATIBILITY, "&resource=https%3A%2F%2Fr.example", "https://r.example"},
        {DW_RESOURCE_COMPATIBILITY, "&audience=a&resource=https%3A%2F%2Fr.example", "a"},
        {DW_RESOURCE_COMPATIBILITY, "&audience=a&resource=nonsense", "a"},
        {DW_RESOURCE_COMPATIBILITY, "", "https://default.example"},
        {DW_RESOURCE_COMPATIBILITY,
         "&resource=https%3A%2F%2Fr.example&resource=https%3A%2F%2Fr.example", "https://r.example"},
        {DW_RESOURCE_AUDIENCE, "&resource=https%3A%2F%2Fr.example", "https://default.example"},
        {DW_RESOURCE_AUDIENCE, "&audience=a", "a"},
        {DW_RESOURCE_AUDIENCE, "&resource=nonsense", "https://default.example"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_tenant_settings used = settings;
        struct dw_authorization_request request;
        char query[400];

        used.resource_profile = rows[at].profile;
        snprintf(query, sizeof query, "%s%s", GOOD, rows[at].more);
        assert_true(run(query, &used, &request));
        assert_slice(request.audience, rows[at].audience);
    }
}

/* --- the answer --------------------------------------------------------------------------------
 */

static void answers_are_written_for_each_mode(void **state)
{
    static const struct {
        const char *redirect_uri;
        enum dw_response_mode mode;
        bool has_state;
        const char *state, *code, *issuer;
        enum dw_code failure;
        const char *url;
    } rows[] = {
        {"https://a.example/cb", DW_RESPONSE_QUERY, true, "x y&z", "c0de", "https://t/", DW_OK,
         "https://a.example/cb?code=c0de&state=x%20y%26z&iss=https%3A%2F%2Ft%2F"},
        {"https://a.example/cb?a=1", DW_RESPONSE_QUERY, false, "", "c0de", "", DW_OK,
         "https://a.example/cb?a=1&code=c0de"},
        {"https://a.example/cb", DW_RESPONSE_QUERY, true, "", "c0de", "", DW_OK,
         "https://a.example/cb?code=c0de&state="},
        {"https://a.example/cb?a=1", DW_RESPONSE_FRAGMENT, true, "s", "c0de", "", DW_OK,
         "https://a.example/cb?a=1#code=c0de&state=s"},
        {"https://a.example/cb", DW_RESPONSE_QUERY, true, "s", "", "https://t/", DW_LOGIN_REQUIRED,
         "https://a.example/cb?error=login_required&error_description=Login%20required&state=s"
         "&iss=https%3A%2F%2Ft%2F"},
        {"com.example.app:/cb", DW_RESPONSE_QUERY, true, "s", "c0de", "", DW_OK,
         "com.example.app:/cb?code=c0de&state=s"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_authorization_request request = {.redirect_uri = S(rows[at].redirect_uri),
                                                   .response_mode = rows[at].mode,
                                                   .has_state = rows[at].has_state,
                                                   .oauth_state = S(rows[at].state)};
        struct dw_error failure = {.code = rows[at].failure};
        struct dw_authorization_response response;
        struct dw_slice url;

        dw_authorization_response_make(&request, S(rows[at].code),
                                       rows[at].failure ? &failure : NULL, S(rows[at].issuer),
                                       &response);
        assert_done(dw_authorization_response_url(&request, &response, arena, &url, &error), error);
        assert_slice(url, rows[at].url);
    }
}

/* --- codes -------------------------------------------------------------------------------------
 */

static struct dw_authorization_code make_code(struct dw_secret *ret_code)
{
    static const unsigned char random[48] = {1, 2, 3, [32] = 9};
    struct dw_authorization_request request;
    struct dw_authorization_code code;

    assert_true(run(GOOD "&nonce=n", &settings, &request));
    request.user_id = S("auth0|1");
    assert_done(dw_authorization_code_make(&request, request.scopes, random, NOW_S, 60, arena,
                                           ret_code, &code, &error),
                error);
    return code;
}

static void a_code_is_not_in_its_record(void **state)
{
    struct dw_secret text;
    struct dw_authorization_code code = make_code(&text);

    (void)state;
    assert_int_equal(text.hidden.len, 43);
    assert_int_equal(code.code_digest.len, 32);
    assert_int_equal(code.family_id.len, 22);
    assert_slice(code.user_id, "auth0|1");
    assert_slice(code.oidc_nonce, "n");
    assert_int_equal(code.expires_at_s, NOW_S + 60);
    assert_int_equal(code.used_at_s, 0);
}

static void a_code_is_redeemed_only_as_it_was_asked_for(void **state)
{
    static const struct {
        const char *name;
        bool is_known, was_used;
        const char *client_id;
        int64_t age_s;
        const char *redirect_uri, *verifier, *audience;
        enum dw_code code;
    } rows[] = {
        {"unknown", false, false, "c1", 0, "https://a.example/cb", "v", "", DW_INVALID_GRANT},
        {"used", true, true, "c1", 0, "https://a.example/cb", "v", "", DW_INVALID_GRANT},
        {"stolen", true, false, "c2", 0, "https://a.example/cb", "v", "", DW_INVALID_GRANT},
        {"expired", true, false, "c1", 60, "https://a.example/cb", "v", "", DW_INVALID_GRANT},
        {"no redirect_uri", true, false, "c1", 0, "", "v", "", DW_INVALID_REQUEST},
        {"other redirect_uri", true, false, "c1", 0, "https://a.example/cb/", "v", "",
         DW_INVALID_GRANT},
        {"no verifier", true, false, "c1", 0, "https://a.example/cb", "", "", DW_INVALID_REQUEST},
        {"other verifier", true, false, "c1", 0, "https://a.example/cb", "w", "", DW_INVALID_GRANT},
        {"other resource", true, false, "c1", 0, "https://a.example/cb", "v", "https://other/",
         DW_INVALID_TARGET},
        {"good", true, false, "c1", 59, "https://a.example/cb", "v", "", DW_OK},
        {"good, resource again", true, false, "c1", 0, "https://a.example/cb", "v",
         "https://default.example", DW_OK},
    };
    struct dw_secret text;
    struct dw_authorization_code code = make_code(&text);

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_oauth_client presenting = {.id = S(rows[at].client_id)};
        const char *verifier = rows[at].verifier[0] == 'v'
                                   ? "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
                                   : "wBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        struct dw_token_request request = {
            .grant_type = DW_GRANT_AUTHORIZATION_CODE,
            .redirect_uri = S(rows[at].redirect_uri),
            .has_redirect_uri = rows[at].redirect_uri[0] != '\0',
            .code_verifier = dw_secret_from(S(rows[at].verifier[0] ? verifier : "")),
            .audience = S(rows[at].audience)};
        bool is_good =
            dw_authorization_code_redeem(rows[at].is_known ? &code : NULL, rows[at].was_used,
                                         &presenting, &request, NOW_S + rows[at].age_s, &error);

        if (is_good != (rows[at].code == DW_OK))
            fail_msg("%s", rows[at].name);
        if (!is_good && error.code != rows[at].code)
            fail_msg("%s: %s", rows[at].name, error.message);
    }
}

static void who_may_do_without_pkce_is_only_a_first_party_with_a_secret(void **state)
{
#define PLAIN "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    static const struct {
        bool is_first_party;
        enum dw_client_auth_method method;
        const char *query;
        bool is_taken;
    } rows[] = {
        {true, DW_CLIENT_AUTH_POST, "", true},
        {true, DW_CLIENT_AUTH_BASIC, "", true},
        {true, DW_CLIENT_AUTH_NONE, "", false},
        {false, DW_CLIENT_AUTH_POST, "", false},
        {false, DW_CLIENT_AUTH_NONE, "", false},
        {true, DW_CLIENT_AUTH_POST, "&" PLAIN, true}, /* as S256 */
        {true, DW_CLIENT_AUTH_NONE, "&" PLAIN, false},
        {false, DW_CLIENT_AUTH_POST, "&" PLAIN, false},
        {true, DW_CLIENT_AUTH_POST, "&" PLAIN "&code_challenge_method=plain", false},
        {true, DW_CLIENT_AUTH_POST, "&code_challenge_method=S256", false},
        {true, DW_CLIENT_AUTH_POST, "&code_challenge=abc", false},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_oauth_client asking = client;
        struct dw_authorization_request request;
        char query[512];
        struct dw_form form;

        asking.is_first_party = rows[at].is_first_party;
        asking.auth_method = rows[at].method;
        snprintf(query, sizeof query, "response_type=code&client_id=c1%s", rows[at].query);
        form = form_of(query);
        assert_done(dw_authorization_request_start(&form, &asking, &request, &error), error);
        if (rows[at].is_taken)
            assert_done(
                dw_authorization_request_fill(&form, &asking, &settings, arena, &request, &error),
                error);
        else
            assert_fails(
                dw_authorization_request_fill(&form, &asking, &settings, arena, &request, &error),
                error, DW_INVALID_REQUEST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_do_without_pkce_is_only_a_first_party_with_a_secret),
        cmocka_unit_test(what_must_not_be_redirected_is_found_first),
        cmocka_unit_test(an_unknown_client_is_named),
        cmocka_unit_test(a_message_goes_to_a_registered_origin_only),
        cmocka_unit_test(refused_response_types_answer_where_the_client_listens),
        cmocka_unit_test(a_login_begins_with_the_page_that_was_asked_for),
        cmocka_unit_test(what_may_be_redirected_has_its_code),
        cmocka_unit_test(a_client_without_the_grant_type_is_refused),
        cmocka_unit_test(too_long_values_are_refused),
        cmocka_unit_test(a_full_request_is_read),
        cmocka_unit_test(a_small_request_gets_the_defaults),
        cmocka_unit_test(audience_and_resource_follow_the_profile),
        cmocka_unit_test(answers_are_written_for_each_mode),
        cmocka_unit_test(a_code_is_not_in_its_record),
        cmocka_unit_test(a_code_is_redeemed_only_as_it_was_asked_for),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
