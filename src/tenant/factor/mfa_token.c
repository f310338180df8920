/* mfa_tokens; see mfa_token_internal.h. */
#include "tenant/factor/mfa_token_internal.h"

#include "base/text.h"
#include "oauth/token_request.h"
#include "tenant/token/own_token_internal.h"

bool dw_mfa_token_make(struct dw_tenant_call *call, struct dw_mfa_transaction *transaction,
                       struct dw_secret *ret_token, struct dw_error *reterr)
{
    *ret_token = dw_secret_from(dw_tenant_random_text(call->arena, "", 32));
    transaction->enrolment_id = dw_tenant_random_text(call->arena, "", 16);
    transaction->expires_at_s = call->now_s + DW_MFA_TOKEN_LIFETIME_S;
    if (!ret_token->hidden.ptr || !transaction->enrolment_id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_tenant_digest(ret_token->hidden, call->arena, &transaction->token_digest, reterr) &&
           dw_store_add_mfa_transaction(call->tenant->store, transaction, reterr);
}

static bool load_user(struct dw_tenant_call *call, struct dw_mfa_caller *caller,
                      struct dw_error *reterr)
{
    struct dw_user *user;

    if (!dw_store_user(call->tenant->store, caller->transaction->user_id, call->arena, &user,
                       reterr))
        return false;
    if (!user)
        return dw_fail(reterr, DW_INVALID_GRANT, "Malformed mfa_token");
    if (user->is_blocked)
        return dw_fail(reterr, DW_USER_BLOCKED, "user is blocked");
    /* Whoever knew the old password may have begun this with it. */
    if (!dw_user_login_stands(user, caller->transaction->authenticated_at_s))
        return dw_fail(reterr, DW_INVALID_GRANT, "Malformed mfa_token");
    call->user_id = user->id;
    call->client_id = caller->transaction->client_id;
    return dw_mfa_load(call, user, &caller->state, reterr);
}

static bool by_mfa_token(struct dw_tenant_call *call, struct dw_slice digest,
                         struct dw_slice client_id, struct dw_mfa_caller *caller,
                         struct dw_error *reterr)
{
    if (!dw_store_mfa_transaction(call->tenant->store, digest, call->arena, &caller->transaction,
                                  reterr))
        return false;
    if (!caller->transaction)
        return dw_fail(reterr, DW_INVALID_GRANT, "Malformed mfa_token");
    if (client_id.len > 0 && !dw_slice_eq(caller->transaction->client_id, client_id))
        return dw_fail(reterr, DW_INVALID_REQUEST, "mfa_token not issued to this client");
    if (caller->transaction->expires_at_s <= call->now_s)
        return dw_fail(reterr, DW_EXPIRED_TOKEN, "mfa_token is expired");
    caller->rule = DW_ENROL_FIRST_ONLY; /* it came of a password */
    return load_user(call, caller, reterr);
}

/* Whoever got the access token for a password, when nothing was enrolled, needs another one now
 * (dw_mfa_check_issue). */
static bool check_strength(struct dw_tenant_call *call, const struct dw_mfa_caller *caller,
                           const struct dw_own_token *token, struct dw_error *reterr)
{
    struct dw_slices methods;

    if (!dw_json_texts(token->claims, "amr", call->arena, &methods, reterr))
        return false;
    return !caller->state.is_enrolled || dw_slices_have(methods, DW_LIT("mfa")) ||
           dw_fail(reterr, DW_INVALID_TOKEN, "the access token was given for a password alone");
}

static bool by_access_token(struct dw_tenant_call *call, struct dw_slice text,
                            struct dw_slice client_id, const char *scope,
                            struct dw_mfa_caller *caller, struct dw_error *reterr)
{
    struct dw_slice audience = dw_mfa_audience(call->tenant, call->arena);
    struct dw_own_token token;

    if (!audience.ptr || !caller->transaction)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_own_token_read(call, text, &token, reterr))
        return false;
    if (token.dpop_jkt.len > 0 || token.user_id.len == 0 ||
        !dw_slices_have(token.audiences, audience))
        return dw_fail(reterr, DW_INVALID_TOKEN, "the access token is not for %.*s",
                       DW_PRINT(audience));
    if (client_id.len > 0 && !dw_slice_eq(token.client_id, client_id))
        return dw_fail(reterr, DW_INVALID_REQUEST, "mfa_token not issued to this client");
    if (!dw_slices_have(token.scopes, dw_slice_from_text(scope)))
        return dw_fail(reterr, DW_INSUFFICIENT_SCOPE, "the access token lacks the scope %s", scope);
    *caller->transaction = (struct dw_mfa_transaction){
        .client_id = token.client_id,
        .user_id = token.user_id,
        .grant_type = dw_slice_from_text(dw_grant_type_name(DW_GRANT_PASSWORD)),
        .scopes = token.scopes,
        .audience = audience,
        .organization = token.organization,
        .enrolment_id = token.token_id,
        .authenticated_at_s = token.issued_at_s,
        .expires_at_s = token.expires_at_s,
    };
    if (!dw_tenant_digest(text, call->arena, &caller->transaction->token_digest, reterr) ||
        !load_user(call, caller, reterr))
        return false;
    caller->has_access_token = true;
    caller->rule = caller->state.is_enrolled ? DW_ENROL_FURTHER : DW_ENROL_FIRST_ONLY;
    return check_strength(call, caller, &token, reterr);
}

bool dw_mfa_caller_find(struct dw_tenant_call *call, struct dw_slice token,
                        struct dw_slice client_id, const char *scope,
                        struct dw_mfa_caller *ret_caller, struct dw_error *reterr)
{
    struct dw_slice digest;

    *ret_caller = (struct dw_mfa_caller){0};
    if (dw_slice_contains(token, '.')) { /* a JWT */
        ret_caller->transaction = DW_ARENA_NEW(call->arena, struct dw_mfa_transaction);
        return by_access_token(call, token, client_id, scope, ret_caller, reterr);
    }
    return dw_tenant_digest(token, call->arena, &digest, reterr) &&
           by_mfa_token(call, digest, client_id, ret_caller, reterr);
}

bool dw_mfa_caller_finish(struct dw_tenant_call *call, const struct dw_mfa_caller *caller,
                          struct dw_error *reterr)
{
    bool is_done = false;

    if (caller->has_access_token)
        return true;
    if (!dw_store_take_mfa_transaction(call->tenant->store, caller->transaction->token_digest,
                                       &is_done, reterr))
        return false;
    return is_done || dw_fail(reterr, DW_INVALID_GRANT, "Malformed mfa_token");
}

struct dw_slice dw_mfa_token_subject(struct dw_tenant_call *call,
                                     const struct dw_mfa_transaction *transaction,
                                     struct dw_slice oob_code)
{
    struct dw_slice digest = dw_text_hex(call->arena, transaction->token_digest);

    return digest.ptr
               ? dw_arena_printf(call->arena, "%.*s %.*s", DW_PRINT(digest), DW_PRINT(oob_code))
               : digest;
}
