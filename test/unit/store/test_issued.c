/* Access tokens that are remembered, families that are dead, and who may vouch for our users. */
#include "store/issued_tokens.h"
#include "store/trust.h"

#include "shared_fixture.h"

static void add_opaque(uint32_t seed, int64_t expires_at_s)
{
    struct dw_opaque_token token = {.token_digest = digest(fixture.arena, seed),
                                    .client_id = S("c1"),
                                    .user_id = S("auth0|1"),
                                    .session_id = S("s"),
                                    .family_id = S("f1"),
                                    .scopes = {fixture_scopes, 2},
                                    .dpop_jkt = S("thumb"),
                                    .created_at_s = NOW_S,
                                    .expires_at_s = expires_at_s};

    assert_done(dw_store_add_opaque_token(fixture.store, &token, &error), error);
}

static struct dw_opaque_token *find_opaque(uint32_t seed, int64_t now_s)
{
    struct dw_opaque_token *token;

    assert_done(dw_store_opaque_token(fixture.store, digest(fixture.arena, seed), now_s,
                                      fixture.arena, &token, &error),
                error);
    return token;
}

static void an_opaque_token_is_what_it_was_until_it_expires(void **state)
{
    struct dw_opaque_token *token;

    (void)state;
    add_opaque(1, NOW_S + 10);
    token = find_opaque(1, NOW_S + 9);
    assert_non_null(token);
    assert_slice(token->client_id, "c1");
    assert_slice(token->family_id, "f1");
    assert_slice(token->dpop_jkt, "thumb");
    assert_int_equal(token->scopes.count, 2);
    assert_null(find_opaque(1, NOW_S + 10));
    assert_null(find_opaque(2, NOW_S));
    assert_done(dw_store_purge(fixture.store, NOW_S + 10, &error), error);
    assert_null(find_opaque(1, NOW_S)); /* not only hidden */
}

static void an_opaque_token_goes_with_its_user(void **state)
{
    (void)state;
    add_opaque(1, NOW_S + 10);
    assert_done(dw_store_delete_user(fixture.store, S("auth0|1"), NOW_S, &error), error);
    assert_null(find_opaque(1, NOW_S));
}

static bool is_dead(const char *family)
{
    bool dead = false;

    assert_done(dw_store_family_is_dead(fixture.store, S(family), &dead, &error), error);
    return dead;
}

static void a_replayed_code_is_remembered_as_long_as_tokens_live(void **state)
{
    struct dw_authorization_code code = fixture_code(&fixture, 5, "f5"), *seen;
    struct dw_slices ids;
    int64_t newest_at_s;
    bool was_used;

    (void)state;
    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
    for (int round = 0; round < 2; round++) {
        assert_false(is_dead("f5"));
        assert_done(dw_store_take_authorization_code(fixture.store, code.code_digest, S("c1"),
                                                     NOW_S + round, fixture.arena, &seen, &was_used,
                                                     &error),
                    error);
        assert_int_equal(was_used, round);
    }
    assert_true(is_dead("f5"));
    assert_false(is_dead("f6"));
    assert_done(
        dw_store_dead_families(fixture.store, 0, 10, fixture.arena, &ids, &newest_at_s, &error),
        error);
    assert_int_equal(ids.count, 1);
    assert_slice(ids.items[0], "f5");
    assert_int_equal(newest_at_s, NOW_S + 1 + DW_ACCESS_TOKEN_MAX_LIFETIME_S);
    assert_done(dw_store_dead_families(fixture.store, newest_at_s + 1, 10, fixture.arena, &ids,
                                       &newest_at_s, &error),
                error);
    assert_int_equal(ids.count, 0);
    assert_done(dw_store_purge(fixture.store, newest_at_s - 1, &error), error);
    assert_true(is_dead("f5"));
    assert_done(dw_store_purge(fixture.store, newest_at_s, &error), error);
    assert_false(is_dead("f5"));
}

static void a_reused_refresh_token_is_remembered_too(void **state)
{
    struct dw_refresh_family family = fixture_family("f1", true), *seen;
    enum dw_refresh_verdict verdict;

    (void)state;
    assert_done(dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 100),
                                            NULL, &error),
                error);
    for (int round = 0; round < 2; round++)
        assert_done(dw_store_use_refresh_token(fixture.store, digest(fixture.arena, 100), DW_EMPTY,
                                               digest(fixture.arena, 101), S("c1"),
                                               NOW_S + 100 * round, fixture.arena, &verdict, &seen,
                                               &error),
                    error);
    assert_int_equal(verdict, DW_REFRESH_REUSED);
    assert_true(is_dead("f1"));
}

/* ---- trust ---- */

static void put_issuer(const char *issuer, enum dw_user_by user_by)
{
    struct dw_trusted_issuer row = {.id = S(issuer),
                                    .issuer = S(issuer),
                                    .jwks_uri = S("https://idp/jwks"),
                                    .user_by = user_by,
                                    .takes_id_jag = true,
                                    .created_at_s = NOW_S};

    assert_done(dw_store_put_trusted_issuer(fixture.store, &row, &error), error);
}

static bool put_profile(const char *id, const char *type, const char *issuer)
{
    struct dw_token_exchange_profile row = {.id = S(id),
                                            .name = S("n"),
                                            .subject_token_type = S(type),
                                            .type = S("custom_authentication"),
                                            .issuer = S(issuer),
                                            .created_at_s = NOW_S};

    return dw_store_put_token_exchange_profile(fixture.store, &row, &error);
}

static void an_issuer_is_changed_and_deleted(void **state)
{
    struct dw_trusted_issuer *row;
    int64_t total;
    size_t count;

    (void)state;
    put_issuer("https://idp", DW_USER_BY_EMAIL);
    put_issuer("https://idp", DW_USER_BY_SUBJECT);
    assert_done(dw_store_trusted_issuers(fixture.store, (struct dw_page){0}, fixture.arena, &row,
                                         &count, &total, &error),
                error);
    assert_int_equal(total, 1);
    assert_int_equal(row->user_by, DW_USER_BY_SUBJECT);
    assert_true(row->takes_id_jag);
    assert_done(
        dw_store_trusted_issuer(fixture.store, S("https://idp/"), fixture.arena, &row, &error),
        error);
    assert_null(row); /* byte for byte */
    assert_true(put_profile("tep_1", "https://a/t", "https://idp"));
    assert_fails(dw_store_delete_trusted_issuer(fixture.store, S("https://idp"), &error), error,
                 DW_CONFLICT);
    assert_done(dw_store_delete_token_exchange_profile(fixture.store, S("tep_1"), &error), error);
    assert_done(dw_store_delete_trusted_issuer(fixture.store, S("https://idp"), &error), error);
    assert_fails(dw_store_delete_trusted_issuer(fixture.store, S("https://idp"), &error), error,
                 DW_NOT_FOUND);
}

static void one_profile_takes_a_type(void **state)
{
    struct dw_token_exchange_profile *row;

    (void)state;
    assert_true(put_profile("tep_1", "https://a/t", ""));
    assert_fails(put_profile("tep_2", "https://a/t", ""), error, DW_CONFLICT);
    assert_true(put_profile("tep_1", "https://a/u", ""));
    assert_done(dw_store_token_exchange_profile(fixture.store, S("https://a/t"), fixture.arena,
                                                &row, &error),
                error);
    assert_null(row);
    assert_fails(dw_store_delete_token_exchange_profile(fixture.store, S("tep_2"), &error), error,
                 DW_NOT_FOUND);
}

static struct dw_slice mapped(const char *owner, uint32_t seed)
{
    struct dw_slice user_id;

    assert_done(dw_store_external_subject(fixture.store, S(owner), digest(fixture.arena, seed),
                                          fixture.arena, &user_id, &error),
                error);
    return user_id;
}

static void a_subject_is_its_owners(void **state)
{
    struct dw_slice seven = digest(fixture.arena, 7);

    (void)state;
    put_issuer("tis_1", DW_USER_BY_MAPPING);
    assert_fails(dw_store_put_external_subject(fixture.store, S("tis_1"), seven, S("auth0|none"),
                                               NOW_S, &error),
                 error, DW_NOT_FOUND);
    assert_done(dw_store_put_external_subject(fixture.store, S("tis_1"), seven, S("auth0|1"), NOW_S,
                                              &error),
                error);
    assert_slice(mapped("tis_1", 7), "auth0|1");
    assert_slice(mapped("tis_2", 7), "");
    assert_slice(mapped("tis_1", 8), "");
    assert_done(dw_store_delete_trusted_issuer(fixture.store, S("tis_1"), &error), error);
    assert_slice(mapped("tis_1", 7), ""); /* a later issuer of that id inherits nothing */
    assert_fails(dw_store_delete_external_subject(fixture.store, S("tis_1"), seven, &error), error,
                 DW_NOT_FOUND);
    assert_done(dw_store_put_external_subject(fixture.store, S("tep_1"), seven, S("auth0|1"), NOW_S,
                                              &error),
                error);
    assert_done(dw_store_delete_user(fixture.store, S("auth0|1"), NOW_S, &error), error);
    assert_slice(mapped("tep_1", 7), "");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, store_start, store_end)
    const struct CMUnitTest tests[] = {
        CASE(an_opaque_token_is_what_it_was_until_it_expires),
        CASE(an_opaque_token_goes_with_its_user),
        CASE(a_replayed_code_is_remembered_as_long_as_tokens_live),
        CASE(a_reused_refresh_token_is_remembered_too),
        CASE(an_issuer_is_changed_and_deleted),
        CASE(one_profile_takes_a_type),
        CASE(a_subject_is_its_owners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
