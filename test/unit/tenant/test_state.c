/* What outlives a process: keys, seeds, and what is refused when they do not fit. */
#include "fixture.h"

#include <sys/stat.h>

static void reopen(void)
{
    dw_tenant_close(world.tenant);
    world_open();
}

static struct dw_slice keys_json(void)
{
    struct dw_slice json = DW_EMPTY;
    struct dw_error error = {0};

    assert_done(dw_keyring_json(world.tenant->keyring, world.arena, &json, &error), error);
    return json;
}

static void keys_and_users_outlive_a_restart(void **state)
{
    struct dw_slice before = keys_json();
    struct browser browser = {0};

    (void)state;
    reopen();
    assert_true(dw_slice_eq(before, keys_json()));
    assert_true(location_value(authorize(&browser, AUTHORIZE "&scope=openid"), "code").len > 0);
}

static void rotation_keeps_the_old_key_published(void **state)
{
    struct dw_tenant_call *call = redeem(code_for(AUTHORIZE "&scope=openid"));
    struct browser nobody = {0};
    struct dw_error error = {0};
    size_t skipped;
    struct dw_jwks *keys;

    (void)state;
    assert_done(dw_keyring_rotate(world.tenant->keyring, world_now_s, &error), error);
    keys = dw_jwks_parse(keys_json(), &skipped, &error);
    assert_non_null(keys);
    assert_int_equal(dw_jwks_count(keys), 3); /* current, next, previous */
    dw_jwks_unref(keys);
    nobody.authorization = text_of(dw_arena_printf(
        world.arena, "Bearer %.*s", DW_PRINT(dw_json_text(json_of(call), "access_token"))));
    assert_status(get(&nobody, "/userinfo"), 200);
}

static void the_key_file_is_private_and_needed(void **state)
{
    char path[128];
    struct stat info;
    struct dw_error error = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/key", world.folder);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    dw_tenant_close(world.tenant);
    assert_int_equal(chmod(path, 0644), 0);
    assert_null(dw_tenant_open_store(&world.config, 0, &error));
    assert_string_equal(dw_code_row(error.code)->name, "DW_CONFIG");
    assert_non_null(strstr(error.message, "chmod 600"));
    assert_int_equal(chmod(path, 0600), 0);
    world.config.key_encryption_key =
        dw_secret_from(S("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
    assert_null(dw_tenant_open_store(&world.config, 0, &error));
    assert_non_null(strstr(error.message, "another key"));
    world.config.key_encryption_key = dw_secret_from(S("short"));
    assert_null(dw_tenant_open_store(&world.config, 0, &error));
    assert_non_null(strstr(error.message, "64 hex digits"));
    world.config.key_encryption_key = dw_secret_from(DW_EMPTY);
    world_open();
}

static void the_environment_may_hold_the_key(void **state)
{
    char path[128];
    struct dw_tenant_config config = world.config;
    struct dw_tenant *tenant;
    struct dw_error error = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/other", world.folder);
    config.state_dir = dw_arena_copy(world.arena, S(path));
    setenv("DOORWARD_KEY", "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100", 1);
    tenant = dw_tenant_open_store(&config, 0, &error);
    unsetenv("DOORWARD_KEY");
    assert_non_null(tenant);
    dw_tenant_close(tenant);
    snprintf(path, sizeof path, "%s/other/key", world.folder);
    assert_int_equal(access(path, F_OK), -1); /* nothing of it on the disk */
    assert_null(dw_tenant_open_store(&config, 0, &error));
    assert_non_null(strstr(error.message, "set DOORWARD_KEY"));
    assert_int_equal(access(path, F_OK), -1);
    remove_folder(text_of(config.state_dir));
}

static void a_lost_key_is_not_made_anew(void **state)
{
    char path[128], kept[128], sentence[512];
    struct dw_error error = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/key", world.folder);
    snprintf(kept, sizeof kept, "%s/kept", world.folder);
    snprintf(sentence, sizeof sentence,
             "put the key file back, or set DOORWARD_KEY to what was in it: the store was sealed "
             "under it, and there is no %s",
             path);
    dw_tenant_close(world.tenant);
    assert_int_equal(rename(path, kept), 0);
    for (int i = 0; i < 2; i++) { /* the first try left nothing that the second one takes */
        assert_null(dw_tenant_open_store(&world.config, 0, &error));
        assert_string_equal(dw_code_row(error.code)->name, "DW_CONFIG");
        assert_string_equal(error.message, sentence);
        assert_int_equal(access(path, F_OK), -1);
    }
    assert_int_equal(rename(kept, path), 0);
    world_open();
}

static void a_folder_that_others_can_write_to_is_refused(void **state)
{
    static const struct {
        mode_t mode;
        bool is_of_another_group, is_taken;
    } cases[] = {
        {0777, false, false}, {01777, false, false}, {0702, false, false}, {0775, true, false},
        {0720, true, false},  {0775, false, true},   {0755, true, true},   {0700, false, true},
    };
    struct dw_tenant_config config = world.config;
    char folder[128], file[160], sentence[512];

    (void)state;
    snprintf(folder, sizeof folder, "%s/open", world.folder);
    snprintf(file, sizeof file, "%s/key", folder);
    snprintf(sentence, sizeof sentence,
             "others can write to the state_dir; run: chmod go-w %s (or name a directory of its "
             "own in there)",
             folder);
    config.state_dir = dw_arena_copy(world.arena, S(folder));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_error error = {0};
        struct dw_tenant *tenant;

        assert_int_equal(mkdir(folder, 0700), 0);
        /* Only root can give a folder to any group. */
        if (cases[i].is_of_another_group && chown(folder, (uid_t)-1, getegid() + 1) != 0)
            (void)rmdir(folder);
        else {
            assert_int_equal(chmod(folder, cases[i].mode), 0);
            tenant = dw_tenant_open_store(&config, 0, &error);
            assert_int_equal(tenant != NULL, cases[i].is_taken);
            assert_int_equal(access(file, F_OK) == 0, cases[i].is_taken);
            if (!tenant) {
                assert_string_equal(dw_code_row(error.code)->name, "DW_CONFIG");
                assert_string_equal(error.message, sentence);
            }
            dw_tenant_close(tenant);
            remove_folder(folder);
        }
    }
}

static void issuers_that_cannot_work_are_refused(void **state)
{
    static const char *const issuers[] = {
        "",
        "http://login.example.com/",
        "https://login.example.com",
        "https://login.example.com/a/",
        "https://Login.example.com/",
        "https://login.example.com:443/",
        "https://u@login.example.com/",
        "https://login.example.com/?a",
        "ftp://login.example.com/",
    };
    struct dw_tenant_config config = world.config;

    (void)state;
    for (size_t i = 0; i < sizeof issuers / sizeof *issuers; i++) {
        struct dw_error error = {0};

        config.issuer = S(issuers[i]);
        assert_null(dw_tenant_open_store(&config, 0, &error));
        assert_string_equal(dw_code_row(error.code)->name, "DW_CONFIG");
        assert_non_null(strstr(error.message, "issuer"));
    }
}

static void seeding_twice_changes_nothing(void **state)
{
    struct dw_api *apis = NULL;
    struct dw_role *roles = NULL;
    struct dw_error error = {0};
    size_t api_count = 0, role_count = 0, seeded = 0;

    (void)state;
    world.config.seed_chapter = true;
    reopen();
    reopen();
    world.config.seed_chapter = false;
    assert_done(dw_store_apis(world.tenant->store, (struct dw_page){0}, world.arena, &apis,
                              &api_count, NULL, &error),
                error);
    assert_done(dw_store_roles(world.tenant->store, (struct dw_page){0}, world.arena, &roles,
                               &role_count, NULL, &error),
                error);
    assert_int_equal(role_count, 2);
    for (size_t i = 0; i < api_count; i++)
        if (!apis[i].is_system) { /* the tenant's own are not the seed's */
            assert_int_equal(apis[i].scope_count, 5);
            seeded++;
        }
    assert_int_equal(seeded, 2);
}

static void write_seed(const char *json)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/seed.json", world.folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(json, file);
    fclose(file);
    world.config.seed_file = dw_arena_copy(world.arena, S(path));
}

static void a_seed_file_makes_what_is_missing(void **state)
{
    struct browser nobody = {0};
    struct dw_tenant_call *call;

    (void)state;
    write_seed(
        "{\"apis\":[{\"identifier\":\"https://seeded.example\",\"permissions\":"
        "[\"a\",{\"value\":\"b\",\"description\":\"B\"}]}],"
        "\"roles\":[{\"name\":\"R\",\"api\":\"https://seeded.example\",\"permissions\":[\"a\"]}],"
        "\"clients\":[{\"client_id\":\"seeded\",\"client_secret\":\"s3cret\","
        "\"grant_types\":[\"client_credentials\"],\"audiences\":[\"https://seeded.example\"]}],"
        "\"users\":[{\"email\":\"eve@example.com\",\"password\":\"eves password\","
        "\"roles\":[\"R\"]}]}");
    reopen();
    reopen();
    call = post(&nobody, "/oauth/token",
                "grant_type=client_credentials&client_id=seeded&client_secret=s3cret"
                "&audience=https%3A%2F%2Fseeded.example");
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "scope"), "a b");
    call = post(&nobody, "/oauth/token",
                "grant_type=password&client_id=doorward-dev&username=EVE%40example.com"
                "&password=eves%20password&audience=https%3A%2F%2Fseeded.example");
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "scope"),
                 "openid profile email address phone a");
    world.config.seed_file = DW_EMPTY;
}

static void bad_seed_files_say_what_is_wrong(void **state)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"[]", "JSON object"},
        {"{\"api\":[]}", "apis, roles, clients, users"},
        {"{\"users\":[{}]}", "\"email\""},
        {"{\"users\":[{\"email\":\"x\"}]}", "no email address"},
        {"{\"users\":[{\"email\":\"new@x.org\",\"roles\":[\"No\"]}]}", "no role \"No\""},
        {"{\"users\":[{\"email\":\"short@x.org\",\"password\":\"short\"}]}", "8 characters"},
        {"{\"clients\":[{\"client_id\":\"c\",\"redirect_uris\":[\"javascript:1\"]}]}", ""},
        {"{\"clients\":[{\"client_id\":\"m2m\",\"audiences\":[\"https://no.example\"]}]}",
         "the API \"https://no.example\", and there is none"},
    };
    struct dw_error error;

    (void)state;
    dw_tenant_close(world.tenant);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_seed(cases[i].json);
        memset(&error, 0, sizeof error);
        assert_null(dw_tenant_open_store(&world.config, 0, &error));
        if (!strstr(error.message, cases[i].text))
            fail_msg("%s: %s", cases[i].json, error.message);
    }
    world.config.seed_file = DW_EMPTY;
    world_open();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_users_outlive_a_restart),
        cmocka_unit_test(rotation_keeps_the_old_key_published),
        cmocka_unit_test(the_key_file_is_private_and_needed),
        cmocka_unit_test(the_environment_may_hold_the_key),
        cmocka_unit_test(a_lost_key_is_not_made_anew),
        cmocka_unit_test(a_folder_that_others_can_write_to_is_refused),
        cmocka_unit_test(issuers_that_cannot_work_are_refused),
        cmocka_unit_test(seeding_twice_changes_nothing),
        cmocka_unit_test(a_seed_file_makes_what_is_missing),
        cmocka_unit_test(bad_seed_files_say_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
