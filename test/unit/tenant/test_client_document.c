/* Client ID Metadata Documents, fetched from a server on loopback that answers what a test wants;
 * and clients that sign assertions. */
#include "fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jose/signing_key.h"
#include "tenant/client_keys_internal.h"
#include "tenant/client_renewal_internal.h"

static struct {
    int listener, port;
    pthread_t thread;
    char answer[16384];
    int asked; /* how many requests came */
} peer;

static void *serve(void *user)
{
    int connection;

    (void)user;
    while ((connection = accept(peer.listener, NULL, NULL)) >= 0) {
        char request[4096] = "";
        size_t len = 0;
        ssize_t got;

        while (!strstr(request, "\r\n\r\n") &&
               (got = read(connection, request + len, sizeof request - 1 - len)) > 0) {
            len += (size_t)got;
            request[len] = '\0';
        }
        peer.asked++;
        (void)!write(connection, peer.answer, strlen(peer.answer));
        shutdown(connection, SHUT_WR);
        (void)!read(connection, request, sizeof request);
        close(connection);
    }
    return NULL;
}

static int start(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int status = world_start(state);

    world.tenant->config.allow_insecure_client_metadata = true;
    peer.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(peer.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(peer.listener, 8), 0);
    assert_int_equal(getsockname(peer.listener, (struct sockaddr *)&address, &size), 0);
    peer.port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&peer.thread, NULL, serve, NULL), 0);
    return status;
}

static int stop(void **state)
{
    shutdown(peer.listener, SHUT_RDWR);
    pthread_join(peer.thread, NULL);
    close(peer.listener);
    return world_stop(state);
}

static const char *client_url(const char *path)
{
    return text_of(dw_arena_printf(world.arena, "http://127.0.0.1:%d/%s", peer.port, path));
}

static void answer_with(int status, const char *type, const char *more, const char *body)
{
    snprintf(
        peer.answer, sizeof peer.answer,
        "HTTP/1.1 %d X\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
        status, type, more, strlen(body), body);
}

static const char *document(const char *client_id, const char *redirect_uri)
{
    return text_of(dw_arena_printf(world.arena,
                                   "{\"client_id\":\"%s\",\"client_name\":\"Documented\","
                                   "\"redirect_uris\":[\"%s\"],"
                                   "\"grant_types\":[\"authorization_code\",\"refresh_token\"],"
                                   "\"token_endpoint_auth_method\":\"none\"}",
                                   client_id, redirect_uri));
}

static const char *authorize_url(const char *client_id)
{
    struct dw_buf url = dw_buf_in(world.arena);

    dw_buf_add(&url, S("/authorize?response_type=code&state=s&code_challenge=" CHALLENGE
                       "&code_challenge_method=S256&scope=openid&redirect_uri=" CALLBACK_ENCODED
                       "&resource=https%3A%2F%2Fmcp.example.com%2Fmcp"));
    dw_form_add(&url, S("client_id"), S(client_id));
    return text_of(dw_buf_view(&url));
}

static void a_document_makes_a_client(void **state)
{
    struct browser browser = {0};
    const char *id = client_url("good.json");
    struct dw_tenant_call *call;
    int asked = peer.asked;

    (void)state;
    answer_with(200, "application/json", "Cache-Control: max-age=600\r\n", document(id, CALLBACK));
    call = get(&browser, authorize_url(id));
    assert_status(call, 302);
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    assert_status(call, 303);
    assert_has(follow(&browser, call)->answer, "Application published at");
    call = decide(&browser, state_of(call), "accept");
    assert_true(location_value(call, "code").len > 0);
    /* remembered: the client and the consent */
    assert_true(location_value(authorize(&browser, authorize_url(id)), "code").len > 0);
    assert_int_equal(peer.asked, asked + 1);
    /* too old: asked again */
    world_now_s += 601;
    assert_true(location_value(authorize(&browser, authorize_url(id)), "code").len > 0);
    assert_int_equal(peer.asked, asked + 2);
    /* the codes go somewhere else now: nobody has agreed to that */
    world_now_s += 601;
    answer_with(
        200, "application/json", "",
        text_of(dw_arena_printf(world.arena,
                                "{\"client_id\":\"%s\",\"client_name\":\"Documented\","
                                "\"redirect_uris\":[\"" CALLBACK "\",\"https://b.example/\"],"
                                "\"token_endpoint_auth_method\":\"none\"}",
                                id)));
    call = get(&browser, authorize_url(id));
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
    /* the document is gone: so is the sign-in */
    world_now_s += 86401;
    answer_with(404, "application/json", "", "{}");
    assert_status(get(&browser, authorize_url(id)), 400);
}

static void documents_that_do_not_fit_are_refused(void **state)
{
    const char *id = client_url("bad.json");
    struct {
        int status;
        const char *type, *more, *body;
    } cases[] = {
        {200, "application/json", "", document(client_url("other.json"), CALLBACK)},
        {200, "application/json", "", "{}"},
        {200, "application/json", "", "not json"},
        {200, "text/html", "", document(id, CALLBACK)},
        {404, "application/json", "", document(id, CALLBACK)},
        {302, "application/json", "Location: /good.json\r\n", document(id, CALLBACK)},
        {200, "application/json", "", document(id, "javascript:alert(1)")},
        {200, "application/json", "",
         text_of(dw_arena_printf(
             world.arena,
             "{\"client_id\":\"%s\",\"client_name\":\"x\",\"redirect_uris\":[\"%s\"]"
             ",\"client_secret\":\"s\"}",
             id, CALLBACK))},
        {200, "application/json", "",
         text_of(dw_arena_printf(
             world.arena,
             "{\"client_id\":\"%s\",\"client_name\":\"x\",\"redirect_uris\":[\"%s\"]"
             ",\"p\":\"%5200d\"}",
             id, CALLBACK, 1))},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call;
        int asked = peer.asked;

        answer_with(cases[i].status, cases[i].type, cases[i].more, cases[i].body);
        call = get(&browser, authorize_url(id));
        assert_status(call, 400);
        assert_int_equal(header(call, "Location").len, 0);
        assert_int_equal(peer.asked, asked + 1); /* and redirects were not followed */
    }
    /* nothing of it was kept */
    answer_with(200, "application/json", "", document(id, CALLBACK));
    assert_status(get(&(struct browser){0}, authorize_url(id)), 302);
}

static void an_address_makes_us_fetch_only_so_much(void **state)
{
    struct browser browser = {.address = "203.0.113.9"};
    struct dw_tenant_call *call = NULL;

    (void)state;
    answer_with(404, "application/json", "", "{}");
    for (int i = 0; i < 61; i++)
        call =
            get(&browser,
                authorize_url(client_url(text_of(dw_arena_printf(world.arena, "many%d.json", i)))));
    assert_status(call, 429);
}

static void loopback_is_for_development_only(void **state)
{
    int asked = peer.asked;

    (void)state;
    world.tenant->config.allow_insecure_client_metadata = false;
    assert_status(get(&(struct browser){0}, authorize_url(client_url("dev.json"))), 400);
    assert_status(get(&(struct browser){0}, authorize_url("https://127.0.0.1:1/dev.json")), 400);
    world.tenant->config.allow_insecure_client_metadata = true;
    assert_int_equal(peer.asked, asked);
}

/* A switch that was turned off counts for those who came before, too. */
static void documents_that_are_no_longer_taken_are_no_clients(void **state)
{
    struct browser browser = {0};
    const char *id = client_url("former.json"), *redeem_body;
    struct dw_tenant_call *call;

    (void)state;
    answer_with(200, "application/json", "Cache-Control: max-age=86400\r\n",
                document(id, CALLBACK));
    call = authorize(&browser, authorize_url(id));
    redeem_body = text_of(
        dw_arena_printf(world.arena,
                        "grant_type=authorization_code&client_id=%s&code=%s&code_verifier=" VERIFIER
                        "&redirect_uri=" CALLBACK,
                        id, text_of(location_value(call, "code"))));
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            world_set("{\"client_id_metadata_document_supported\":false}");
        else
            world.tenant->config.allow_insecure_client_metadata = false;
        assert_status(get(&browser, authorize_url(id)), 400);
        world_now_s += i * 86401; /* the document in the store grows old */
        assert_status(get(&browser, authorize_url(id)), 400);
        world_now_s -= i * 86401;
        assert_status(post(&browser, "/oauth/token", redeem_body), 401);
        if (i == 0)
            world_set("{\"client_id_metadata_document_supported\":true}");
        else
            world.tenant->config.allow_insecure_client_metadata = true;
    }
    assert_status(post(&browser, "/oauth/token", redeem_body), 200);
}

/* ---- private_key_jwt ---- */
/* ---- renewal ---- */

/* A client by its document whose user has agreed, with a refresh token. */
static const char *log_in_by_document(const char *id)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    answer_with(200, "application/json", "", document(id, CALLBACK));
    call = authorize(&browser, authorize_url(id));
    assert_status(call, 303);
    call = post(&browser, "/oauth/token",
                text_of(dw_arena_printf(
                    world.arena,
                    "grant_type=authorization_code&client_id=%s&code=%.*s&code_verifier=" VERIFIER
                    "&redirect_uri=" CALLBACK,
                    id, DW_PRINT(location_value(call, "code")))));
    assert_status(call, 200);
    return text_of(dw_json_text(json_of(call), "refresh_token"));
}

/* The status, and the next token. */
static int refresh_as(const char *id, const char **token)
{
    struct dw_tenant_call *call = post(
        &(struct browser){0}, "/oauth/token",
        text_of(dw_arena_printf(
            world.arena, "grant_type=refresh_token&client_id=%s&refresh_token=%s", id, *token)));

    if (call->status == 200)
        *token = text_of(dw_json_text(json_of(call), "refresh_token"));
    return call->status;
}

static void a_document_is_renewed_beside_refreshes(void **state)
{
    const char *id = client_url("renewed.json"), *token = log_in_by_document(id);
    int asked = peer.asked;

    (void)state;
    assert_int_equal(refresh_as(id, &token), 200);
    assert_false(dw_client_renewals_are_wanted(world.tenant->renewals));
    world_now_s += 301;
    for (int i = 0; i < 5; i++)
        assert_int_equal(refresh_as(id, &token), 200);
    assert_int_equal(peer.asked, asked); /* nobody waits for it */
    assert_true(dw_client_renewals_are_wanted(world.tenant->renewals));
    dw_client_renewals_run(world.tenant);
    assert_int_equal(peer.asked, asked + 1);
    assert_int_equal(refresh_as(id, &token), 200);
    assert_false(dw_client_renewals_are_wanted(world.tenant->renewals));
}

static void who_changes_the_deal_in_the_document_loses_the_tokens(void **state)
{
    const char *id = client_url("changed.json"), *token = log_in_by_document(id);

    (void)state;
    answer_with(200, "application/json", "", document(id, "https://evil.example/cb"));
    world_now_s += 301;
    assert_int_equal(refresh_as(id, &token), 200);
    dw_client_renewals_run(world.tenant);
    assert_int_equal(refresh_as(id, &token), 403);
}

static void a_document_that_is_gone_ends_its_client(void **state)
{
    const char *id = client_url("gone.json"), *token = log_in_by_document(id);

    (void)state;
    answer_with(410, "application/json", "", "{}");
    world_now_s += 301;
    assert_int_equal(refresh_as(id, &token), 200);
    dw_client_renewals_run(world.tenant);
    assert_int_equal(refresh_as(id, &token), 401);
}

/* A bad deployment on the client's side logs nobody out; a day of it does. */
static void a_document_that_is_not_found_for_a_day_ends_its_client(void **state)
{
    const char *id = client_url("missing.json"), *token = log_in_by_document(id);

    (void)state;
    answer_with(404, "application/json", "", "{}");
    world_now_s += 301;
    assert_int_equal(refresh_as(id, &token), 200);
    dw_client_renewals_run(world.tenant);
    world_now_s += 3600;
    assert_int_equal(refresh_as(id, &token), 200);
    answer_with(200, "application/json", "", document(id, CALLBACK));
    dw_client_renewals_run(world.tenant);
    assert_int_equal(refresh_as(id, &token), 200); /* back again */
    answer_with(404, "application/json", "", "{}");
    world_now_s += 301;
    assert_int_equal(refresh_as(id, &token), 200);
    dw_client_renewals_run(world.tenant);
    world_now_s += 86400;
    assert_int_equal(refresh_as(id, &token), 403);
    dw_client_renewals_run(world.tenant);
    assert_int_equal(refresh_as(id, &token), 401);
}

static void a_server_that_is_away_ends_it_a_day_later(void **state)
{
    const char *id = client_url("away-doc.json"), *token = log_in_by_document(id);
    int asked = peer.asked;

    (void)state;
    answer_with(503, "application/json", "", "{}");
    world_now_s += 301;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(refresh_as(id, &token), 200);
        dw_client_renewals_run(world.tenant);
    }
    assert_int_equal(peer.asked, asked + 1); /* once a minute */
    world_now_s += 86400;
    assert_int_equal(refresh_as(id, &token), 403);
    answer_with(200, "application/json", "", document(id, CALLBACK));
    dw_client_renewals_run(world.tenant); /* noted by the request that was refused */
    assert_int_equal(refresh_as(id, &token), 200);
}

static struct dw_signing_key *signer;

static const char *assertion(const char *issuer, const char *audience, const char *token_id,
                             int64_t expires_at_s)
{
    struct dw_slice claims = dw_arena_printf(
        world.arena, "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"jti\":\"%s\",\"exp\":%lld}",
        issuer, issuer, audience, token_id, (long long)expires_at_s);
    struct dw_slice jwt = DW_EMPTY;
    struct dw_error error = {0};

    assert_done(dw_jwt_sign(signer, "JWT", claims, world.arena, &jwt, &error), error);
    return text_of(jwt);
}

static struct dw_tenant_call *ask_with(const char *jwt)
{
    return post(
        &(struct browser){0}, "/oauth/token",
        text_of(dw_arena_printf(
            world.arena,
            "grant_type=client_credentials&audience=https%%3A%%2F%%2Fmcp.example.com%%2Fmcp"
            "&client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient-assertion-type%%3A"
            "jwt-bearer&client_assertion=%s",
            jwt)));
}

static void an_assertion_works_once_and_only_for_us(void **state)
{
    struct dw_error error = {0};
    struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);
    struct dw_oauth_client client;
    struct dw_slice grant = S("client_credentials");
    struct dw_client_grant row = {.id = S("cgr_1234567890123456"),
                                  .client_id = S("signer"),
                                  .audience = S(AUDIENCE),
                                  .allows_all_scopes = true,
                                  .created_at_s = world_now_s};
    const char *good;

    (void)state;
    assert_non_null(key);
    signer = dw_signing_key_new(key, DW_ALG_ES256, DW_EMPTY, DW_EMPTY, &error);
    assert_non_null(signer);
    dw_seed_client_defaults(world.tenant, &client);
    client.id = S("signer");
    client.name = S("Signer");
    client.auth_method = DW_CLIENT_AUTH_PRIVATE_KEY_JWT;
    client.grant_types = (struct dw_slices){&grant, 1};
    assert_done(dw_signing_keys_jwks(&signer, 1, world.arena, &client.jwks_json, &error), error);
    assert_done(dw_store_add_client(world.tenant->store, &client, &error), error);
    assert_done(dw_store_put_client_grant(world.tenant->store, &row, &error), error);

    good = assertion("signer", ISSUER, "a", world_now_s + 60);
    assert_status(ask_with(good), 200);
    assert_status(ask_with(good), 401); /* replay */
    assert_status(ask_with(assertion("signer", ISSUER "oauth/token", "b", world_now_s + 60)), 401);
    assert_status(ask_with(assertion("signer", "https://other.example/", "c", world_now_s + 60)),
                  401);
    assert_status(ask_with(assertion("machine", ISSUER, "d", world_now_s + 60)), 401);
    assert_status(ask_with(assertion("signer", ISSUER, "e", world_now_s - 400)), 401);
    assert_status(ask_with(assertion("signer", ISSUER, "f", world_now_s + 86400)), 401);
    assert_status(post(&(struct browser){0}, "/oauth/token",
                       "grant_type=client_credentials&client_id=signer&client_secret=x"),
                  401);
    dw_signing_key_unref(signer);
    dw_key_unref(key);
}

static void add_remote(const char *id, const char *path)
{
    struct dw_error error = {0};
    struct dw_oauth_client client;
    struct dw_slice grant = S("client_credentials");
    struct dw_client_grant row = {.id = dw_tenant_random_text(world.arena, "cgr_", 12),
                                  .client_id = S(id),
                                  .audience = S(AUDIENCE),
                                  .allows_all_scopes = true,
                                  .created_at_s = world_now_s};

    dw_seed_client_defaults(world.tenant, &client);
    client.id = client.name = S(id);
    client.auth_method = DW_CLIENT_AUTH_PRIVATE_KEY_JWT;
    client.grant_types = (struct dw_slices){&grant, 1};
    client.jwks_uri = S(client_url(path));
    assert_done(dw_store_add_client(world.tenant->store, &client, &error), error);
    assert_done(dw_store_put_client_grant(world.tenant->store, &row, &error), error);
}

static struct dw_signing_key *new_signer(const char *kid)
{
    struct dw_error error = {0};
    struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);
    struct dw_signing_key *made = dw_signing_key_new(key, DW_ALG_ES256, S(kid), DW_EMPTY, &error);

    assert_non_null(made);
    dw_key_unref(key);
    return made;
}

static const char *jwks_of_signer(struct dw_signing_key *of)
{
    struct dw_error error = {0};
    struct dw_slice keys;

    assert_done(dw_signing_keys_jwks(&of, 1, world.arena, &keys, &error), error);
    return text_of(keys);
}

static int ask_as(const char *id)
{
    static int count;

    return ask_with(assertion(id, ISSUER, text_of(dw_arena_printf(world.arena, "r%d", ++count)),
                              world_now_s + 60))
        ->status;
}

/* One fetch for many tokens; a key that is gone from the URL is gone here some minutes later. */
static void keys_behind_a_url_are_kept_for_some_minutes(void **state)
{
    int asked = peer.asked;

    (void)state;
    signer = new_signer("");
    add_remote("remote", "keys.json");
    answer_with(404, "application/json", "", "{}");
    for (int i = 0; i < 20; i++)
        assert_int_equal(ask_as("remote"), 401);
    assert_int_equal(peer.asked, asked + 1); /* a failure is kept, too ... */
    answer_with(200, "application/json", "", jwks_of_signer(signer));
    assert_int_equal(ask_as("remote"), 401);
    world_now_s += 30; /* ... for a moment */
    for (int i = 0; i < 100; i++)
        assert_int_equal(ask_as("remote"), 200);
    assert_int_equal(peer.asked, asked + 2);
    answer_with(200, "application/json", "", "{\"keys\":[]}");
    world_now_s += 299;
    assert_int_equal(ask_as("remote"), 200);
    world_now_s += 1;
    assert_int_equal(ask_as("remote"), 401);
    assert_int_equal(peer.asked, asked + 3);
    dw_signing_key_unref(signer);
}

/* Auth0: twelve kilobytes of keys are enough. */
static void too_many_keys_are_none(void **state)
{
    const char *keys;

    (void)state;
    signer = new_signer("");
    keys = jwks_of_signer(signer);
    add_remote("few", "few.json");
    add_remote("many", "many.json");
    for (int i = 0; i < 2; i++) {
        const char *padded =
            text_of(dw_arena_printf(world.arena, "%.*s,\"pad\":\"%0*d\"}", (int)strlen(keys) - 1,
                                    keys, 11000 + 2000 * i, 0));

        answer_with(200, "application/json", "", padded);
        assert_int_equal(ask_as(i == 0 ? "few" : "many"), i == 0 ? 200 : 401);
    }
    dw_signing_key_unref(signer);
}

/* Whoever sends us assertions with kids of his own makes the client's server no work. */
static void unknown_kids_are_asked_for_once_in_a_while(void **state)
{
    struct dw_signing_key *first = new_signer("k1"), *second = new_signer("k2");
    int asked = peer.asked;

    (void)state;
    add_remote("rotating", "rotating.json");
    answer_with(200, "application/json", "", jwks_of_signer(first));
    signer = first;
    assert_int_equal(ask_as("rotating"), 200);
    signer = second;
    for (int i = 0; i < 50; i++)
        assert_int_equal(ask_as("rotating"), 401);
    assert_int_equal(peer.asked, asked + 1);
    world_now_s += 30;
    for (int i = 0; i < 50; i++)
        assert_int_equal(ask_as("rotating"), 401);
    assert_int_equal(peer.asked, asked + 2);
    answer_with(200, "application/json", "", jwks_of_signer(second)); /* now it is a new key */
    world_now_s += 30;
    assert_int_equal(ask_as("rotating"), 200);
    signer = first;
    assert_int_equal(ask_as("rotating"), 401); /* taken back */
    assert_int_equal(peer.asked, asked + 3);
    dw_signing_key_unref(first);
    dw_signing_key_unref(second);
}

/* A client's server that is away for a while locks nobody out, but not for ever. */
static void old_keys_count_while_nobody_answers(void **state)
{
    int asked = peer.asked;

    (void)state;
    signer = new_signer("k1");
    add_remote("away", "away.json");
    answer_with(200, "application/json", "", jwks_of_signer(signer));
    assert_int_equal(ask_as("away"), 200);
    answer_with(503, "application/json", "", "{}");
    world_now_s += 300;
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask_as("away"), 200);
    assert_int_equal(peer.asked, asked + 2);
    world_now_s += 299;
    assert_int_equal(ask_as("away"), 200);
    world_now_s += 1;
    assert_int_equal(ask_as("away"), 401);
    dw_signing_key_unref(signer);
}

static enum dw_keys_fetched fail_to_fetch(struct dw_tenant_call *call, struct dw_slice url,
                                          struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    (void)call;
    (void)url;
    *ret_keys = NULL;
    (void)dw_fail(reterr, DW_UNAVAILABLE, "away");
    return DW_KEYS_FAILED;
}

/* Documents are anybody's, and so are the URLs in them. */
static void strangers_keys_push_nobodys_out_whom_the_operator_knows(void **state)
{
    struct dw_tenant_call call = {.now_s = world_now_s + 1};
    int asked = peer.asked;

    (void)state;
    signer = new_signer("k1");
    add_remote("known", "known.json");
    answer_with(200, "application/json", "", jwks_of_signer(signer));
    assert_int_equal(ask_as("known"), 200);
    for (int i = 0; i < DW_CLIENT_KEYS_MAX; i++) {
        struct dw_slice url = dw_arena_printf(world.arena, "https://x.example/%d", i);
        struct dw_error error = {0};
        struct dw_jwks *keys;

        assert_false(dw_client_keys_fetch(world.tenant->client_keys, &call, url, DW_KEYS_ANY,
                                          fail_to_fetch, &keys, &error));
    }
    assert_int_equal(ask_as("known"), 200);
    assert_int_equal(peer.asked, asked + 1);
    dw_signing_key_unref(signer);
}

#define WAITERS 8
static struct dw_client_keys_cache *cache;
static atomic_int fetchers, served;

static enum dw_keys_fetched fetch_slowly(struct dw_tenant_call *call, struct dw_slice url,
                                         struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    size_t skipped;

    (void)call;
    (void)url;
    atomic_fetch_add(&fetchers, 1);
    usleep(50000); /* the others come meanwhile */
    *ret_keys = dw_jwks_parse(S(jwks_of_signer(signer)), &skipped, reterr);
    return DW_KEYS_GOT;
}

static void *need_keys(void *unused)
{
    struct dw_tenant_call call = {.now_s = 1000};
    struct dw_jwks *keys = NULL;
    struct dw_error error = {0};

    (void)unused;
    assert_done(dw_client_keys_fetch(cache, &call, S("https://x.example/jwks"), DW_KEYS_ANY,
                                     fetch_slowly, &keys, &error),
                error);
    if (keys)
        atomic_fetch_add(&served, 1);
    dw_jwks_unref(keys);
    return NULL;
}

static void of_many_calls_one_fetches_and_all_are_served(void **state)
{
    pthread_t threads[WAITERS];
    struct dw_error error = {0};

    (void)state;
    signer = new_signer("k1");
    cache = dw_client_keys_cache_new(&error);
    for (int i = 0; i < WAITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, need_keys, NULL), 0);
    for (int i = 0; i < WAITERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(fetchers, 1);
    assert_int_equal(served, WAITERS);
    dw_client_keys_cache_free(cache);
    dw_signing_key_unref(signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_makes_a_client),
        cmocka_unit_test(documents_that_do_not_fit_are_refused),
        cmocka_unit_test(an_address_makes_us_fetch_only_so_much),
        cmocka_unit_test(loopback_is_for_development_only),
        cmocka_unit_test(documents_that_are_no_longer_taken_are_no_clients),
        cmocka_unit_test(a_document_is_renewed_beside_refreshes),
        cmocka_unit_test(who_changes_the_deal_in_the_document_loses_the_tokens),
        cmocka_unit_test(a_document_that_is_gone_ends_its_client),
        cmocka_unit_test(a_document_that_is_not_found_for_a_day_ends_its_client),
        cmocka_unit_test(a_server_that_is_away_ends_it_a_day_later),
        cmocka_unit_test(an_assertion_works_once_and_only_for_us),
        cmocka_unit_test(too_many_keys_are_none),
        cmocka_unit_test(keys_behind_a_url_are_kept_for_some_minutes),
        cmocka_unit_test(unknown_kids_are_asked_for_once_in_a_while),
        cmocka_unit_test(old_keys_count_while_nobody_answers),
        cmocka_unit_test(strangers_keys_push_nobodys_out_whom_the_operator_knows),
        cmocka_unit_test(of_many_calls_one_fetches_and_all_are_served),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
