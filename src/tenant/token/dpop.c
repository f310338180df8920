/* Taking DPoP proofs: the rules of oauth/dpop.h with our URLs, our clock, our nonces and the
 * store's memory of proofs; see dpop_internal.h. */
#include "tenant/token/dpop_internal.h"

#include "oauth/dpop.h"

static struct dw_secret nonce_key(const struct dw_tenant_call *call)
{
    return dw_secret_from(
        dw_slice_from((const char *)call->tenant->dpop_key, sizeof call->tenant->dpop_key));
}

/* RFC 9449 section 8: a nonce that is there must be ours, wherever it is sent to. */
static bool check_nonce(struct dw_tenant_call *call, const struct dw_dpop_proof *proof,
                        bool is_needed, struct dw_error *reterr)
{
    bool is_good = false;

    if (proof->nonce.len == 0 && !is_needed)
        return true;
    if (proof->nonce.len > 0 && !dw_dpop_nonce_check(nonce_key(call), proof->nonce, call->now_s,
                                                     call->arena, &is_good, reterr))
        return false;
    return is_good ||
           dw_fail(reterr, DW_USE_DPOP_NONCE, "Authorization server requires nonce in DPoP proof");
}

static const char *method_name(const struct dw_tenant_call *call)
{
    return call->method == DW_HTTP_GET ? "GET" : "POST";
}

static bool take(struct dw_tenant_call *call, const char *path, struct dw_slice access_token,
                 bool needs_nonce, struct dw_error *reterr)
{
    struct dw_dpop_rules rules = {
        .method = dw_slice_from_text(method_name(call)),
        .url = dw_tenant_url(call->tenant, call->arena, path),
        .access_token = access_token,
        .now_s = call->now_s,
    };
    struct dw_dpop_proof proof;
    bool is_first = false;

    if (!rules.url.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (dw_http_field_count(call->fields, "dpop") > 1) /* RFC 9449 4.3 (1) */
        return dw_fail(reterr, DW_INVALID_DPOP_PROOF, "send one DPoP field, not several");
    if (!dw_dpop_nonce_make(nonce_key(call), call->now_s, call->arena, &call->dpop_nonce, reterr) ||
        !dw_dpop_check(dw_http_field(call->fields, "dpop"), &rules, call->arena, &proof, reterr) ||
        !check_nonce(call, &proof, needs_nonce, reterr) ||
        !dw_store_first_use(call->tenant->store, DW_LIT("dpop"), proof.replay_key, call->now_s,
                            proof.expires_at_s, &is_first, reterr))
        return false;
    if (!is_first)
        return dw_fail(reterr, DW_INVALID_DPOP_PROOF, "the DPoP proof was used before");
    call->dpop_jkt = proof.jkt;
    return true;
}

bool dw_dpop_take(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                  const char *path, struct dw_error *reterr)
{
    if (dw_http_field_count(call->fields, "dpop") == 0)
        return true;
    return take(call, path, DW_EMPTY, client->auth_method == DW_CLIENT_AUTH_NONE, reterr);
}

bool dw_dpop_take_with_token(struct dw_tenant_call *call, struct dw_slice token, const char *path,
                             struct dw_error *reterr)
{
    if (dw_http_field_count(call->fields, "dpop") == 0)
        return dw_fail(reterr, DW_INVALID_DPOP_PROOF,
                       "an access token with the DPoP scheme needs a DPoP proof");
    return take(call, path, token, false, reterr);
}
