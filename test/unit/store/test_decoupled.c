/* Requests that wait for another device, pushed requests, and the keys of applications in the
 * store: what is found, what is decided once, what goes. */
#include "shared_fixture.h"
#include "store/client_credentials.h"
#include "store/decoupled.h"

static struct dw_decoupled_request request_of(const char *id, uint32_t seed)
{
    return (struct dw_decoupled_request){
        .id = S(id),
        .kind = DW_DECOUPLED_CIBA,
        .poll_digest = digest(fixture.arena, seed),
        .approval_digest = digest(fixture.arena, seed + 1),
        .client_id = S("c1"),
        .scopes = {fixture_scopes, 2},
        .audience = S(AUDIENCE),
        .binding_message = S("ORDER-7"),
        .user_id = S("auth0|1"),
        .created_at_s = NOW_S,
        .expires_at_s = NOW_S + 300,
    };
}

static void a_request_is_found_while_it_is_open(void **state)
{
    struct dw_decoupled_request request = request_of("r1", 10), *found;

    (void)state;
    assert_done(dw_store_add_decoupled(fixture.store, &request, &error), error);
    assert_done(dw_store_decoupled_by_approval(fixture.store, DW_DECOUPLED_CIBA,
                                               request.approval_digest, NOW_S, fixture.arena,
                                               &found, &error),
                error);
    assert_slice(found->id, "r1");
    assert_slice(found->binding_message, "ORDER-7");
    assert_int_equal(found->scopes.count, 2);
    assert_done(dw_store_decoupled_by_approval(fixture.store, DW_DECOUPLED_DEVICE,
                                               request.approval_digest, NOW_S, fixture.arena,
                                               &found, &error),
                error);
    assert_null(found);
    assert_done(dw_store_decoupled_by_approval(fixture.store, DW_DECOUPLED_CIBA,
                                               request.approval_digest, NOW_S + 300, fixture.arena,
                                               &found, &error),
                error);
    assert_null(found);
}

static void codes_are_not_given_twice(void **state)
{
    struct dw_decoupled_request request = request_of("r2", 20), same = request_of("r3", 30);

    (void)state;
    assert_done(dw_store_add_decoupled(fixture.store, &request, &error), error);
    same.approval_digest = request.approval_digest;
    assert_fails(dw_store_add_decoupled(fixture.store, &same, &error), error, DW_CONFLICT);
}

static void a_request_is_decided_once(void **state)
{
    struct dw_decoupled_request request = request_of("r4", 40), *found;
    enum dw_decoupled_verdict verdict;

    (void)state;
    assert_done(dw_store_add_decoupled(fixture.store, &request, &error), error);
    assert_done(dw_store_poll_decoupled(fixture.store, DW_DECOUPLED_CIBA, request.poll_digest,
                                        S("c1"), NOW_S + 1, fixture.arena, &verdict, &found,
                                        &error),
                error);
    assert_int_equal(verdict, DW_DECOUPLED_WAIT);
    request.phase = DW_DECOUPLED_APPROVED;
    request.granted = (struct dw_slices){fixture_scopes, 1};
    request.family_id = S("f1");
    request.authenticated_at_s = NOW_S + 1;
    request.mfa_at_s = NOW_S + 2;
    assert_done(dw_store_decide_decoupled(fixture.store, &request, NOW_S + 2, &error), error);
    request.phase = DW_DECOUPLED_DENIED;
    assert_fails(dw_store_decide_decoupled(fixture.store, &request, NOW_S + 2, &error), error,
                 DW_CONFLICT);
    assert_done(dw_store_decoupled(fixture.store, S("r4"), fixture.arena, &found, &error), error);
    assert_int_equal(found->phase, DW_DECOUPLED_APPROVED);
    assert_int_equal(found->last_polled_at_s, NOW_S + 1); /* a poll in between is not lost */
    assert_int_equal(found->granted.count, 1);
    assert_int_equal(found->authenticated_at_s, NOW_S + 1);
    assert_int_equal(found->mfa_at_s, NOW_S + 2);
    assert_done(dw_store_poll_decoupled(fixture.store, DW_DECOUPLED_CIBA, request.poll_digest,
                                        S("c2"), NOW_S + 3, fixture.arena, &verdict, &found,
                                        &error),
                error);
    assert_int_equal(verdict, DW_DECOUPLED_UNKNOWN);
    assert_done(dw_store_poll_decoupled(fixture.store, DW_DECOUPLED_CIBA, request.poll_digest,
                                        S("c1"), NOW_S + 3, fixture.arena, &verdict, &found,
                                        &error),
                error);
    assert_int_equal(verdict, DW_DECOUPLED_GIVE);
    assert_done(dw_store_poll_decoupled(fixture.store, DW_DECOUPLED_CIBA, request.poll_digest,
                                        S("c1"), NOW_S + 3, fixture.arena, &verdict, &found,
                                        &error),
                error);
    assert_int_equal(verdict, DW_DECOUPLED_UNKNOWN);
}

static void nothing_is_decided_after_its_time(void **state)
{
    struct dw_decoupled_request request = request_of("r5", 50);

    (void)state;
    assert_done(dw_store_add_decoupled(fixture.store, &request, &error), error);
    request.phase = DW_DECOUPLED_APPROVED;
    assert_fails(dw_store_decide_decoupled(fixture.store, &request, NOW_S + 300, &error), error,
                 DW_CONFLICT);
    request.id = S("none");
    assert_fails(dw_store_decide_decoupled(fixture.store, &request, NOW_S, &error), error,
                 DW_CONFLICT);
}

static void old_requests_are_purged_after_a_while(void **state)
{
    struct dw_decoupled_request request = request_of("r6", 60), *found;

    (void)state;
    assert_done(dw_store_add_decoupled(fixture.store, &request, &error), error);
    assert_done(dw_store_purge(fixture.store, NOW_S + 300 + 3599, &error), error);
    assert_done(dw_store_decoupled(fixture.store, S("r6"), fixture.arena, &found, &error), error);
    assert_non_null(found); /* its client still hears "expired" */
    assert_done(dw_store_purge(fixture.store, NOW_S + 300 + 3600, &error), error);
    assert_done(dw_store_decoupled(fixture.store, S("r6"), fixture.arena, &found, &error), error);
    assert_null(found);
}

static void a_pushed_request_is_taken_once_by_its_client(void **state)
{
    struct dw_pushed_request pushed = {.uri_digest = digest(fixture.arena, 70),
                                       .client_id = S("c1"),
                                       .parameters = S("a=b"),
                                       .expires_at_s = NOW_S + 30};
    struct dw_pushed_request *found;

    (void)state;
    assert_done(dw_store_add_pushed_request(fixture.store, &pushed, &error), error);
    assert_done(dw_store_take_pushed_request(fixture.store, pushed.uri_digest, S("c2"), NOW_S,
                                             fixture.arena, &found, &error),
                error);
    assert_null(found);
    assert_done(dw_store_take_pushed_request(fixture.store, pushed.uri_digest, S("c1"), NOW_S + 30,
                                             fixture.arena, &found, &error),
                error);
    assert_null(found);
    assert_done(dw_store_take_pushed_request(fixture.store, pushed.uri_digest, S("c1"), NOW_S + 29,
                                             fixture.arena, &found, &error),
                error);
    assert_slice(found->parameters, "a=b");
    assert_done(dw_store_take_pushed_request(fixture.store, pushed.uri_digest, S("c1"), NOW_S + 29,
                                             fixture.arena, &found, &error),
                error);
    assert_null(found);
}

static void an_application_has_two_keys_at_most(void **state)
{
    struct dw_client_credential credential = {.client_id = S("c1"),
                                              .name = S("n"),
                                              .alg = DW_ALG_PS256,
                                              .public_jwk_json = S("{\"kty\":\"RSA\"}"),
                                              .created_at_s = NOW_S,
                                              .expires_at_s = NOW_S + 1};
    struct dw_client_credential *found;
    struct dw_oauth_client *client;
    size_t count;

    (void)state;
    credential.id = S("cred_1");
    credential.kid = S("k1");
    assert_done(dw_store_add_client_credential(fixture.store, &credential, &error), error);
    credential.id = S("cred_2");
    assert_fails(dw_store_add_client_credential(fixture.store, &credential, &error), error,
                 DW_CONFLICT); /* the same kid */
    credential.kid = S("k2");
    assert_done(dw_store_add_client_credential(fixture.store, &credential, &error), error);
    credential.id = S("cred_3");
    credential.kid = S("k3");
    assert_fails(dw_store_add_client_credential(fixture.store, &credential, &error), error,
                 DW_CONFLICT);
    assert_done(
        dw_store_client_credentials(fixture.store, S("c1"), fixture.arena, &found, &count, &error),
        error);
    assert_int_equal(count, 2);
    assert_int_equal(found[1].alg, DW_ALG_PS256);
    assert_done(dw_store_client(fixture.store, S("c1"), fixture.arena, &client, &error), error);
    assert_int_equal(client->auth_method, DW_CLIENT_AUTH_PRIVATE_KEY_JWT);
    assert_fails(dw_store_delete_client_credential(fixture.store, S("c2"), S("cred_1"), &error),
                 error, DW_NOT_FOUND);
    assert_done(dw_store_delete_client_credential(fixture.store, S("c1"), S("cred_1"), &error),
                error);
    credential.client_id = S("nobody");
    credential.id = S("cred_4");
    assert_fails(dw_store_add_client_credential(fixture.store, &credential, &error), error,
                 DW_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_found_while_it_is_open),
        cmocka_unit_test(codes_are_not_given_twice),
        cmocka_unit_test(a_request_is_decided_once),
        cmocka_unit_test(nothing_is_decided_after_its_time),
        cmocka_unit_test(old_requests_are_purged_after_a_while),
        cmocka_unit_test(a_pushed_request_is_taken_once_by_its_client),
        cmocka_unit_test(an_application_has_two_keys_at_most),
    };

    return cmocka_run_group_tests(tests, store_start, store_end);
}
