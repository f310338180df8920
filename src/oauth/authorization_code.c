/* Authorization codes: made once, good once. */
#include "oauth/authorization_code.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "oauth/pkce.h"

static bool no_memory(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_authorization_code_make(const struct dw_authorization_request *request,
                                struct dw_slices scopes, const unsigned char random[static 48],
                                int64_t now_s, int64_t lifetime_s, struct dw_arena *arena,
                                struct dw_secret *ret_code,
                                struct dw_authorization_code *ret_record, struct dw_error *reterr)
{
    struct dw_slice code = dw_text_base64url(arena, dw_slice_from((const char *)random, 32));
    struct dw_slice family = dw_text_base64url(arena, dw_slice_from((const char *)random + 32, 16));
    unsigned char digest[DW_SHA256_BYTES];
    struct dw_slice kept;

    if (!code.ptr || !family.ptr)
        return no_memory(reterr);
    if (!dw_sha256(code, digest, reterr))
        return false;
    kept = dw_arena_copy(arena, dw_slice_from((const char *)digest, sizeof digest));
    if (!kept.ptr)
        return no_memory(reterr);
    *ret_code = dw_secret_from(code);
    *ret_record = (struct dw_authorization_code){
        .code_digest = kept,
        .client_id = request->client_id,
        .user_id = request->user_id,
        .session_id = request->session_id,
        .family_id = family,
        .redirect_uri = request->redirect_uri,
        .has_redirect_uri = request->has_redirect_uri,
        .code_challenge = request->code_challenge,
        .scopes = scopes,
        .audience = request->audience,
        .oidc_nonce = request->oidc_nonce,
        .organization = request->organization,
        .dpop_jkt = request->dpop_jkt,
        .max_age_s = request->max_age_s,
        .authenticated_at_s = request->authenticated_at_s,
        .mfa_at_s = request->mfa_at_s,
        .created_at_s = now_s,
        .expires_at_s = now_s + lifetime_s,
    };
    return true;
}

bool dw_authorization_code_redeem(const struct dw_authorization_code *code, bool was_used,
                                  const struct dw_oauth_client *client,
                                  const struct dw_token_request *request, int64_t now_s,
                                  struct dw_error *reterr)
{
    /* RFC 6749 4.1.3 MUST: issued to this client, still valid, used once. One text for all of it.
     */
    if (!code || was_used || !dw_slice_eq(code->client_id, client->id) ||
        now_s >= code->expires_at_s)
        return dw_fail(reterr, DW_INVALID_GRANT, "Invalid authorization code");
    /* RFC 6749 4.1.3 MUST: the redirect URI of the authorization request, if it had one. */
    if (code->has_redirect_uri && !request->has_redirect_uri)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: redirect_uri");
    if (request->has_redirect_uri && !dw_slice_eq(code->redirect_uri, request->redirect_uri))
        return dw_fail(reterr, DW_INVALID_GRANT,
                       "redirect_uri is not the one of the authorization request");
    /* RFC 8707 2.2: what was authorized, or less; there is one, so it is that one. */
    if (request->audience.len && !dw_slice_eq(request->audience, code->audience))
        return dw_fail(reterr, DW_INVALID_TARGET,
                       "resource is not the one of the authorization request");
    return dw_pkce_verify(code->code_challenge, request->code_verifier, reterr);
}
