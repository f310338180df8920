/* Looking clients up and authenticating them; see clients_internal.h. */
#include "tenant/clients_internal.h"

#include "oauth/client_authentication.h"
#include "oauth/client_metadata_document.h"

/* Whether the document behind the URL may make a client, by today's configuration. */
static bool takes_document(const struct dw_tenant_call *call, struct dw_slice client_id)
{
    return call->settings->is_cimd_enabled &&
           dw_client_id_is_url(client_id, call->tenant->config.allow_insecure_client_metadata);
}

bool dw_client_find_fresh(struct dw_tenant_call *call, struct dw_slice client_id,
                          struct dw_oauth_client **ret_client, struct dw_error *reterr)
{
    if (!dw_store_client(call->tenant->store, client_id, call->arena, ret_client, reterr))
        return false;
    if (*ret_client && (*ret_client)->kind != DW_CLIENT_CIMD)
        return true;
    if (!takes_document(call, client_id)) {
        *ret_client = NULL;
        return true;
    }
    if (*ret_client && (*ret_client)->document_expires_at_s > call->now_s)
        return true;
    return dw_client_document_fetch(call, client_id, *ret_client, ret_client, reterr);
}

static bool check_with_keys(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                            const struct dw_client_credentials *credentials, enum dw_keys_need need,
                            struct dw_client_assertion *ret_assertion, struct dw_error *reterr)
{
    struct dw_jwks *keys;
    bool is_right;

    if (!dw_client_keys(call, client, need, &keys, reterr))
        return false;
    is_right = dw_client_check_assertion(client, credentials, keys, call->tenant->config.issuer,
                                         call->now_s, call->arena, ret_assertion, reterr);
    dw_jwks_unref(keys);
    return is_right;
}

static bool check_assertion(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                            const struct dw_client_credentials *credentials,
                            struct dw_error *reterr)
{
    struct dw_client_assertion assertion = {0};
    struct dw_slice key;
    bool is_first = false;

    if (!client || client->auth_method != DW_CLIENT_AUTH_PRIVATE_KEY_JWT)
        return dw_fail(reterr, DW_CLIENT_REFUSED, "Unauthorized");
    /* A key that the client has made since its keys were fetched. */
    if (!check_with_keys(call, client, credentials, DW_KEYS_ANY, &assertion, reterr) &&
        (!assertion.is_kid_unknown ||
         !check_with_keys(call, client, credentials, DW_KEYS_NEWER, &assertion, reterr)))
        return false;
    /* RFC 7523 section 3 (7): a jti counts for its issuer alone, which is the client. */
    key = dw_arena_printf(call->arena, "%.*s %.*s", DW_PRINT(client->id),
                          DW_PRINT(assertion.token_id));
    if (!key.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_store_first_use(call->tenant->store, DW_LIT("client_assertion"), key, call->now_s,
                            assertion.expires_at_s, &is_first, reterr))
        return false;
    return is_first || dw_fail(reterr, DW_CLIENT_REFUSED, "Unauthorized");
}

bool dw_client_authenticate(struct dw_tenant_call *call, const struct dw_form *form,
                            struct dw_oauth_client **ret_client, struct dw_error *reterr)
{
    struct dw_slice authorization = dw_http_field(call->fields, "authorization");
    struct dw_client_credentials credentials;

    if (dw_http_field_count(call->fields, "authorization") > 1)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the Authorization field must come once");
    if (!dw_client_credentials_parse(authorization, form, call->arena, &credentials, reterr))
        return false;
    call->client_id = credentials.client_id;
    if (!dw_store_client(call->tenant->store, credentials.client_id, call->arena, ret_client,
                         reterr))
        return false;
    if (*ret_client && (*ret_client)->kind == DW_CLIENT_CIMD &&
        !takes_document(call, credentials.client_id))
        *ret_client = NULL;
    return credentials.method == DW_CLIENT_AUTH_PRIVATE_KEY_JWT
               ? check_assertion(call, *ret_client, &credentials, reterr)
               : dw_client_check_secret(*ret_client, &credentials, reterr);
}
