/* The management verbs: flags by their usage text, exit status, and JSON that programs can read. */
#include "fixture.h"

/* Runs a verb with its standard output in a file; -1 in *ret_status never happens. */
static const struct dw_json *manage(int *ret_status, const char *const *words)
{
    char *argv[24];
    char path[128];
    int argc = 0, saved = dup(1);
    FILE *file;
    struct dw_slice text;
    const struct dw_json *document = NULL;
    struct dw_error error = {0};

    while (words[argc]) {
        argv[argc] = dw_arena_text(world.arena, S(words[argc]));
        argc++;
    }
    snprintf(path, sizeof path, "%s/out", world.folder);
    fflush(stdout);
    file = fopen(path, "w+");
    assert_non_null(file);
    assert_true(dup2(fileno(file), 1) == 1);
    *ret_status = dw_tenant_manage(&world.config, argc, argv);
    fflush(stdout);
    assert_true(dup2(saved, 1) == 1);
    close(saved);
    text.ptr = dw_arena_alloc(world.arena, 65536);
    rewind(file);
    text.len = fread((char *)(uintptr_t)text.ptr, 1, 65536, file);
    fclose(file);
    if (text.len > 0 && strchr("[{", text.ptr[0]))
        assert_done(dw_json_parse(text, world.arena, &document, &error), error);
    return document;
}

#define MANAGE(status, ...) manage((status), (const char *const[]){__VA_ARGS__, "--json", NULL})

static void users_come_and_go(void **state)
{
    int status;
    const struct dw_json *user =
        MANAGE(&status, "user", "add", "--email", "bob@example.com", "--role", "MCP User");
    struct dw_slice password = dw_json_text(user, "password");
    struct browser nobody = {0};
    bool is_blocked = false;

    (void)state;
    assert_int_equal(status, 0);
    assert_true(password.len >= 16);
    assert_status(post(&nobody, "/oauth/token",
                       text_of(dw_arena_printf(
                           world.arena,
                           "grant_type=password&client_id=doorward-dev&username=bob@example.com"
                           "&password=%.*s",
                           DW_PRINT(password)))),
                  200);
    user = MANAGE(&status, "user", "block", "--email=bob@example.com");
    assert_int_equal(status, 0);
    assert_true(dw_json_bool(user, "blocked", &is_blocked) && is_blocked);
    (void)MANAGE(&status, "user", "add", "--email", "bob@example.com");
    assert_int_equal(status, 1);
    assert_int_equal(MANAGE(&status, "user", "list")->array.count, 3);
    (void)MANAGE(&status, "user", "delete", "--email", "bob@example.com");
    assert_int_equal(status, 0);
    (void)MANAGE(&status, "user", "delete", "--email", "bob@example.com");
    assert_int_equal(status, 1);
}

static void a_user_who_gets_another_name_or_goes_is_in_the_audit_log(void **state)
{
    static const struct {
        const char *verb, *email, *set;
        int status;
        const char *code, *user_name, *description;
    } cases[] = {
        {"update", "eve@example.com", "email=eva@example.com", 0, "sce", "eva@example.com", ""},
        {"update", "eva@example.com", "email=no address", 1, "fce", "eva@example.com",
         "email is not valid"},
        {"update", "eva@example.com", "username=eva", 0, "scu", "eva@example.com", ""},
        {"update", "eva@example.com", "username=a b", 1, "fcu", "eva@example.com",
         "username is not valid"},
        {"delete", "eva@example.com", NULL, 0, "sdu", "eva@example.com", ""},
        {"delete", "eva@example.com", NULL, 1, "fdu", "eva@example.com",
         "there is no user \"eva@example.com\""},
    };
    int status;

    (void)state;
    (void)MANAGE(&status, "user", "add", "--email", "eve@example.com");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_log_entry entry;

        assert_false(dw_slice_eq(entry_of(cases[i].code).user_name, S(cases[i].user_name)));
        if (cases[i].set)
            (void)MANAGE(&status, "user", cases[i].verb, "--email", cases[i].email, "--set",
                         cases[i].set);
        else
            (void)MANAGE(&status, "user", cases[i].verb, "--email", cases[i].email);
        assert_int_equal(status, cases[i].status);
        entry = entry_of(cases[i].code);
        assert_slice(entry.type, cases[i].code);
        assert_slice(entry.user_name, cases[i].user_name);
        assert_slice(entry.description, cases[i].description);
    }
}

static void sessions_are_listed_and_ended(void **state)
{
    struct browser one = {0}, other = {0};
    const struct dw_json *sessions;
    int status;

    (void)state;
    (void)authorize(&one, AUTHORIZE "&scope=openid");
    (void)authorize(&other, AUTHORIZE "&scope=openid");
    sessions = MANAGE(&status, "session", "list", "--email", ADA);
    assert_int_equal(status, 0);
    assert_int_equal(sessions->array.count, 2);
    assert_slice(dw_json_text(dw_json_get(&sessions->array.items[0], "device"), "initial_ip"),
                 "192.0.2.1");
    (void)MANAGE(&status, "session", "revoke", "--id",
                 text_of(dw_json_text(&sessions->array.items[0], "id")));
    assert_int_equal(status, 0);
    assert_int_equal(MANAGE(&status, "session", "list")->array.count, 1);
    (void)MANAGE(&status, "session", "revoke", "--id", "nothing");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "session", "revoke");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, "session", "revoke", "--email", ADA, "--refresh-tokens");
    assert_int_equal(status, 0);
    assert_int_equal(MANAGE(&status, "session", "list")->array.count, 0);
}

static void second_factors_are_listed_and_forgotten(void **state)
{
    int status;
    const struct dw_json *answer = MANAGE(&status, "mfa", "show");
    struct dw_slice code, next;

    (void)state;
    assert_slice(dw_json_text(answer, "policy"), "never");
    (void)MANAGE(&status, "mfa", "set", "--policy", "sometimes");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, "mfa", "set", "--factor", "pigeon");
    assert_int_equal(status, 2);
    answer = MANAGE(&status, "mfa", "set", "--policy", "all-applications", "--factor", "otp",
                    "--factor", "email", "--factor", "recovery-code");
    assert_int_equal(status, 0);
    assert_slice(dw_json_text(answer, "policy"), "all-applications");
    assert_int_equal(dw_json_get(answer, "factors")->array.count, 3);
    assert_int_equal(MANAGE(&status, "user", "mfa", "list", "--email", ADA)->array.count, 0);
    code = dw_json_text(MANAGE(&status, "user", "recovery-code", "regenerate", "--email", ADA),
                        "recovery_code");
    next = dw_json_text(MANAGE(&status, "user", "recovery-code", "regenerate", "--email", ADA),
                        "recovery_code");
    assert_int_equal(code.len, 24);
    assert_false(dw_slice_eq(code, next));
    answer = MANAGE(&status, "user", "mfa", "list", "--email", ADA);
    assert_int_equal(answer->array.count, 1);
    assert_slice(dw_json_text(&answer->array.items[0], "type"), "recovery-code");
    (void)MANAGE(&status, "user", "mfa", "reset", "--email", ADA, "--id", "totp|dev_x");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "user", "mfa", "reset", "--email", ADA);
    assert_int_equal(status, 0);
    assert_int_equal(MANAGE(&status, "user", "mfa", "list", "--email", ADA)->array.count, 0);
    (void)MANAGE(&status, "user", "mfa", "dance", "--email", ADA);
    assert_int_equal(status, 2);
    (void)MANAGE(&status, "mfa", "set", "--policy", "never");
}

static void write_pem(const char *path, enum dw_key_type type, bool is_private)
{
    struct dw_error error = {0};
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(type, 0, &error);
    struct dw_secret pem;
    FILE *file = fopen(path, "w");

    assert_non_null(key);
    assert_non_null(file);
    assert_done(dw_key_to_pem(key, world.arena, &pem, &error), error);
    fprintf(file, "%.*s", DW_PRINT(is_private ? pem.hidden : S("-----BEGIN PUBLIC KEY-----\n")));
    fclose(file);
}

static void keys_of_applications_are_public_halves(void **state)
{
    int status;
    const char *path = text_of(dw_arena_printf(world.arena, "%s/key.pem", world.folder));

    (void)state;
    (void)MANAGE(&status, "client", "add", "--name", "Robot", "--id", "robot", "--audience",
                 AUDIENCE);
    assert_int_equal(status, 0);
    write_pem(path, DW_KEY_P256, true);
    (void)MANAGE(&status, "client", "credential", "add", "--id", "robot", "--pem", path);
    assert_int_equal(status, 2); /* a private key */
    write_pem(path, DW_KEY_P256, false);
    (void)MANAGE(&status, "client", "credential", "add", "--id", "robot", "--pem", path);
    assert_int_equal(status, 1); /* no key */
    (void)MANAGE(&status, "client", "credential", "add", "--id", "robot", "--pem", "/nowhere");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "client", "credential", "delete", "--id", "robot", "--credential",
                 "cred_x");
    assert_int_equal(status, 1);
    assert_int_equal(MANAGE(&status, "client", "credential", "list", "--id", "robot")->array.count,
                     0);
    (void)MANAGE(&status, "client", "delete", "--id", "robot");
    (void)unlink(path);
}

static const struct dw_json *at(const struct dw_json *object, const char *name)
{
    return dw_json_get(object, name);
}

/* Auth0's own, as it answers who has just made one. */
static void a_new_api_has_auth0s_defaults(void **state)
{
    const struct dw_json *api, *subjects;
    bool is_on = true;
    int status;

    (void)state;
    (void)MANAGE(&status, "api", "add", "--identifier", "https://new.example", "--permission", "x");
    api = MANAGE(&status, "api", "show", "--identifier", "https://new.example");
    assert_int_equal(status, 0);
    assert_slice(dw_json_text(api, "signing_alg"), "RS256");
    assert_int_equal(at(api, "token_lifetime")->integer, 86400);
    assert_int_equal(at(api, "token_lifetime_for_web")->integer, 7200);
    assert_true(dw_json_bool(api, "allow_offline_access", &is_on) && !is_on);
    assert_true(dw_json_bool(api, "skip_consent_for_verifiable_first_party_clients", &is_on) &&
                !is_on);
    subjects = at(api, "subject_type_authorization");
    assert_slice(dw_json_text(at(subjects, "user"), "policy"), "allow_all");
    assert_slice(dw_json_text(at(subjects, "client"), "policy"), "require_client_grant");
    (void)MANAGE(&status, "api", "update", "--identifier", "https://new.example", "--set",
                 "token_lifetime_for_web=86401");
    assert_int_equal(status, 1);
    api = MANAGE(&status, "api", "update", "--identifier", "https://new.example", "--set",
                 "token_lifetime=600");
    assert_int_equal(at(api, "token_lifetime_for_web")->integer, 600);
    (void)MANAGE(&status, "api", "add", "--identifier", "https://offline.example",
                 "--offline-access");
    api = MANAGE(&status, "api", "show", "--identifier", "https://offline.example");
    assert_true(dw_json_bool(api, "allow_offline_access", &is_on) && is_on);
}

static void check_refresh(const struct dw_json *client, const char *rotation,
                          const char *expiration)
{
    const struct dw_json *refresh = at(client, "refresh_token");
    bool is_endless = dw_slice_eq(S(expiration), S("non-expiring")), said = false;

    assert_slice(dw_json_text(refresh, "rotation_type"), rotation);
    assert_slice(dw_json_text(refresh, "expiration_type"), expiration);
    assert_int_equal(at(refresh, "leeway")->integer, is_endless ? 0 : 30);
    assert_int_equal(at(refresh, "token_lifetime")->integer, 2592000);
    assert_int_equal(at(refresh, "idle_token_lifetime")->integer, 1296000);
    assert_true(dw_json_bool(refresh, "infinite_token_lifetime", &said) && said == is_endless);
    assert_true(dw_json_bool(refresh, "infinite_idle_token_lifetime", &said) && said == is_endless);
}

/* Tokens of applications without a secret, and of third parties, rotate and end. */
static void new_applications_have_auth0s_defaults(void **state)
{
#define WEB "--name", "App", "--redirect-uri", "https://app.example/cb"
    const struct dw_json *client;
    int status;

    (void)state;
    (void)MANAGE(&status, "client", "add", WEB, "--id", "w1");
    client = MANAGE(&status, "client", "show", "--id", "w1");
    check_refresh(client, "non-rotating", "non-expiring");
    assert_int_equal(at(at(client, "jwt_configuration"), "lifetime_in_seconds")->integer, 36000);
    assert_slice(dw_json_text(at(client, "jwt_configuration"), "alg"), "RS256");
    assert_slice(dw_json_text(client, "app_type"), "regular_web");
    (void)MANAGE(&status, "client", "add", WEB, "--id", "w2", "--public");
    client = MANAGE(&status, "client", "show", "--id", "w2");
    check_refresh(client, "rotating", "expiring");
    (void)MANAGE(&status, "client", "add", WEB, "--id", "tpc_w3", "--third-party");
    client = MANAGE(&status, "client", "show", "--id", "tpc_w3");
    check_refresh(client, "rotating", "expiring");
    assert_slice(dw_json_text(client, "third_party_security_mode"), "strict");
    assert_slice(dw_json_text(client, "redirection_policy"), "open_redirect_protection");
    client = MANAGE(&status, "client", "add", WEB, "--third-party");
    assert_true(dw_slice_starts_with(dw_json_text(client, "client_id"), S("tpc_")));
    client = MANAGE(&status, "client", "add", WEB, "--third-party", "--permissive");
    assert_false(dw_slice_starts_with(dw_json_text(client, "client_id"), S("tpc_")));
}

/* Its nature is for life, and what it may not have is not set. */
static void third_parties_stay_what_they_are(void **state)
{
    static const char *const changes[] = {
        "is_first_party=true",
        "third_party_security_mode=permissive",
        "refresh_token.infinite_token_lifetime=true",
        "refresh_token.infinite_idle_token_lifetime=true",
        "refresh_token.expiration_type=non-expiring",
        "grant_types=[\"password\"]",
        "jwt_configuration.alg=PS256",
        "callbacks=[\"https://*.example.com/cb\"]",
    };
    int status;

    (void)state;
    (void)MANAGE(&status, "client", "add", WEB, "--id", "mine", "--third-party");
    assert_int_equal(status, 2); /* without tpc_ */
    (void)MANAGE(&status, "client", "add", WEB, "--third-party", "--grant-type", "password");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "client", "add", WEB, "--id", "tpc_stays", "--third-party");
    assert_int_equal(status, 0);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        (void)MANAGE(&status, "client", "update", "--id", "tpc_stays", "--set", changes[i]);
        assert_int_equal(status, 1);
    }
    (void)MANAGE(&status, "client", "update", "--id", "tpc_stays", "--set",
                 "refresh_token.rotation_type=non-rotating");
    assert_int_equal(status, 0);
#undef WEB
}

static void applications_get_a_secret_once(void **state)
{
    int status;
    struct browser nobody = {0};
    const struct dw_json *client = MANAGE(&status, "client", "add", "--name", "Robot", "--id",
                                          "robot", "--audience", AUDIENCE);
    struct dw_slice secret = dw_json_text(client, "client_secret");
    const char *body =
        text_of(dw_arena_printf(world.arena,
                                "grant_type=client_credentials&client_id=robot&client_secret=%.*s"
                                "&audience=https%%3A%%2F%%2Fmcp.example.com%%2Fmcp",
                                DW_PRINT(secret)));

    (void)state;
    assert_int_equal(status, 0);
    assert_true(secret.len >= 40);
    assert_status(post(&nobody, "/oauth/token", body), 200);
    client = MANAGE(&status, "client", "rotate-secret", "--id", "robot");
    assert_int_equal(status, 0);
    assert_false(dw_slice_eq(secret, dw_json_text(client, "client_secret")));
    assert_status(post(&nobody, "/oauth/token", body), 401);
    (void)MANAGE(&status, "client", "add", "--name", "X", "--redirect-uri", "http://evil.example/");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "client", "add", "--name", "X", "--grant-type", "implicit");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, "client", "rotate-secret", "--id", "doorward-dev");
    assert_int_equal(status, 1);
}

static void permissions_are_given_and_taken(void **state)
{
    const struct dw_json *rows;
    struct dw_slices names;
    struct dw_error error = {0};
    int status;

    (void)state;
    (void)MANAGE(&status, "user", "permission", "add", "--email", ADA, "--api",
                 "https://no.example", "--permission", "admin");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "user", "permission", "add", "--email", ADA, "--api", AUDIENCE,
                 "--permission", "nosuch");
    assert_int_equal(status, 1);
    rows = MANAGE(&status, "user", "permission", "add", "--email", ADA, "--api", AUDIENCE,
                  "--permission", "admin");
    assert_int_equal(status, 0);
    assert_int_equal(rows->array.count, 1);
    assert_slice(dw_json_text(&rows->array.items[0], "permission_name"), "admin");
    assert_slice(dw_json_text(&rows->array.items[0], "resource_server_identifier"), AUDIENCE);
    assert_done(dw_store_effective_permissions(world.tenant->store, user_of(ADA)->id, S(AUDIENCE),
                                               world.arena, &names, &error),
                error);
    assert_true(dw_slices_have(names, S("admin")));
    rows = MANAGE(&status, "user", "permission", "remove", "--email", ADA, "--api", AUDIENCE,
                  "--permission", "admin");
    assert_int_equal(status, 0);
    assert_int_equal(rows->array.count, 0);
    assert_int_equal(MANAGE(&status, "user", "permission", "list", "--email", ADA)->array.count, 0);

    rows = MANAGE(&status, "role", "user", "list", "--role", "MCP User");
    assert_int_equal(status, 0);
    assert_slice(dw_json_text(&rows->array.items[0], "email"), ADA);
    rows = MANAGE(&status, "role", "add", "--name", "Reader", "--api", AUDIENCE, "--permission",
                  "read:tools", "--permission", "admin");
    assert_int_equal(dw_json_get(rows, "permissions")->array.count, 2);
    rows = MANAGE(&status, "role", "permission", "remove", "--role", "Reader", "--api", AUDIENCE,
                  "--permission", "admin");
    assert_int_equal(status, 0);
    assert_int_equal(dw_json_get(rows, "permissions")->array.count, 1);
    (void)MANAGE(&status, "role", "delete", "--role", "Reader");
}

static void apis_and_roles_grow(void **state)
{
    int status;
    const struct dw_json *row;

    (void)state;
    row = MANAGE(&status, "api", "add", "--identifier", "https://b.example", "--permission",
                 "x=Do x", "--permission", "y");
    assert_int_equal(status, 0);
    assert_int_equal(dw_json_get(row, "permissions")->array.count, 2);
    row = MANAGE(&status, "role", "add", "--name", "X", "--api", "https://b.example",
                 "--permission", "x");
    assert_int_equal(status, 0);
    assert_int_equal(dw_json_get(row, "permissions")->array.count, 1);
    (void)MANAGE(&status, "role", "add", "--name", "X", "--api", "https://b.example",
                 "--permission", "nosuch");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "role", "assign", "--role", "X", "--email", ADA);
    assert_int_equal(status, 0);
    (void)MANAGE(&status, "role", "assign", "--role", "Nobody", "--email", ADA);
    assert_int_equal(status, 1);
    assert_true(MANAGE(&status, "key", "list")->array.count >= 1);
}

static void wrong_usage_is_2(void **state)
{
    int status;

    (void)state;
    (void)MANAGE(&status, "user", "nosuch");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, "user", "add");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, "user", "add", "--emial", "x");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, "user", "block", "--email", "a", "--email", "b");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, "user", "list", "stray");
    assert_int_equal(status, 2);
    assert_true(dw_tenant_is_verb("user"));
    assert_false(dw_tenant_is_verb("--listen"));
}

static void client_grants_are_put_and_deleted(void **state)
{
    int status;
    const struct dw_json *grant;
    const char *id;

    (void)state;
    (void)MANAGE(&status, "client", "add", "--name", "Caller", "--id", "caller");
    assert_int_equal(status, 0);
#define GRANT_PUT "client-grant", "put", "--audience", AUDIENCE
    (void)MANAGE(&status, GRANT_PUT);
    assert_int_equal(status, 2);
    (void)MANAGE(&status, GRANT_PUT, "--client", "caller", "--default-for-third-parties");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, GRANT_PUT, "--client", "nobody");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, GRANT_PUT, "--client", "caller", "--subject-type", "robot");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, GRANT_PUT, "--client", "caller", "--scope", "two words");
    assert_int_equal(status, 2);
    grant = MANAGE(&status, GRANT_PUT, "--client", "caller", "--subject-type", "user", "--scope",
                   "read:tools");
    assert_int_equal(status, 0);
    id = text_of(dw_json_text(grant, "id"));
    assert_true(dw_slice_starts_with(S(id), S("cgr_")));
    assert_slice(dw_json_text(grant, "subject_type"), "user");
    grant =
        MANAGE(&status, GRANT_PUT, "--client", "caller", "--subject-type", "user", "--all-scopes");
    assert_slice(dw_json_text(grant, "id"), id); /* the same one, changed */
    assert_int_equal(dw_json_get(grant, "scope")->array.count, 0);
    assert_int_equal(MANAGE(&status, "client-grant", "list", "--client", "caller")->array.count, 1);
    (void)MANAGE(&status, "client-grant", "delete", "--id", id);
    assert_int_equal(status, 0);
    (void)MANAGE(&status, "client-grant", "delete", "--id", id);
    assert_int_equal(status, 1);
}

static void issuers_are_trusted_and_profiles_made(void **state)
{
    char path[128];
    int status;
    FILE *file;
    const struct dw_json *issuer, *profile;
    const char *id;
    struct dw_slice json = DW_EMPTY;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_keyring_json(world.tenant->keyring, world.arena, &json, &error), error);
    snprintf(path, sizeof path, "%s/jwks", world.folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(json.ptr, 1, json.len, file), json.len);
    fclose(file);
#define ISSUER_ADD "trusted-issuer", "add", "--iss", "https://idp.example"
    (void)MANAGE(&status, ISSUER_ADD);
    assert_int_equal(status, 2); /* no keys */
    (void)MANAGE(&status, ISSUER_ADD, "--jwks-uri", "http://idp.example/jwks");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, ISSUER_ADD, "--jwks", path, "--user-by", "name");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, "trusted-issuer", "add", "--iss", ISSUER, "--jwks", path);
    assert_int_equal(status, 2); /* ourselves */
    issuer = MANAGE(&status, ISSUER_ADD, "--jwks", path, "--user-by", "email", "--id-jag");
    assert_int_equal(status, 0);
    assert_true(dw_slice_starts_with(dw_json_text(issuer, "id"), S("tis_")));
    assert_slice(dw_json_text(issuer, "user_by"), "email");
#define PROFILE_ADD "token-exchange-profile", "add", "--name", "Legacy", "--subject-token-type"
    (void)MANAGE(&status, PROFILE_ADD, "urn:ietf:params:oauth:token-type:jwt");
    assert_int_equal(status, 2);
    (void)MANAGE(&status, PROFILE_ADD, "https://acme.com/t", "--iss", "https://nobody.example");
    assert_int_equal(status, 1);
    profile = MANAGE(&status, PROFILE_ADD, "https://acme.com/t", "--iss", "https://idp.example");
    assert_int_equal(status, 0);
    id = text_of(dw_json_text(profile, "id"));
    assert_true(dw_slice_starts_with(S(id), S("tep_")));
    assert_int_equal(strlen(id), 20);
    (void)MANAGE(&status, PROFILE_ADD, "https://acme.com/t");
    assert_int_equal(status, 1); /* one profile for a type */
    (void)MANAGE(&status, "token-exchange-profile", "map", "--id", id, "--subject", "7", "--email",
                 ADA);
    assert_int_equal(status, 0);
    (void)MANAGE(&status, "token-exchange-profile", "map", "--id", id, "--subject", "7", "--email",
                 "nobody@example.com");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "token-exchange-profile", "unmap", "--id", id, "--subject", "7");
    assert_int_equal(status, 0);
    (void)MANAGE(&status, "token-exchange-profile", "unmap", "--id", id, "--subject", "7");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "trusted-issuer", "delete", "--iss", "https://idp.example");
    assert_int_equal(status, 1); /* the profile needs it */
    (void)MANAGE(&status, "token-exchange-profile", "delete", "--id", id);
    assert_int_equal(status, 0);
    (void)MANAGE(&status, "trusted-issuer", "delete", "--iss", "https://idp.example");
    assert_int_equal(status, 0);
    assert_int_equal(MANAGE(&status, "trusted-issuer", "list")->array.count, 0);
    assert_int_equal(MANAGE(&status, "token-exchange-profile", "list")->array.count, 0);
}

static void organizations_members_and_invitations_come_and_go(void **state)
{
    int status;
    const struct dw_json *made =
        MANAGE(&status, "organization", "create", "--name", "managed", "--connection",
               DW_TENANT_CONNECTION, "--set", "metadata.plan=gold");

    (void)state;
    assert_int_equal(status, 0);
    assert_true(dw_slice_starts_with(dw_json_text(made, "id"), S("org_")));
    assert_int_equal(dw_json_text(made, "id").len, 20);
    assert_slice(dw_json_text(dw_json_get(made, "metadata"), "plan"), "gold");
    assert_slice(dw_json_text(made, "third_party_client_access"), "block");
    (void)MANAGE(&status, "organization", "create", "--name", "Bad Name");
    assert_int_equal(status, 1);
    (void)MANAGE(&status, "organization", "create", "--name", "managed");
    assert_int_equal(status, 1);
    made = MANAGE(&status, "organization", "member", "add", "--organization", "managed", "--email",
                  ADA, "--role", "MCP User");
    assert_int_equal(status, 0);
    assert_slice(dw_json_text(made, "email"), ADA);
    (void)MANAGE(&status, "organization", "role", "add", "--organization", "managed", "--email",
                 "root@example.com", "--role", "MCP User");
    assert_int_equal(status, 1); /* no member */
    made = MANAGE(&status, "organization", "invitation", "create", "--organization", "managed",
                  "--email", "Grace@Example.com", "--client", DW_TENANT_DEV_CLIENT, "--login-url",
                  "https://app.example/login");
    assert_int_equal(status, 0);
    assert_slice(dw_json_text(dw_json_get(made, "invitee"), "email"), "grace@example.com");
    assert_has(dw_json_text(made, "invitation_url"), "https://app.example/login?invitation=");
    made = MANAGE(&status, "organization", "invitation", "list", "--organization", "managed");
    assert_int_equal(made->array.count, 1);
    /* The link is not to be had a second time: only its digest is kept. */
    assert_null(dw_json_get(&made->array.items[0], "invitation_url"));
    (void)MANAGE(&status, "organization", "delete", "--organization", "managed");
    assert_int_equal(status, 0);
    (void)MANAGE(&status, "organization", "show", "--organization", "managed");
    assert_int_equal(status, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_come_and_go),
        cmocka_unit_test(a_user_who_gets_another_name_or_goes_is_in_the_audit_log),
        cmocka_unit_test(client_grants_are_put_and_deleted),
        cmocka_unit_test(issuers_are_trusted_and_profiles_made),
        cmocka_unit_test(sessions_are_listed_and_ended),
        cmocka_unit_test(second_factors_are_listed_and_forgotten),
        cmocka_unit_test(keys_of_applications_are_public_halves),
        cmocka_unit_test(a_new_api_has_auth0s_defaults),
        cmocka_unit_test(new_applications_have_auth0s_defaults),
        cmocka_unit_test(third_parties_stay_what_they_are),
        cmocka_unit_test(applications_get_a_secret_once),
        cmocka_unit_test(permissions_are_given_and_taken),
        cmocka_unit_test(apis_and_roles_grow),
        cmocka_unit_test(wrong_usage_is_2),
        cmocka_unit_test(organizations_members_and_invitations_come_and_go),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
