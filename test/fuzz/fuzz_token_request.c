/* A token request that is taken has what its grant needs, whichever media type it came in; and the
 * credentials in it are of one method. */
#include "fuzz_http.h"
#include "oauth/client_authentication.h"
#include "oauth/scope.h"
#include "oauth/token_request.h"

static void check(const struct dw_token_request *request)
{
    REQUIRE(request->grant_type != DW_GRANT_UNSET);
    REQUIRE(request->grant_type != DW_GRANT_AUTHORIZATION_CODE || request->code.hidden.len > 0);
    REQUIRE(request->grant_type != DW_GRANT_REFRESH_TOKEN || request->refresh_token.hidden.len > 0);
    REQUIRE(request->grant_type != DW_GRANT_PASSWORD ||
            (request->username.len > 0 && request->password.hidden.len > 0));
    REQUIRE(dw_form_count(request->form, "grant_type") == 1);
    REQUIRE(request->has_scope == (request->scopes.count > 0));
    for (size_t at = 0; at < request->scopes.count; at++)
        REQUIRE(dw_scope_is_name(request->scopes.items[at]));
}

static void check_credentials(struct dw_slice authorization, const struct dw_form *form,
                              struct dw_arena *arena)
{
    struct dw_client_credentials credentials;
    struct dw_error error = {0};

    if (!dw_client_credentials_parse(authorization, form, arena, &credentials, &error)) {
        REQUIRE(error.code == DW_INVALID_CLIENT || error.code == DW_INVALID_REQUEST ||
                error.code == DW_NO_MEMORY);
        return;
    }
    REQUIRE(credentials.client_id.len > 0 && credentials.client_id.len <= DW_CLIENT_ID_MAX_BYTES);
    REQUIRE((credentials.method == DW_CLIENT_AUTH_PRIVATE_KEY_JWT) ==
            (credentials.assertion.len > 0));
    REQUIRE(credentials.method != DW_CLIENT_AUTH_NONE || credentials.secret.hidden.len == 0);
}

/* First line: the Authorization field. Second: the media type. Then the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dw_tenant_settings settings = {0};
    struct dw_arena *arena = dw_arena_new((size_t)4 * 1024 * 1024);
    struct dw_slice rest = dw_slice_from((const char *)data, size);
    size_t end = dw_slice_index(rest, '\n');
    struct dw_slice authorization = dw_slice_sub(rest, 0, end);
    struct dw_slice after = dw_slice_sub(rest, end + 1, rest.len);
    size_t type_end = dw_slice_index(after, '\n');
    struct dw_token_request request;
    struct dw_error error = {0};
    struct dw_form form;

    if (dw_token_form_parse(dw_slice_sub(after, 0, type_end),
                            dw_slice_sub(after, type_end + 1, after.len), arena, &form, &error)) {
        check_credentials(authorization, &form, arena);
        if (dw_token_request_parse(&form, &settings, arena, &request, &error))
            check(&request);
    }
    dw_arena_free(arena);
    return 0;
}
