/* Finding an issuer's keys and a subject's user; see trust_internal.h. */
#include "tenant/token/trust_internal.h"

#include "net/fetch.h"
#include "tenant/client_keys_internal.h"

#define FETCH_TIMEOUT_MS 5000
#define KEYS_MAX_BYTES ((size_t)64 * 1024)

/* The operator chose the URL, so it may lead anywhere. */
static enum dw_keys_fetched download_keys(struct dw_tenant_call *call, struct dw_slice url,
                                          struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    struct dw_http_field accept = {DW_LIT("Accept"), DW_LIT("application/json")};
    struct dw_fetch_request request = {
        .method = DW_HTTP_GET,
        .url = url,
        .fields = {&accept, 1},
        .guard = DW_FETCH_OPERATOR,
        .max_bytes = KEYS_MAX_BYTES,
        .timeout_ms = FETCH_TIMEOUT_MS,
    };
    struct dw_fetch_response response;
    size_t skipped;

    if (!dw_fetch(&request, call->arena, &response, reterr))
        return DW_KEYS_FAILED;
    if (response.status == 200)
        *ret_keys = dw_jwks_parse(response.body, &skipped, reterr);
    else
        (void)dw_fail(reterr, DW_UNAVAILABLE, "the keys of a trusted issuer answer %d",
                      response.status);
    return *ret_keys ? DW_KEYS_GOT : DW_KEYS_FAILED;
}

/* What anybody sends us makes us ask an issuer once in a while, not more (client_keys.c). */
static bool fetch_keys(struct dw_tenant_call *call, const struct dw_trusted_issuer *issuer,
                       enum dw_keys_need need, struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    return dw_client_keys_fetch(call->tenant->issuer_keys, call, issuer->jwks_uri, need,
                                download_keys, ret_keys, reterr);
}

static bool find_keys(struct dw_tenant_call *call, const struct dw_trusted_issuer *issuer,
                      struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    struct dw_error error = {0};
    size_t skipped;

    *ret_keys = NULL;
    if (issuer->jwks_json.len > 0)
        *ret_keys = dw_jwks_parse(issuer->jwks_json, &skipped, &error);
    else if (!fetch_keys(call, issuer, DW_KEYS_ANY, ret_keys, &error))
        *ret_keys = NULL;
    if (*ret_keys)
        return true;
    dw_log_error(call->tenant->log, "trusted_issuer_keys_missing", &error);
    return dw_fail(reterr, DW_UNAVAILABLE, "The keys of the token's issuer cannot be had now.");
}

static bool verify(struct dw_tenant_call *call, const struct dw_trusted_issuer *issuer,
                   const struct dw_jwt *jwt, struct dw_error *reterr)
{
    bool is_good, is_kid_unknown = false;
    struct dw_error ignored = {0};
    struct dw_jwks *keys;

    if (!find_keys(call, issuer, &keys, reterr))
        return false;
    is_good = dw_jwt_verify(jwt, keys, DW_ALGS_ALL, &is_kid_unknown, reterr);
    dw_jwks_unref(keys);
    if (is_good || !is_kid_unknown || issuer->jwks_json.len > 0 ||
        !fetch_keys(call, issuer, DW_KEYS_NEWER, &keys, &ignored))
        return is_good;
    is_good = dw_jwt_verify(jwt, keys, DW_ALGS_ALL, &is_kid_unknown, reterr);
    dw_jwks_unref(keys);
    return is_good;
}

/* What is wrong with a token is told under the caller's code; what is wrong with us as it is. */
static bool fail_token(const struct dw_error *error, enum dw_code code, struct dw_error *reterr)
{
    if (error->code == DW_INVALID_TOKEN || error->code == DW_MALFORMED)
        return dw_fail(reterr, code, "%s", error->message);
    *reterr = *error;
    return false;
}

bool dw_trust_verify(struct dw_tenant_call *call, struct dw_slice text, struct dw_slice wanted,
                     enum dw_code code, struct dw_trusted_issuer **ret_issuer,
                     struct dw_jwt *ret_jwt, struct dw_error *reterr)
{
    struct dw_error error = {0};
    struct dw_slice issuer;

    if (!dw_jwt_parse(text, call->arena, ret_jwt, &error))
        return fail_token(&error, code, reterr);
    issuer = dw_json_text(ret_jwt->claims, "iss");
    *ret_issuer = NULL;
    if (issuer.len > 0 && (wanted.len == 0 || dw_slice_eq(issuer, wanted)) &&
        !dw_store_trusted_issuer(call->tenant->store, issuer, call->arena, ret_issuer, reterr))
        return false;
    if (!*ret_issuer)
        return dw_fail(reterr, code, "The token's issuer is not trusted here.");
    return verify(call, *ret_issuer, ret_jwt, &error) || fail_token(&error, code, reterr);
}

bool dw_trust_mapped_user(struct dw_tenant_call *call, struct dw_slice owner,
                          struct dw_slice subject, struct dw_user **ret_user,
                          struct dw_error *reterr)
{
    struct dw_slice digest, id;

    *ret_user = NULL;
    if (owner.len == 0)
        return true;
    if (!dw_tenant_digest(subject, call->arena, &digest, reterr) ||
        !dw_store_external_subject(call->tenant->store, owner, digest, call->arena, &id, reterr))
        return false;
    return id.len == 0 || dw_store_user(call->tenant->store, id, call->arena, ret_user, reterr);
}

bool dw_trust_find_user(struct dw_tenant_call *call, struct dw_slice owner,
                        const struct dw_trusted_issuer *issuer,
                        const struct dw_external_subject *subject, struct dw_user **ret_user,
                        struct dw_error *reterr)
{
    struct dw_store *store = call->tenant->store;

    if (!dw_trust_mapped_user(call, owner, subject->subject, ret_user, reterr))
        return false;
    if (!*ret_user && !dw_trust_mapped_user(call, issuer->id, subject->subject, ret_user, reterr))
        return false;
    if (*ret_user)
        return true;
    switch (issuer->user_by) {
    case DW_USER_BY_SUBJECT:
        return dw_store_user(store, subject->subject, call->arena, ret_user, reterr);
    case DW_USER_BY_EMAIL:
        return subject->email.len == 0 ||
               dw_store_user_by_login(store, issuer->connection, subject->email, call->arena,
                                      ret_user, reterr);
    case DW_USER_BY_MAPPING:
    case DW_USER_BY_COUNT:
    default:
        return true;
    }
}
