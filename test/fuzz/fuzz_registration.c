/* Whatever is registered, by request or by document, is no first party, has safe redirect URIs and
 * no more scopes than are allowed; and what we answer can be read back. The first byte chooses. */
#include "fuzz_http.h"
#include "oauth/client_metadata_document.h"
#include "oauth/redirect_uri.h"
#include "oauth/scope.h"

#define URL "https://app.example.com/client.json"

static const struct dw_slice patterns[] = {{"claude", 6}, {"mcp-*", 5}};
static const struct dw_slice scopes[] = {{"openid", 6}, {"read:tools", 10}};
static const struct dw_registration_rules rules = {{patterns, 2}, {scopes, 1}, {scopes, 2}};

static void check(const struct dw_oauth_client *client)
{
    struct dw_error error;

    REQUIRE(!client->is_first_party);
    REQUIRE(client->kind != DW_CLIENT_STATIC);
    REQUIRE(client->redirect_uris.count > 0);
    REQUIRE(dw_redirect_uris_check(client->redirect_uris, &error));
    REQUIRE(dw_scopes_are_within(client->scopes, rules.allowed_scopes));
    REQUIRE(client->name.len > 0);
    REQUIRE(dw_slices_have(client->grant_types, DW_LIT("authorization_code")));
    REQUIRE(client->grant_types.count <= 2);
    REQUIRE(client->auth_method != DW_CLIENT_AUTH_UNSET);
    REQUIRE(client->refresh.is_rotating && client->refresh.lifetime_s > 0);
}

static void check_registration(struct dw_slice body, struct dw_arena *arena)
{
    static const unsigned char random_bytes[48] = {1};
    const struct dw_json *document;
    struct dw_oauth_client client;
    struct dw_error error = {0};
    struct dw_secret secret;
    struct dw_slice text;
    struct dw_buf out = dw_buf_in(arena);

    if (!dw_registration_make(body, &rules, random_bytes, 1, arena, &client, &secret, &error)) {
        REQUIRE(error.code == DW_INVALID_CLIENT_METADATA || error.code == DW_INVALID_REDIRECT_URI ||
                error.code == DW_NO_MEMORY);
        return;
    }
    check(&client);
    REQUIRE(client.kind == DW_CLIENT_DCR);
    REQUIRE((secret.hidden.len > 0) == (client.secret_digest.len > 0));
    REQUIRE((secret.hidden.len > 0) == (client.auth_method == DW_CLIENT_AUTH_POST ||
                                        client.auth_method == DW_CLIENT_AUTH_BASIC));
    dw_registration_write(&client, secret, &out);
    if (dw_buf_finish(&out, &text, &error))
        REQUIRE(dw_json_parse(text, arena, &document, &error) || error.code == DW_NO_MEMORY);
}

static void check_document(struct dw_slice body, struct dw_arena *arena)
{
    struct dw_oauth_client client;
    struct dw_error error = {0};

    if (!dw_client_metadata_document_make(DW_LIT(URL), body, &rules, false, 60, 1, arena, &client,
                                          &error))
        return;
    check(&client);
    REQUIRE(client.kind == DW_CLIENT_CIMD);
    REQUIRE(dw_slice_eq(client.id, DW_LIT(URL)));
    REQUIRE(client.auth_method == DW_CLIENT_AUTH_NONE ||
            client.auth_method == DW_CLIENT_AUTH_PRIVATE_KEY_JWT);
    REQUIRE(client.secret_digest.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_slice input = dw_slice_from((const char *)data, size);
    struct dw_arena *arena = dw_arena_new((size_t)8 * 1024 * 1024);

    if (input.len > 0 && input.ptr[0] == 'd')
        check_document(dw_slice_sub(input, 1, input.len), arena);
    else
        check_registration(dw_slice_sub(input, 1, input.len), arena);
    dw_arena_free(arena);
    return 0;
}
