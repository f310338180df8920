/* cli/config.h: the file, the environment, the seed's own file, and the issuers that come out. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/reference.h"
#include "sys/sys.h"

static struct dw_arena *arena;
static struct dw_error error;
static struct dw_config config;
static char folder[64];

static const char *const variables[] = {"AUTH0_DOMAIN",        "AUTH0_AUDIENCE", "AUTH0_CLIENT_ID",
                                        "AUTH0_CLIENT_SECRET", "OIDC_ISSUER",    "OIDC_AUDIENCE"};

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    strcpy(folder, "/tmp/doorward-test-XXXXXX");
    arena = dw_arena_new(16 * 1024 * 1024);
    return arena && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    dw_arena_free(arena);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") || system(command);
}

static void write_file(const char *name, const char *text)
{
    assert_done(dw_sys_write_file(name, 0600, S(text), &error), error);
}

static bool load(const char *text)
{
    write_file("doorward.toml", text);
    return dw_config_load(DW_EMPTY, arena, &config, &error);
}

static const struct dw_issuer_config *issuers(size_t expected)
{
    const struct dw_issuer_config *found;
    size_t count;

    assert_done(dw_config_issuers(&config, arena, &found, &count, &error), error);
    assert_int_equal(count, expected);
    return found;
}

/* The chapter's file, as its fuzz corpus has it. */
static void the_seeds_file_loads_alone(void **state)
{
    struct dw_slice text;

    (void)state;
    assert_done(dw_sys_read_file(DW_TEST_FOLDER "/fuzz/corpus/toml/auth0.toml", 65536, arena, &text,
                                 &error),
                error);
    assert_int_equal(mkdir(".pmcp", 0700), 0);
    assert_done(dw_sys_write_file(".pmcp/deploy.toml", 0600, text, &error), error);
    assert_done(dw_config_load(DW_EMPTY, arena, &config, &error), error);
    assert_slice(config.path, ".pmcp/deploy.toml");
    assert_slice(issuers(1)->issuer, "https://your-tenant.auth0.com/");
    assert_slice(issuers(1)->audiences.items[0], "https://mcp.example.com");
    assert_true(config.tenant.allow_registration);
    assert_int_equal(config.tenant.public_client_patterns.count, 4);
    assert_int_equal(config.tenant.allowed_scopes.count, 8);
    assert_int_equal(config.unused.len, 0);
}

static void the_seed_projects_whole_schema_is_accepted_and_named(void **state)
{
    (void)state;
    assert_done(
        load("[target]\ntype = \"pmcp-run\"\nversion = \"1.0.0\"\n[aws]\nregion = \"us-east-1\"\n"
             "[server]\nname = \"s\"\nmemory_mb = 512\ntimeout_seconds = 30\n"
             "[environment]\nRUST_LOG = \"info\"\n[secrets]\n"
             "[auth]\nenabled = true\nprovider = \"oidc\"\ncallback_urls = []\n"
             "[auth.cognito]\nresource_server_id = \"mcp\"\nsocial_providers = []\n"
             "[auth.oidc]\nprovider_type = \"generic\"\nissuer = \"https://i.example.com\"\n"
             "client_id = \"c\"\n[auth.dcr]\nenabled = true\n[auth.scopes.custom]\nx = \"y\"\n"
             "[observability]\nlog_retention_days = 30\n[observability.alarms]\nerror_threshold = "
             "10\n[api_gateway]\n[assets]\ninclude = []\n[composition]\ntier = \"foundation\"\n"),
        error);
    assert_slice(config.unused,
                 "target, aws, server, environment, secrets, auth.callback_urls, auth.cognito, "
                 "auth.oidc.provider_type, auth.scopes, observability, api_gateway, assets, "
                 "composition");
    assert_slice(issuers(1)->issuer, "https://i.example.com");
    assert_slice(config.client_id, "c");
}

static void no_file_is_all_standard_and_a_named_one_must_be_there(void **state)
{
    (void)state;
    assert_done(dw_config_load(DW_EMPTY, arena, &config, &error), error);
    assert_null(config.path.ptr);
    assert_slice(config.gateway.listen, "127.0.0.1:8420");
    assert_slice(config.tenant.issuer, "http://127.0.0.1:8421/");
    assert_fails(dw_config_load(DW_LIT("none.toml"), arena, &config, &error), error, DW_NOT_FOUND);
    assert_string_equal(error.message, "there is no file none.toml");
    write_file("other.toml", "[gateway]\nlisten = \"127.0.0.1:1\"\n");
    write_file("doorward.toml", "[gateway]\nlisten = \"127.0.0.1:2\"\n");
    assert_done(dw_config_load(DW_LIT("other.toml"), arena, &config, &error), error);
    assert_slice(config.gateway.listen, "127.0.0.1:1");
    assert_done(dw_config_load(DW_EMPTY, arena, &config, &error), error);
    assert_slice(config.gateway.listen, "127.0.0.1:2");
}

static void the_environment_beats_the_file(void **state)
{
    (void)state;
    setenv("AUTH0_DOMAIN", "env.auth0.com", 1);
    setenv("AUTH0_AUDIENCE", "https://env.example.com", 1);
    setenv("AUTH0_CLIENT_ID", "id", 1);
    setenv("AUTH0_CLIENT_SECRET", "hush", 1);
    assert_done(load("[auth]\nenabled = false\nprovider = \"okta\"\nissuer = \"https://file/\"\n"
                     "jwks_uri = \"https://file/keys\"\naudience = \"https://file.example.com\"\n"),
                error);
    assert_slice(issuers(1)->provider, "auth0");
    assert_slice(issuers(1)->issuer, "https://env.auth0.com/");
    assert_int_equal(issuers(1)->jwks_uri.len, 0);
    assert_slice(issuers(1)->audiences.items[0], "https://env.example.com");
    assert_slice(config.client_id, "id");
    assert_slice(config.client_secret.hidden, "hush");
    setenv("OIDC_ISSUER", "https://other/", 1);
    assert_fails(load(""), error, DW_CONFIG);
    unsetenv("AUTH0_DOMAIN");
    assert_done(load("[auth]\nprovider = \"keycloak\"\ndomain = \"x\"\n"), error);
    assert_slice(issuers(1)->provider, "keycloak");
    assert_slice(issuers(1)->issuer, "https://other/");
}

static void several_issuers_come_out_in_order(void **state)
{
    (void)state;
    assert_done(load("[auth]\ndomain = \"https://a.auth0.com/\"\n"
                     "[[auth.issuer]]\nprovider = \"okta\"\ndomain = \"b.okta.com\"\n"
                     "[[auth.issuer]]\nprovider = \"google\"\naudience = [\"x\", \"y\"]\n"
                     "[[auth.issuer]]\nissuer = \"http://127.0.0.1:9/\"\n"),
                error);
    assert_slice(issuers(4)[0].issuer, "https://a.auth0.com/");
    assert_slice(issuers(4)[1].issuer, "https://b.okta.com/oauth2/default");
    assert_slice(issuers(4)[2].issuer, "https://accounts.google.com");
    assert_int_equal(issuers(4)[2].audiences.count, 2);
    assert_slice(issuers(4)[3].issuer, "http://127.0.0.1:9/");
    assert_slice(issuers(4)[3].provider, "oidc");
    assert_done(load("[[auth.issuer]]\nissuer = \"https://only/\"\n"), error);
    assert_slice(issuers(1)->issuer, "https://only/");
}

static void what_would_trust_nobody_or_everybody_is_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "auth names no issuer: set auth.issuer, or OIDC_ISSUER in the environment"},
        {"[auth]\nprovider = \"auth0\"\n",
         "auth names no issuer: set auth.domain, or AUTH0_DOMAIN in the environment"},
        {"[auth]\nenabled = false\nissuer = \"https://i/\"\n",
         "auth.enabled is false or the provider is none, and everybody would be let in; set "
         "auth.enabled = true and a provider"},
        {"[auth]\nprovider = \"none\"\n",
         "auth.enabled is false or the provider is none, and everybody would be let in; set "
         "auth.enabled = true and a provider"},
        {"[auth]\nprovider = \"auth1\"\nissuer = \"https://i/\"\n", NULL},
        {"[auth]\nissuer = \"not a url\"\n", "auth.issuer \"not a url\" is no URL"},
        {"[auth]\nissuer = \"http://i.example.com/\"\n",
         "auth.issuer \"http://i.example.com/\" must be https (http is for loopback)"},
        {"[auth]\nissuer = \"https://i/\"\njwks_uri = \"http://i/keys\"\n",
         "auth.jwks_uri \"http://i/keys\" must be https (http is for loopback)"},
        {"[auth]\nissuer = \"https://i/\"\ndomain = \"d\"\n",
         "auth has both a domain and an issuer; keep one"},
        {"[auth]\ndomain = \"a b\"\n", "auth.domain \"a b\" is no domain"},
        {"[auth]\nissuer = \"https://i/\"\nalgorithms = [\"HS256\"]\n",
         "auth.algorithms: \"HS256\" is no asymmetric signature algorithm"},
        {"[auth]\nissuer = \"https://i/\"\nalgorithms = [\"none\"]\n",
         "auth.algorithms: \"none\" is no asymmetric signature algorithm"},
        {"[auth]\nissuer = \"https://i/\"\nprovider = \"oidc\"\n[[auth.issuer]]\nissuer = "
         "\"https://i/\"\n",
         NULL},
        {"[auth]\nprovider = \"oidc\"\n[[auth.issuer]]\nissuer = \"https://i/\"\n",
         "auth names no issuer: set auth.issuer, or OIDC_ISSUER in the environment"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dw_issuer_config *found;
        size_t count;

        /* TOML itself refuses the case with a text and a list of one name. */
        assert_true(!load(cases[i].text) ||
                    !dw_config_issuers(&config, arena, &found, &count, &error));
        assert_int_equal(error.code, DW_CONFIG);
        if (cases[i].message)
            assert_string_equal(error.message, cases[i].message);
    }
}

static void a_wrong_file_is_named_with_the_place(void **state)
{
    (void)state;
    assert_fails(load("[gateway]\nlisten = \"127.0.0.1:0\"\nupstrem = \"x\"\n"), error, DW_CONFIG);
    assert_string_equal(error.message, "doorward.toml: line 3, column 1: gateway.upstrem is not "
                                       "known; did you mean gateway.upstream?");
    assert_fails(load("[auth.dcr]\nenabled = \"yes\"\n"), error, DW_CONFIG);
    assert_string_equal(error.message,
                        "doorward.toml: line 2, column 11: auth.dcr.enabled must be true or false");
}

static void the_policy_comes_out_as_written(void **state)
{
    const struct dw_policy_row *rows;
    struct dw_guard_config guard;

    (void)state;
    assert_done(load("[[policy]]\nname = \"a\"\ntool = \"get-*\"\nall_scopes = [\"x\", \"y\"]\n"
                     "[[policy]]\nresource = \"*\"\nany_scopes = \"z\"\ndeny = true\n"),
                error);
    guard = dw_config_guard(&config, NULL, 0);
    rows = guard.policy;
    assert_int_equal(guard.policy_count, 2);
    assert_slice(rows[0].tool, "get-*");
    assert_int_equal(rows[0].all_scopes.count, 2);
    assert_false(rows[0].is_deny);
    assert_true(rows[1].is_deny);
    assert_slice(rows[1].any_scopes.items[0], "z");
    assert_int_equal(guard.leeway_s, 60);
    assert_int_equal(guard.token_cache_entries, 16384);
}

static void same_as_file(struct dw_slice made, const char *path)
{
    struct dw_slice committed;

    assert_done(dw_sys_read_file(path, 1024 * 1024, arena, &committed, &error), error);
    if (!dw_slice_eq(made, committed))
        fail_msg("%s differs: run \"doorward config reference > docs/config.md\" and \"doorward "
                 "config manual > docs/man/doorward.toml.5\"",
                 path);
}

static void the_committed_reference_is_what_the_rows_say(void **state)
{
    struct dw_slice text;

    (void)state;
    assert_done(dw_reference_markdown(arena, &text, &error), error);
    same_as_file(text, DW_TEST_FOLDER "/../docs/config.md");
    assert_done(dw_reference_manual(arena, &text, &error), error);
    same_as_file(text, DW_TEST_FOLDER "/../docs/man/doorward.toml.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_seeds_file_loads_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_seed_projects_whole_schema_is_accepted_and_named,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_file_is_all_standard_and_a_named_one_must_be_there,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_environment_beats_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_issuers_come_out_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_would_trust_nobody_or_everybody_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_file_is_named_with_the_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_policy_comes_out_as_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_committed_reference_is_what_the_rows_say, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
