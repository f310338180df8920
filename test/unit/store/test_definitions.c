/* Applications, APIs and client grants in memory: never older than what any process has written. */
#include "shared_fixture.h"

static struct dw_store *other; /* the same file, as another process has it open */

static int start(void **state)
{
    struct dw_store_config config = {.size = sizeof config, .path = fixture.path};

    store_start(state);
    other = dw_store_open(&config, &error);
    assert_non_null(other);
    return 0;
}

static int end(void **state)
{
    dw_store_close(other);
    return store_end(state);
}

/* ---- what is read ---- */

static struct dw_oauth_client *client_now(const char *id)
{
    struct dw_oauth_client *client;

    assert_done(dw_store_client(fixture.store, S(id), fixture.arena, &client, &error), error);
    return client;
}

static struct dw_api *api_now(void)
{
    struct dw_api *api;

    assert_done(dw_store_api(fixture.store, S(AUDIENCE), fixture.arena, &api, &error), error);
    return api;
}

static struct dw_client_grant *grant_now(bool is_default)
{
    struct dw_client_grant *grant;

    if (is_default)
        assert_done(dw_store_default_grant(fixture.store, S(AUDIENCE), DW_GRANT_SUBJECT_CLIENT,
                                           fixture.arena, &grant, &error),
                    error);
    else
        assert_done(dw_store_client_grant(fixture.store, S("c1"), S(AUDIENCE),
                                          DW_GRANT_SUBJECT_CLIENT, fixture.arena, &grant, &error),
                    error);
    return grant;
}

static void put_grant(struct dw_store *store, bool is_default, size_t scope_count)
{
    struct dw_client_grant grant = {
        .id = is_default ? S("cgr_d") : S("cgr_1"),
        .client_id = is_default ? DW_EMPTY : S("c1"),
        .is_third_party_default = is_default,
        .audience = S(AUDIENCE),
        .subject = DW_GRANT_SUBJECT_CLIENT,
        .scopes = {fixture_scopes, scope_count},
        .created_at_s = NOW_S,
    };

    assert_done(dw_store_put_client_grant(store, &grant, &error), error);
}

/* ---- changes from outside ---- */

static void a_client_that_another_process_changes_is_new_at_once(void **state)
{
    struct dw_oauth_client client = fixture_client("c1");

    (void)state;
    assert_false(client_now("c1")->requires_dpop);
    client.requires_dpop = true;
    client.redirect_uris.count = 1;
    assert_done(dw_store_put_client(other, &client, &error), error);
    assert_true(client_now("c1")->requires_dpop);
    assert_int_equal(client_now("c1")->redirect_uris.count, 1);
    assert_done(dw_store_delete_client(other, S("c1"), NOW_S, &error), error);
    assert_null(client_now("c1"));
    assert_done(dw_store_add_client(other, &client, &error), error);
    assert_non_null(client_now("c1"));
}

static void an_api_and_its_scopes_that_another_process_changes_are_new_at_once(void **state)
{
    struct dw_api api = fixture_api();

    (void)state;
    assert_int_equal(api_now()->scope_count, 3);
    api.signing_alg = DW_ALG_ES256;
    api.scope_count = 2;
    assert_done(dw_store_put_api(other, &api, &error), error);
    assert_int_equal(api_now()->signing_alg, DW_ALG_ES256);
    assert_int_equal(api_now()->scope_count, 2);
    assert_slice(api_now()->scopes[1].value, "execute:tools");
    assert_done(dw_store_delete_api(other, api.id, &error), error);
    assert_null(api_now());
}

static void a_grant_that_another_process_changes_is_new_at_once(void **state)
{
    (void)state;
    for (int is_default = 0; is_default < 2; is_default++) {
        assert_null(grant_now(is_default));
        put_grant(other, is_default, 2);
        assert_int_equal(grant_now(is_default)->scopes.count, 2);
        put_grant(other, is_default, 1);
        assert_int_equal(grant_now(is_default)->scopes.count, 1);
        assert_int_equal(grant_now(is_default)->is_third_party_default, is_default);
        assert_done(
            dw_store_delete_client_grant(other, is_default ? S("cgr_d") : S("cgr_1"), &error),
            error);
        assert_null(grant_now(is_default));
    }
}

static void what_goes_with_its_client_is_gone_at_once(void **state)
{
    (void)state;
    put_grant(fixture.store, false, 2);
    assert_non_null(grant_now(false));
    assert_done(dw_store_delete_client(other, S("c1"), NOW_S, &error), error);
    assert_null(grant_now(false));
}

/* ---- moments ---- */

static void a_moment_ends_with_a_write_of_its_own_thread(void **state)
{
    struct dw_oauth_client mine = fixture_client("c2"), theirs = fixture_client("c3");

    (void)state;
    dw_store_moment_start();
    assert_null(client_now("c2"));
    assert_null(client_now("c3"));
    assert_done(dw_store_add_client(fixture.store, &mine, &error), error);
    assert_non_null(client_now("c2"));
    assert_done(dw_store_add_client(other, &theirs, &error), error);
    dw_store_moment_end();
    assert_non_null(client_now("c3"));
    dw_store_moment_start();
    assert_non_null(client_now("c3"));
    assert_done(dw_store_delete_client(other, S("c3"), NOW_S, &error), error);
    dw_store_moment_end();
    dw_store_moment_start();
    assert_null(client_now("c3"));
    dw_store_moment_end();
}

/* ---- what is kept ---- */

static void what_a_caller_does_to_an_answer_changes_no_other(void **state)
{
    struct dw_oauth_client *first, *second;

    (void)state;
    first = client_now("c1");
    first->is_first_party = false;
    memset((void *)(uintptr_t)first->name.ptr, 'x', first->name.len);
    memset((void *)(uintptr_t)first->scopes.items, 0,
           first->scopes.count * sizeof *first->scopes.items);
    second = client_now("c1");
    assert_true(second->is_first_party);
    assert_slice(second->name, "Claude \"Desktop\" \xc3\xa9");
    assert_slice(second->scopes.items[1], "execute:tools");
    assert_slice(second->metadata_json, "{\"a\":1}");
    assert_slice(second->secret_digest, "0123456789abcdef0123456789abcdef");
}

static void names_that_nobody_has_push_nothing_out_for_good(void **state)
{
    char id[16], long_id[5000];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "nobody%d", i);
        assert_null(client_now(id));
    }
    memset(long_id, 'x', sizeof long_id);
    long_id[sizeof long_id - 1] = '\0';
    assert_null(client_now(long_id));
    assert_non_null(client_now("c1"));
    assert_int_equal(api_now()->scope_count, 3);
}

#define OF_ITS_OWN(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF_ITS_OWN(a_client_that_another_process_changes_is_new_at_once),
        OF_ITS_OWN(an_api_and_its_scopes_that_another_process_changes_are_new_at_once),
        OF_ITS_OWN(a_grant_that_another_process_changes_is_new_at_once),
        OF_ITS_OWN(what_goes_with_its_client_is_gone_at_once),
        OF_ITS_OWN(a_moment_ends_with_a_write_of_its_own_thread),
        OF_ITS_OWN(what_a_caller_does_to_an_answer_changes_no_other),
        OF_ITS_OWN(names_that_nobody_has_push_nothing_out_for_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
