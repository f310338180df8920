/* A store of before: what a migration writes into rows that are there already. What opens as a
 * database at all is in test_durability.c. */
#include <sqlite3.h>
#include <stdarg.h>

#include "store/fixture.h"
#include "store/sqlite_internal.h"

#define BEFORE_CLIENT_ORIGIN 22
#define BEFORE_WEB_LIFETIME 23
#define BEFORE_CONFIRM_FIRST 24

static struct fixture fixture;
static struct dw_error error;
static sqlite3 *old; /* the store as the doorward of that schema left it */

static __attribute__((format(printf, 1, 2))) void add(const char *format, ...)
{
    char *sql, *message = NULL;
    va_list values;

    va_start(values, format);
    sql = sqlite3_vmprintf(format, values);
    va_end(values);
    assert_non_null(sql);
    if (sqlite3_exec(old, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", message, sql);
    sqlite3_free(sql);
}

static void make_old(int version)
{
    dw_store_close(fixture.store);
    assert_int_equal(unlink(fixture.path), 0);
    assert_int_equal(sqlite3_open(fixture.path, &old), SQLITE_OK);
    add("PRAGMA application_id = 0x44577264; PRAGMA user_version = %d", version);
    for (int next = 0; next < version; next++)
        add("%s", dw_store_schema[next]);
}

static void open_now(void)
{
    assert_int_equal(sqlite3_close(old), SQLITE_OK);
    fixture_open(&fixture);
}

static int start(void **state)
{
    (void)state;
    fixture_start(&fixture);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static void add_connection(const char *name, const char *options)
{
    add("INSERT INTO connection VALUES ('con_%s', '%s', '', 'auth0', '%s', '[]', 0, 0, 1, '{}', 1,"
        " 1)",
        name, name, options);
}

static void add_user(const char *id, const char *connection, bool is_email_verified)
{
    add("INSERT INTO user (id, connection, email, is_email_verified, username, name, given_name,"
        " family_name, nickname, picture, phone_number, password_hash, is_blocked, app_metadata,"
        " user_metadata, created_at, updated_at, last_login_at, last_ip, logins_count)"
        " VALUES ('%s', '%s', '%s@example.com', %d, '', '', '', '', '', '', '', '', 0, '{}', '{}',"
        " 1, 1, 0, '', 0)",
        id, connection, id, is_email_verified);
}

/* A login there was refused to every account whose address was not confirmed: that stays so. */
static void accounts_still_confirm_first_where_they_had_to(void **state)
{
#define VERIFICATION(value)                                                                        \
    "{\"attributes\":{\"email\":{\"identifier\":{\"active\":true},\"signup\":{\"status\":"         \
    "\"required\",\"verification\":" value "}}}}"
    static const struct {
        const char *name, *options; /* NULL: there is no such connection */
        bool confirms;
    } connections[] = {
        {"confirms", VERIFICATION("{\"active\":true}"), true},
        {"confirms-too", VERIFICATION("{\"active\":true}"), true},
        {"says-no", VERIFICATION("{\"active\":false}"), false},
        {"says-nothing", VERIFICATION("{}"), false},
        {"has-attributes", "{\"attributes\":{\"email\":{}}}", false},
        {"has-no-options", "{}", false},
        {"is-gone", NULL, false},
    };
    const size_t count = sizeof connections / sizeof *connections;

    (void)state;
    make_old(BEFORE_CONFIRM_FIRST);
    for (size_t i = 0; i < count; i++) {
        char id[40];

        if (connections[i].options)
            add_connection(connections[i].name, connections[i].options);
        for (int is_verified = 0; is_verified <= 1; is_verified++) {
            snprintf(id, sizeof id, "%s-%d", connections[i].name, is_verified);
            add_user(id, connections[i].name, is_verified);
        }
    }
    open_now();
    for (size_t i = 0; i < count; i++)
        for (int is_verified = 0; is_verified <= 1; is_verified++) {
            struct dw_user *user = NULL;
            char id[40];

            snprintf(id, sizeof id, "%s-%d", connections[i].name, is_verified);
            assert_done(dw_store_user(fixture.store, S(id), fixture.arena, &user, &error), error);
            assert_non_null(user);
            assert_int_equal(user->is_email_verified, is_verified);
            if (user->awaits_confirmation != (connections[i].confirms && !is_verified))
                fail_msg("%s", id);
        }
}

static void tokens_for_the_web_live_no_longer_than_others(void **state)
{
    static const struct {
        int64_t lifetime_s, web_lifetime_s;
    } apis[] = {{86400, 7200}, {7201, 7200}, {7200, 7200}, {7199, 7199}, {60, 60}};
    const size_t count = sizeof apis / sizeof *apis;

    (void)state;
    make_old(BEFORE_WEB_LIFETIME);
    for (size_t i = 0; i < count; i++)
        add("INSERT INTO api (id, identifier, name, token_lifetime_s, token_dialect, signing_alg,"
            " enforces_policies, allows_offline_access, skips_consent, is_system, user_policy,"
            " client_policy, created_at) SELECT '%d', 'https://api.example.com/%d', '', %d,"
            " 'access_token', 'RS256', 0, 0, 0, 0, 'allow_all', 'require_client_grant', 1",
            (int)i, (int)i, (int)apis[i].lifetime_s);
    open_now();
    for (size_t i = 0; i < count; i++) {
        struct dw_api *api = NULL;
        char identifier[40];

        snprintf(identifier, sizeof identifier, "https://api.example.com/%zu", i);
        assert_done(dw_store_api(fixture.store, S(identifier), fixture.arena, &api, &error), error);
        assert_non_null(api);
        assert_int_equal(api->token_lifetime_s, apis[i].lifetime_s);
        assert_int_equal(api->token_lifetime_web_s, apis[i].web_lifetime_s);
    }
}

static void add_old_client(const char *id, const char *app_type, const char *redirect_uris,
                           const char *web_origins)
{
    add("INSERT INTO client (id, name, description, logo_uri, client_uri, kind, app_type,"
        " is_first_party, auth_method, secret_digest, sealed_secret, grant_types, redirect_uris,"
        " allowed_logout_urls, web_origins, scopes, refresh_is_rotating, refresh_leeway_s,"
        " refresh_lifetime_s, refresh_idle_lifetime_s, id_token_lifetime_s, jwks, jwks_uri,"
        " metadata, document_digest, document_expires_at, created_at, updated_at)"
        " VALUES ('%s', '', '', '', '', 'static', '%s', 1, 'none', x'', x'', '[]', '%s', '[]',"
        " '%s', '[]', 1, 0, 0, 0, 36000, '', '', '{}', x'', 0, 1, 1)",
        id, app_type, redirect_uris, web_origins);
}

static void applications_of_before_have_their_origins(void **state)
{
    static const struct {
        const char *client_id, *origin;
        bool has;
    } origins[] = {
        {"spa", "https://app.example.com", true},   {"spa", "https://other.example.com", true},
        {"spa", "https://example.com", false},      {"spa", "http://127.0.0.1:*", false},
        {"native", "http://127.0.0.1:*", true},     {"native", "https://app.example.com", false},
        {"bare", "https://app.example.com", false},
    };

    (void)state;
    make_old(BEFORE_CLIENT_ORIGIN);
    add_old_client("spa", "spa", "[\"https://App.example.com:443/callback?a=b\"]",
                   "[\"https://other.example.com\"]");
    add_old_client("native", "native", "[\"http://127.0.0.1/callback\"]", "[]");
    add_old_client("bare", "spa", "[]", "[]");
    open_now();
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        bool has = !origins[i].has;

        assert_done(dw_store_has_web_origin(fixture.store, S(origins[i].client_id),
                                            S(origins[i].origin), DW_EMPTY, &has, &error),
                    error);
        if (has != origins[i].has)
            fail_msg("%s %s", origins[i].client_id, origins[i].origin);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(accounts_still_confirm_first_where_they_had_to),
        CASE(tokens_for_the_web_live_no_longer_than_others),
        CASE(applications_of_before_have_their_origins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
