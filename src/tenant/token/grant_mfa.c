/* The grants that end what a password began: mfa-otp, mfa-oob, mfa-recovery-code (Auth0). */
#include "tenant/audit_internal.h"
#include "tenant/factor/mfa_token_internal.h"
#include "tenant/factor/otp_internal.h"
#include "tenant/token/token_grants_internal.h"

struct waiting {
    struct dw_mfa_caller caller;
    struct dw_mfa_check check;
};

static bool load(struct dw_token_call *token, struct waiting *waiting, struct dw_error *reterr)
{
    if (!dw_mfa_caller_find(token->call, token->request.mfa_token.hidden, token->client->id,
                            "enroll", &waiting->caller, reterr))
        return false;
    waiting->check = (struct dw_mfa_check){
        .state = &waiting->caller.state,
        .enrolment_id = waiting->caller.transaction->enrolment_id,
        .rule = waiting->caller.rule,
    };
    return true;
}

/* The grant that waited gets its tokens; the mfa_token is used up. */
static bool finish(struct dw_token_call *token, const struct waiting *waiting,
                   struct dw_error *reterr)
{
    const struct dw_mfa_transaction *transaction = waiting->caller.transaction;
    struct dw_token_login login = {
        .user = waiting->caller.state.user,
        .grant_type = dw_grant_type_from(transaction->grant_type),
        .audience = transaction->audience,
        .scopes = transaction->scopes,
        .organization = transaction->organization,
        .authenticated_at_s = transaction->authenticated_at_s,
        .mfa_at_s = token->call->now_s,
    };

    /* Who proved a key with the password proves it again. */
    if (transaction->dpop_jkt.len > 0 && !dw_slice_eq(transaction->dpop_jkt, token->call->dpop_jkt))
        return dw_fail(reterr, DW_INVALID_DPOP_PROOF, "the mfa_token is bound to another key");
    return dw_token_check_connection(token, login.user, reterr) &&
           dw_mfa_caller_finish(token->call, &waiting->caller, reterr) &&
           dw_token_log_in(token, &login, reterr);
}

static void audit(struct dw_token_call *token, const struct waiting *waiting,
                  enum dw_audit_type type, const struct dw_error *error)
{
    dw_audit(token->call, type, .client = token->client, .user = waiting->caller.state.user,
             .error = error);
}

bool dw_grant_mfa_otp(struct dw_token_call *token, struct dw_error *reterr)
{
    struct waiting waiting = {0};
    struct dw_error error = {0};

    if (load(token, &waiting, &error) &&
        dw_mfa_check_totp(token->call, &waiting.check, token->request.otp.hidden, &error) &&
        finish(token, &waiting, &error)) {
        audit(token, &waiting, DW_AUDIT_SEOTPFT, NULL);
        return true;
    }
    audit(token, &waiting, DW_AUDIT_FEOTPFT, &error);
    *reterr = error;
    return false;
}

/* A request without a code asks how it stands: Auth0's clients poll so where the user answers on
 * another device. Here the user's answer is the code, so it waits until it is dead or too old. */
static bool say_how_it_stands(struct dw_token_call *token, const struct waiting *waiting,
                              struct dw_slice subject, struct dw_error *reterr)
{
    enum dw_otp_verdict verdict = DW_OTP_WRONG;

    if (!dw_mfa_sent_code_stands(token->call, &waiting->caller.state, subject, &verdict, reterr))
        return false;
    switch (verdict) {
    case DW_OTP_RIGHT:
        return dw_fail(reterr, DW_MFA_PENDING,
                       "Authorization pending: please repeat the request in a few seconds.");
    case DW_OTP_DEAD:
    case DW_OTP_LOCKED:
        return dw_fail(reterr, DW_MFA_REJECTED, "MFA Authorization rejected.");
    case DW_OTP_EXPIRED:
        return dw_fail(reterr, DW_EXPIRED_TOKEN, "oob_code is expired");
    case DW_OTP_WRONG:
    default:
        return dw_fail(reterr, DW_INVALID_REQUEST, "The oob_code doesn't match the mfa_token");
    }
}

static bool exchange_oob(struct dw_token_call *token, struct waiting *waiting,
                         struct dw_error *reterr)
{
    struct dw_slice subject;

    if (!load(token, waiting, reterr))
        return false;
    subject =
        dw_mfa_token_subject(token->call, waiting->caller.transaction, token->request.otp.hidden);
    if (!subject.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (token->request.binding_code.len == 0)
        return say_how_it_stands(token, waiting, subject, reterr);
    return dw_mfa_check_sent_code(token->call, &waiting->check, subject,
                                  token->request.binding_code, reterr) &&
           finish(token, waiting, reterr);
}

bool dw_grant_mfa_oob(struct dw_token_call *token, struct dw_error *reterr)
{
    struct waiting waiting = {0};
    struct dw_error error = {0};

    if (exchange_oob(token, &waiting, &error)) {
        audit(token, &waiting, DW_AUDIT_SEOOBFT, NULL);
        return true;
    }
    if (error.code != DW_MFA_PENDING) /* who asks how it stands has not failed */
        audit(token, &waiting, DW_AUDIT_FEOOBFT, &error);
    *reterr = error;
    return false;
}

bool dw_grant_mfa_recovery_code(struct dw_token_call *token, struct dw_error *reterr)
{
    struct waiting waiting = {0};
    struct dw_error error = {0};
    struct dw_slice next;

    if (load(token, &waiting, &error) &&
        dw_mfa_check_recovery_code(token->call, &waiting.caller.state, token->request.otp.hidden,
                                   &next, &error) &&
        finish(token, &waiting, &error)) {
        token->issued.response.recovery_code = dw_secret_from(next);
        audit(token, &waiting, DW_AUDIT_SERCFT, NULL);
        return true;
    }
    audit(token, &waiting, DW_AUDIT_FERCFT, &error);
    *reterr = error;
    return false;
}
