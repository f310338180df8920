/* Every kind of record: what goes in comes out; absence, conflicts, references, pages. */
#include "shared_fixture.h"
#include "store/documents.h"

static size_t count;
static int64_t total;

/* --- absence ---------------------------------------------------------------------------------- */

static void what_is_not_there_is_null_and_no_failure(void **state)
{
    struct dw_oauth_client *client = (void *)1;
    struct dw_api *api = (void *)1;
    struct dw_user *user = (void *)1;
    struct dw_role *role = (void *)1;
    struct dw_consent *consent = (void *)1;
    struct dw_client_grant *grant = (void *)1;
    struct dw_slice none = S("none");
    struct dw_store *store = fixture.store;
    struct dw_arena *arena = fixture.arena;

    (void)state;
    assert_done(dw_store_client(store, none, arena, &client, &error), error);
    assert_null(client);
    assert_done(dw_store_api(store, none, arena, &api, &error), error);
    assert_null(api);
    assert_done(dw_store_user(store, none, arena, &user, &error), error);
    assert_null(user);
    user = (void *)1;
    assert_done(dw_store_user_by_login(store, none, DW_EMPTY, arena, &user, &error), error);
    assert_null(user);
    assert_done(dw_store_role_by_name(store, none, arena, &role, &error), error);
    assert_null(role);
    assert_done(dw_store_consent(store, none, none, none, none, arena, &consent, &error), error);
    assert_null(consent);
    assert_done(
        dw_store_client_grant(store, none, none, DW_GRANT_SUBJECT_USER, arena, &grant, &error),
        error);
    assert_null(grant);
}

static void changing_what_is_not_there_fails_with_not_found(void **state)
{
    struct dw_user user = fixture_user("auth0|9", "nine@example.com");
    struct dw_slice none = S("none");

    (void)state;
    assert_fails(dw_store_delete_client(fixture.store, none, NOW_S, &error), error, DW_NOT_FOUND);
    assert_string_equal(error.message, "there is no such client");
    assert_fails(dw_store_delete_api(fixture.store, none, &error), error, DW_NOT_FOUND);
    assert_fails(dw_store_delete_user(fixture.store, none, NOW_S, &error), error, DW_NOT_FOUND);
    assert_fails(dw_store_delete_role(fixture.store, none, &error), error, DW_NOT_FOUND);
    assert_fails(dw_store_update_user(fixture.store, &user, &error), error, DW_NOT_FOUND);
    assert_fails(dw_store_note_login(fixture.store, none, none, NOW_S, &error), error,
                 DW_NOT_FOUND);
    assert_fails(dw_store_delete_consent(fixture.store, none, NOW_S, &error), error, DW_NOT_FOUND);
    assert_fails(dw_store_revoke_signing_key(fixture.store, none, NOW_S, &error), error,
                 DW_NOT_FOUND);
}

/* --- conflicts and references ----------------------------------------------------------------- */

static void a_taken_id_is_a_conflict(void **state)
{
    struct dw_oauth_client client = fixture_client("c1");
    struct dw_user same_id = fixture_user("auth0|1", "other@example.com");
    struct dw_user same_email = fixture_user("auth0|2", "ADA@example.com");

    (void)state;
    assert_fails(dw_store_add_client(fixture.store, &client, &error), error, DW_CONFLICT);
    assert_fails(dw_store_add_user(fixture.store, &same_id, &error), error, DW_CONFLICT);
    assert_fails(dw_store_add_user(fixture.store, &same_email, &error), error, DW_CONFLICT);
}

static void users_without_address_do_not_conflict(void **state)
{
    struct dw_user one = fixture_user("auth0|2", "");
    struct dw_user two = fixture_user("auth0|3", "");

    (void)state;
    assert_done(dw_store_add_user(fixture.store, &one, &error), error);
    assert_done(dw_store_add_user(fixture.store, &two, &error), error);
}

static void a_reference_to_nothing_is_refused(void **state)
{
    struct dw_client_grant grant = {
        .id = S("cgr_1"), .client_id = S("none"), .audience = S(AUDIENCE)};
    struct dw_permission unknown_scope = {.audience = S(AUDIENCE), .name = S("fly")};
    struct dw_permission known = {.audience = S(AUDIENCE), .name = S("admin")};
    struct dw_slice role_id = S("rol_none");
    struct dw_authorization_code code = fixture_code(&fixture, 1, "f");

    (void)state;
    assert_fails(dw_store_put_client_grant(fixture.store, &grant, &error), error, DW_NOT_FOUND);
    assert_fails(
        dw_store_add_user_permissions(fixture.store, S("auth0|1"), &unknown_scope, 1, &error),
        error, DW_NOT_FOUND);
    assert_string_equal(error.message, "the API https://mcp.example.com has no permission fly");
    assert_fails(dw_store_add_role_permissions(fixture.store, role_id, &known, 1, &error), error,
                 DW_NOT_FOUND);
    assert_fails(dw_store_add_user_roles(fixture.store, S("auth0|1"),
                                         (struct dw_slices){&role_id, 1}, &error),
                 error, DW_NOT_FOUND);
    code.user_id = S("auth0|9");
    assert_fails(dw_store_add_authorization_code(fixture.store, &code, &error), error,
                 DW_NOT_FOUND);
}

static void a_grant_is_for_one_client_or_for_third_parties(void **state)
{
    struct dw_client_grant both = {.id = S("cgr_1"),
                                   .client_id = S("c1"),
                                   .is_third_party_default = true,
                                   .audience = S(AUDIENCE)};
    struct dw_client_grant neither = {.id = S("cgr_1"), .audience = S(AUDIENCE)};

    (void)state;
    assert_fails(dw_store_put_client_grant(fixture.store, &both, &error), error,
                 DW_INVALID_REQUEST);
    assert_fails(dw_store_put_client_grant(fixture.store, &neither, &error), error,
                 DW_INVALID_REQUEST);
}

static void of_several_permissions_none_is_added_when_one_is_wrong(void **state)
{
    struct dw_permission permissions[] = {{.audience = S(AUDIENCE), .name = S("admin")},
                                          {.audience = S(AUDIENCE), .name = S("fly")}};
    struct dw_slices names;

    (void)state;
    assert_fails(dw_store_add_user_permissions(fixture.store, S("auth0|1"), permissions, 2, &error),
                 error, DW_NOT_FOUND);
    assert_done(dw_store_effective_permissions(fixture.store, S("auth0|1"), S(AUDIENCE),
                                               fixture.arena, &names, &error),
                error);
    assert_int_equal(names.count, 0);
}

/* --- what goes in comes out ------------------------------------------------------------------- */

static void documents_come_back_and_each_change_has_its_version(void **state)
{
    struct dw_slice json;
    int64_t first, second;

    (void)state;
    assert_done(dw_store_document(fixture.store, S("tenant"), fixture.arena, &json, &error), error);
    assert_int_equal(json.len, 0);
    assert_done(dw_store_put_document(fixture.store, S("tenant"), S("{\"a\":1}"), NOW_S, &error),
                error);
    assert_done(dw_store_documents_version(fixture.store, &first, &error), error);
    assert_done(dw_store_put_document(fixture.store, S("prompts"), S("{}"), NOW_S, &error), error);
    assert_done(dw_store_put_document(fixture.store, S("tenant"), S("{\"a\":2}"), NOW_S, &error),
                error);
    assert_done(dw_store_documents_version(fixture.store, &second, &error), error);
    assert_true(second == first + 2);
    assert_done(dw_store_document(fixture.store, S("tenant"), fixture.arena, &json, &error), error);
    assert_slice(json, "{\"a\":2}");
}

static void a_client_comes_back(void **state)
{
    struct dw_oauth_client *seen;

    (void)state;
    assert_done(dw_store_client(fixture.store, S("c1"), fixture.arena, &seen, &error), error);
    assert_slice(seen->id, "c1");
    assert_slice(seen->name, "Claude \"Desktop\" \xc3\xa9");
    assert_int_equal(seen->kind, DW_CLIENT_DCR);
    assert_int_equal(seen->app_type, DW_APP_NATIVE);
    assert_true(seen->is_first_party);
    assert_int_equal(seen->auth_method, DW_CLIENT_AUTH_POST);
    assert_slice(seen->secret_digest, "0123456789abcdef0123456789abcdef");
    assert_int_equal(seen->redirect_uris.count, 2);
    assert_slice(seen->redirect_uris.items[1], "http://127.0.0.1/cb");
    assert_int_equal(seen->grant_types.count, 0);
    assert_int_equal(seen->scopes.count, 2);
    assert_true(seen->refresh.is_rotating);
    assert_int_equal(seen->refresh.leeway_s, 30);
    assert_int_equal(seen->refresh.idle_lifetime_s, 500);
    assert_slice(seen->metadata_json, "{\"a\":1}");
    assert_slice(seen->jwks_json, "");
    assert_int_equal(seen->updated_at_s, NOW_S + 1);
}

static void putting_a_client_again_keeps_what_refers_to_it(void **state)
{
    struct dw_oauth_client client = fixture_client("c1");
    struct dw_client_grant grant = {.id = S("cgr_1"),
                                    .client_id = S("c1"),
                                    .audience = S(AUDIENCE),
                                    .subject = DW_GRANT_SUBJECT_USER,
                                    .scopes = {fixture_scopes, 2}};
    struct dw_client_grant *seen;

    (void)state;
    assert_done(dw_store_put_client_grant(fixture.store, &grant, &error), error);
    client.name = S("renamed");
    assert_done(dw_store_put_client(fixture.store, &client, &error), error);
    assert_done(dw_store_client_grant(fixture.store, S("c1"), S(AUDIENCE), DW_GRANT_SUBJECT_USER,
                                      fixture.arena, &seen, &error),
                error);
    assert_non_null(seen);
    assert_int_equal(seen->scopes.count, 2);
    assert_false(seen->is_third_party_default);
}

static void a_grant_for_third_parties_is_apart(void **state)
{
    struct dw_client_grant grant = {.id = S("cgr_d"),
                                    .is_third_party_default = true,
                                    .audience = S(AUDIENCE),
                                    .subject = DW_GRANT_SUBJECT_USER};
    struct dw_client_grant *seen;

    (void)state;
    assert_done(dw_store_put_client_grant(fixture.store, &grant, &error), error);
    grant.id = S("cgr_other");
    grant.allows_all_scopes = true;
    assert_done(dw_store_put_client_grant(fixture.store, &grant, &error), error);
    assert_done(dw_store_default_grant(fixture.store, S(AUDIENCE), DW_GRANT_SUBJECT_USER,
                                       fixture.arena, &seen, &error),
                error);
    assert_slice(seen->id, "cgr_d");
    assert_true(seen->is_third_party_default);
    assert_true(seen->allows_all_scopes);
    assert_done(dw_store_default_grant(fixture.store, S(AUDIENCE), DW_GRANT_SUBJECT_CLIENT,
                                       fixture.arena, &seen, &error),
                error);
    assert_null(seen);
    assert_done(dw_store_client_grants(fixture.store, DW_EMPTY, S(AUDIENCE), (struct dw_page){0},
                                       fixture.arena, &seen, &count, &total, &error),
                error);
    assert_int_equal(count, 1);
    assert_true(seen[0].is_third_party_default);
    assert_done(dw_store_client_grants(fixture.store, S("c1"), DW_EMPTY, (struct dw_page){0},
                                       fixture.arena, &seen, &count, &total, &error),
                error);
    assert_int_equal(count, 0);
}

static void an_api_comes_back_with_its_scopes_in_order(void **state)
{
    static const struct dw_api_scope fewer[] = {{{"admin", 5}, {"All", 3}}, {{"new", 3}, {"", 0}}};
    struct dw_permission permissions[] = {{.audience = S(AUDIENCE), .name = S("admin")},
                                          {.audience = S(AUDIENCE), .name = S("read:tools")}};
    struct dw_api api = fixture_api();
    struct dw_api *seen;
    struct dw_slices names;

    (void)state;
    assert_done(dw_store_add_user_permissions(fixture.store, S("auth0|1"), permissions, 2, &error),
                error);
    assert_done(dw_store_api(fixture.store, S(AUDIENCE), fixture.arena, &seen, &error), error);
    assert_int_equal(seen->scope_count, 3);
    assert_slice(seen->scopes[0].value, "read:tools");
    assert_slice(seen->scopes[2].description, "Everything");
    assert_int_equal(seen->token_dialect, DW_DIALECT_RFC9068_AUTHZ);
    assert_int_equal(seen->signing_alg, DW_ALG_RS256);
    assert_int_equal(seen->user_policy, DW_API_POLICY_ALLOW_ALL);
    assert_int_equal(seen->client_policy, DW_API_POLICY_REQUIRE_CLIENT_GRANT);

    api.scopes = fewer;
    api.scope_count = 2;
    assert_done(dw_store_put_api(fixture.store, &api, &error), error);
    assert_done(dw_store_api(fixture.store, S(AUDIENCE), fixture.arena, &seen, &error), error);
    assert_int_equal(seen->scope_count, 2);
    assert_slice(seen->scopes[0].value, "admin");
    assert_slice(seen->scopes[0].description, "All");
    /* A permission of a scope that is gone is gone; the other one stays. */
    assert_done(dw_store_effective_permissions(fixture.store, S("auth0|1"), S(AUDIENCE),
                                               fixture.arena, &names, &error),
                error);
    assert_int_equal(names.count, 1);
    assert_slice(names.items[0], "admin");
}

static void a_user_is_found_by_address_in_any_case(void **state)
{
    struct dw_slice connection = S("Username-Password-Authentication");
    struct dw_user *seen;

    (void)state;
    assert_done(dw_store_user_by_login(fixture.store, connection, S("ADA@Example.com"),
                                       fixture.arena, &seen, &error),
                error);
    assert_slice(seen->id, "auth0|1");
    assert_slice(seen->password_hash.hidden, "$argon2id$x");
    assert_slice(seen->app_metadata_json, "{}");
    assert_done(dw_store_user_by_login(fixture.store, S("other"), S("ada@example.com"),
                                       fixture.arena, &seen, &error),
                error);
    assert_null(seen);
    assert_done(dw_store_note_login(fixture.store, S("auth0|1"), S("127.0.0.1"), NOW_S + 9, &error),
                error);
    assert_done(dw_store_user(fixture.store, S("auth0|1"), fixture.arena, &seen, &error), error);
    assert_int_equal(seen->logins_count, 1);
    assert_int_equal(seen->last_login_at_s, NOW_S + 9);
    assert_slice(seen->last_ip, "127.0.0.1");
}

static void permissions_come_directly_and_through_roles(void **state)
{
    struct dw_role role = {.id = S("rol_1"), .name = S("user"), .created_at_s = NOW_S};
    struct dw_role twin = {.id = S("rol_2"), .name = S("user"), .created_at_s = NOW_S};
    struct dw_permission of_role[] = {{.audience = S(AUDIENCE), .name = S("read:tools")},
                                      {.audience = S(AUDIENCE), .name = S("execute:tools")}};
    struct dw_permission direct[] = {{.audience = S(AUDIENCE), .name = S("admin")},
                                     {.audience = S(AUDIENCE), .name = S("read:tools")}};
    struct dw_slices names;
    struct dw_permission *permissions;
    struct dw_role *roles;
    struct dw_user *users;

    (void)state;
    assert_done(dw_store_put_role(fixture.store, &role, &error), error);
    assert_fails(dw_store_put_role(fixture.store, &twin, &error), error, DW_CONFLICT);
    for (int twice = 0; twice < 2; twice++) {
        assert_done(dw_store_add_role_permissions(fixture.store, role.id, of_role, 2, &error),
                    error);
        assert_done(dw_store_add_user_roles(fixture.store, S("auth0|1"),
                                            (struct dw_slices){&role.id, 1}, &error),
                    error);
        assert_done(dw_store_add_user_permissions(fixture.store, S("auth0|1"), direct, 2, &error),
                    error);
    }
    assert_done(dw_store_effective_permissions(fixture.store, S("auth0|1"), S(AUDIENCE),
                                               fixture.arena, &names, &error),
                error);
    assert_int_equal(names.count, 3);
    assert_slice(names.items[0], "admin");
    assert_slice(names.items[1], "execute:tools");
    assert_slice(names.items[2], "read:tools");
    assert_done(dw_store_role_permissions(fixture.store, role.id, (struct dw_page){0},
                                          fixture.arena, &permissions, &count, &total, &error),
                error);
    assert_int_equal(count, 2);
    assert_slice(permissions[0].audience, AUDIENCE);
    assert_slice(permissions[0].name, "read:tools");
    assert_slice(permissions[0].description, "See the tools");
    assert_done(dw_store_user_roles(fixture.store, S("auth0|1"), (struct dw_page){0}, fixture.arena,
                                    &roles, &count, &total, &error),
                error);
    assert_int_equal(count, 1);
    assert_slice(roles[0].name, "user");
    assert_done(dw_store_role_users(fixture.store, role.id, (struct dw_page){0}, fixture.arena,
                                    &users, &count, NULL, &error),
                error);
    assert_int_equal(count, 1);
    assert_done(dw_store_remove_user_permissions(fixture.store, S("auth0|1"), direct, 2, &error),
                error);
    assert_done(dw_store_remove_user_roles(fixture.store, S("auth0|1"),
                                           (struct dw_slices){&role.id, 1}, &error),
                error);
    assert_done(dw_store_effective_permissions(fixture.store, S("auth0|1"), S(AUDIENCE),
                                               fixture.arena, &names, &error),
                error);
    assert_int_equal(names.count, 0);
}

static void a_second_consent_adds_its_scopes(void **state)
{
    struct dw_consent consent = {.id = S("g1"),
                                 .user_id = S("auth0|1"),
                                 .client_id = S("c1"),
                                 .audience = S(AUDIENCE),
                                 .scopes = {fixture_scopes, 1},
                                 .created_at_s = NOW_S,
                                 .updated_at_s = NOW_S};
    struct dw_consent *seen;

    (void)state;
    assert_done(dw_store_add_consent(fixture.store, &consent, &error), error);
    consent.id = S("g2");
    consent.scopes = (struct dw_slices){fixture_scopes + 1, 1};
    consent.updated_at_s = NOW_S + 1;
    assert_done(dw_store_add_consent(fixture.store, &consent, &error), error);
    assert_done(dw_store_consent(fixture.store, S("auth0|1"), S("c1"), S(AUDIENCE), DW_EMPTY,
                                 fixture.arena, &seen, &error),
                error);
    assert_slice(seen->id, "g1");
    assert_int_equal(seen->scopes.count, 2);
    assert_true(dw_slices_have(seen->scopes, S("read:tools")));
    assert_true(dw_slices_have(seen->scopes, S("execute:tools")));
    assert_int_equal(seen->updated_at_s, NOW_S + 1);
    assert_done(dw_store_consents(fixture.store, S("auth0|1"), (struct dw_page){0}, fixture.arena,
                                  &seen, &count, &total, &error),
                error);
    assert_int_equal(total, 1);
}

static void signing_keys_rotate(void **state)
{
    struct dw_signing_key_record key = {.kid = S("k1"),
                                        .alg = DW_ALG_RS256,
                                        .phase = DW_SIGNING_KEY_CURRENT,
                                        .sealed_private_key = S("\x01\x00\x02"),
                                        .certificate_der = S("der"),
                                        .public_jwk_json = S("{\"kty\":\"RSA\"}"),
                                        .created_at_s = NOW_S};
    struct dw_signing_key_record next, *keys;
    bool was_added;

    (void)state;
    key.sealed_private_key = dw_slice_from("\x01\x00\x02", 3);
    next = key;
    next.kid = S("k3");
    next.phase = DW_SIGNING_KEY_NEXT;
    assert_fails(dw_store_rotate_signing_keys(fixture.store, &next, NOW_S, &error), error,
                 DW_NOT_FOUND);
    assert_done(dw_store_add_first_signing_key(fixture.store, &key, &was_added, &error), error);
    assert_true(was_added);
    key.kid = S("k2");
    assert_done(dw_store_add_first_signing_key(fixture.store, &key, &was_added, &error), error);
    assert_false(was_added);
    key.phase = DW_SIGNING_KEY_NEXT;
    key.created_at_s++;
    assert_done(dw_store_add_first_signing_key(fixture.store, &key, &was_added, &error), error);
    assert_true(was_added);
    assert_done(dw_store_rotate_signing_keys(fixture.store, &next, NOW_S + 3, &error), error);
    assert_done(dw_store_signing_keys(fixture.store, false, fixture.arena, &keys, &count, &error),
                error);
    assert_int_equal(count, 3);
    assert_slice(keys[0].kid, "k2"); /* what signs comes first */
    assert_int_equal(keys[0].phase, DW_SIGNING_KEY_CURRENT);
    assert_int_equal(keys[0].current_since_s, NOW_S + 3);
    assert_int_equal(keys[1].phase, DW_SIGNING_KEY_PREVIOUS);
    assert_int_equal(keys[1].sealed_private_key.len, 3);
    assert_memory_equal(keys[1].sealed_private_key.ptr, "\x01\x00\x02", 3);
    assert_int_equal(keys[2].phase, DW_SIGNING_KEY_NEXT);
    assert_fails(dw_store_revoke_signing_key(fixture.store, S("k2"), NOW_S, &error), error,
                 DW_CONFLICT);
    assert_done(dw_store_revoke_signing_key(fixture.store, S("k1"), NOW_S, &error), error);
    assert_done(dw_store_signing_keys(fixture.store, false, fixture.arena, &keys, &count, &error),
                error);
    assert_int_equal(count, 2);
    assert_done(dw_store_signing_keys(fixture.store, true, fixture.arena, &keys, &count, &error),
                error);
    assert_int_equal(count, 3);
}

static void each_algorithm_has_its_own_keys(void **state)
{
    struct dw_signing_key_record key = {.kid = S("r1"),
                                        .alg = DW_ALG_RS256,
                                        .phase = DW_SIGNING_KEY_CURRENT,
                                        .created_at_s = NOW_S};
    char before[DW_STORE_KEYS_STAMP_SIZE], after[DW_STORE_KEYS_STAMP_SIZE];
    struct dw_signing_key_record *keys;
    bool was_added;

    (void)state;
    assert_done(dw_store_add_first_signing_key(fixture.store, &key, &was_added, &error), error);
    assert_done(dw_store_signing_keys_stamp(fixture.store, before, &error), error);
    key.kid = S("e1");
    key.alg = DW_ALG_ES256;
    assert_done(dw_store_add_first_signing_key(fixture.store, &key, &was_added, &error), error);
    assert_true(was_added);
    key.kid = S("e2");
    key.phase = DW_SIGNING_KEY_NEXT;
    assert_done(dw_store_add_first_signing_key(fixture.store, &key, &was_added, &error), error);
    assert_true(was_added);
    key.kid = S("e3");
    assert_done(dw_store_rotate_signing_keys(fixture.store, &key, NOW_S + 1, &error), error);
    assert_done(dw_store_signing_keys(fixture.store, false, fixture.arena, &keys, &count, &error),
                error);
    assert_int_equal(count, 4);
    for (size_t at = 0; at < count; at++)
        assert_int_equal(keys[at].phase == DW_SIGNING_KEY_CURRENT,
                         dw_slice_eq(keys[at].kid, S("r1")) || dw_slice_eq(keys[at].kid, S("e2")));
    assert_done(dw_store_signing_keys_stamp(fixture.store, after, &error), error);
    assert_memory_not_equal(before, after, sizeof before);
    memcpy(before, after, sizeof before);
    assert_done(dw_store_revoke_signing_key(fixture.store, S("e1"), NOW_S, &error), error);
    assert_done(dw_store_signing_keys_stamp(fixture.store, after, &error), error);
    assert_memory_not_equal(before, after, sizeof before);
}

static void deleting_a_user_takes_everything_along(void **state)
{
    struct dw_login_session session = {.id_digest = digest(fixture.arena, 1),
                                       .id = S("sid"),
                                       .user_id = S("auth0|1"),
                                       .idle_expires_at_s = NOW_S + 10,
                                       .expires_at_s = NOW_S + 20};
    struct dw_refresh_family family = fixture_family("f1", true);
    struct dw_refresh_family *seen_family;
    struct dw_login_session *seen_session;

    (void)state;
    assert_done(dw_store_add_session(fixture.store, &session, &error), error);
    assert_done(
        dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 2), NULL, &error),
        error);
    assert_done(dw_store_delete_user(fixture.store, S("auth0|1"), NOW_S, &error), error);
    assert_done(dw_store_session(fixture.store, session.id_digest, NOW_S, fixture.arena,
                                 &seen_session, &error),
                error);
    assert_null(seen_session);
    assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, 2), DW_EMPTY,
                                           fixture.arena, &seen_family, &error),
                error);
    assert_null(seen_family);
}

/* --- pages ------------------------------------------------------------------------------------ */

static void lists_come_page_by_page(void **state)
{
    static const struct {
        size_t skip, take, expected;
    } rows[] = {{0, 0, 100},  {100, 0, 21},     {0, 1000, 100}, {120, 50, 1},
                {121, 50, 0}, {SIZE_MAX, 5, 0}, {7, 3, 3}};
    struct dw_oauth_client *clients;
    char id[8];

    (void)state;
    for (int at = 0; at < 120; at++) {
        struct dw_oauth_client client;

        snprintf(id, sizeof id, "x%03d", at);
        client = fixture_client(id);
        client.created_at_s = NOW_S + 1 + at;
        assert_done(dw_store_add_client(fixture.store, &client, &error), error);
    }
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        assert_done(dw_store_clients(fixture.store, (struct dw_page){rows[at].skip, rows[at].take},
                                     fixture.arena, &clients, &count, &total, &error),
                    error);
        assert_int_equal(count, rows[at].expected);
        assert_int_equal(total, 121);
    }
    assert_done(dw_store_clients(fixture.store, (struct dw_page){7, 3}, fixture.arena, &clients,
                                 &count, NULL, &error),
                error);
    assert_slice(clients[0].id, "x006");
    assert_slice(clients[2].id, "x008");
    assert_done(dw_store_count_dynamic_clients(fixture.store, &total, &error), error);
    assert_int_equal(total, 121);
}

/* --- memory ----------------------------------------------------------------------------------- */

static bool read_everything(void)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1u << 20);
    struct dw_oauth_client *client = NULL;
    struct dw_api *api = NULL;
    struct dw_error failure = {0};

    if (!arena)
        return false;
    if (!dw_store_client(fixture.store, S("c1"), arena, &client, &failure) ||
        !dw_store_api(fixture.store, S(AUDIENCE), arena, &api, &failure)) {
        assert_int_equal(failure.code, DW_NO_MEMORY);
        return false;
    }
    assert_int_equal(client->redirect_uris.count, 2);
    assert_int_equal(api->scope_count, 3);
    return true;
}

static void a_read_survives_any_failing_allocation(void **state)
{
    (void)state;
    torture(read_everything);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, store_start, store_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_not_there_is_null_and_no_failure),
        CASE(changing_what_is_not_there_fails_with_not_found),
        CASE(a_taken_id_is_a_conflict),
        CASE(users_without_address_do_not_conflict),
        CASE(a_reference_to_nothing_is_refused),
        CASE(a_grant_is_for_one_client_or_for_third_parties),
        CASE(of_several_permissions_none_is_added_when_one_is_wrong),
        CASE(documents_come_back_and_each_change_has_its_version),
        CASE(a_client_comes_back),
        CASE(putting_a_client_again_keeps_what_refers_to_it),
        CASE(a_grant_for_third_parties_is_apart),
        CASE(an_api_comes_back_with_its_scopes_in_order),
        CASE(a_user_is_found_by_address_in_any_case),
        CASE(permissions_come_directly_and_through_roles),
        CASE(a_second_consent_adds_its_scopes),
        CASE(signing_keys_rotate),
        CASE(each_algorithm_has_its_own_keys),
        CASE(deleting_a_user_takes_everything_along),
        CASE(lists_come_page_by_page),
        CASE(a_read_survives_any_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
