/* Enrolling second factors; see mfa_internal.h. */
#include "base/mem.h"
#include "base/text.h"
#include "crypto/seal.h"
#include "oauth/identifier.h"
#include "oauth/totp.h"
#include "sys/sys.h"
#include "tenant/account/mail_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/factor/mfa_internal.h"
#include "tenant/factor/otp_internal.h"
#include "tenant/secrets_internal.h"

static bool no_memory(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static struct dw_slice new_id(struct dw_tenant_call *call, enum dw_authenticator_type type)
{
    struct dw_slice prefix =
        dw_arena_printf(call->arena, "%s|dev_", dw_authenticator_type_names[type]);

    return prefix.ptr ? dw_tenant_random_text(call->arena, prefix.ptr, 12) : prefix;
}

bool dw_mfa_recovery_digest(struct dw_tenant_call *call, struct dw_slice user_id,
                            struct dw_slice code, struct dw_slice *ret_digest,
                            struct dw_error *reterr)
{
    struct dw_slice parts[] = {user_id, code};

    return dw_otp_mac(call, "recovery-code", (struct dw_slices){parts, 2}, ret_digest, reterr);
}

bool dw_mfa_make_recovery_code(struct dw_tenant_call *call, struct dw_slice user_id,
                               struct dw_slice enrolment_id, int64_t confirmed_at_s,
                               struct dw_slice *ret_code, struct dw_authenticator *ret_record,
                               struct dw_error *reterr)
{
    char random[DW_RECOVERY_CODE_BYTES];

    dw_sys_random(random, sizeof random);
    *ret_code = dw_text_base32(call->arena, dw_slice_from(random, sizeof random));
    dw_mem_wipe(random, sizeof random);
    *ret_record = (struct dw_authenticator){
        .id = new_id(call, DW_AUTHENTICATOR_RECOVERY_CODE),
        .user_id = user_id,
        .type = DW_AUTHENTICATOR_RECOVERY_CODE,
        .enrolment_id = enrolment_id,
        .created_at_s = call->now_s,
        .confirmed_at_s = confirmed_at_s,
    };
    if (!ret_code->ptr || !ret_record->id.ptr)
        return no_memory(reterr);
    return dw_mfa_recovery_digest(call, user_id, *ret_code, &ret_record->code_digest, reterr);
}

/* --- TOTP secrets ----------------------------------------------------------------------------- */

static bool seal_key(struct dw_tenant_call *call, unsigned char key[static DW_MASTER_KEY_BYTES],
                     struct dw_error *reterr)
{
    return dw_master_key_derive(call->tenant->master_key, "mfa-secret", key, reterr);
}

static bool seal_secret(struct dw_tenant_call *call, struct dw_authenticator *record,
                        struct dw_secret secret, struct dw_error *reterr)
{
    unsigned char key[DW_MASTER_KEY_BYTES], nonce[DW_SEAL_NONCE_BYTES];
    bool is_done;

    dw_sys_random(nonce, sizeof nonce);
    is_done = seal_key(call, key, reterr) &&
              dw_seal(dw_secret_from(dw_slice_from((const char *)key, sizeof key)), nonce,
                      record->id, secret, call->arena, &record->sealed_secret, reterr);
    dw_mem_wipe(key, sizeof key);
    return is_done;
}

static bool make_totp(struct dw_tenant_call *call, struct dw_authenticator *record,
                      struct dw_secret *ret_secret, struct dw_error *reterr)
{
    char random[DW_TOTP_SECRET_BYTES];

    dw_sys_random(random, sizeof random);
    ret_secret->hidden = dw_arena_copy(call->arena, dw_slice_from(random, sizeof random));
    dw_mem_wipe(random, sizeof random);
    if (!ret_secret->hidden.ptr)
        return no_memory(reterr);
    return seal_secret(call, record, *ret_secret, reterr);
}

bool dw_mfa_totp_secret(struct dw_tenant_call *call, const struct dw_authenticator *authenticator,
                        struct dw_secret *ret_secret, struct dw_error *reterr)
{
    unsigned char key[DW_MASTER_KEY_BYTES];
    bool is_done =
        seal_key(call, key, reterr) &&
        dw_unseal(dw_secret_from(dw_slice_from((const char *)key, sizeof key)), authenticator->id,
                  authenticator->sealed_secret, call->arena, ret_secret, reterr);

    dw_mem_wipe(key, sizeof key);
    return is_done;
}

static struct dw_slice account_name(const struct dw_user *user)
{
    if (user->email.len > 0)
        return user->email;
    return user->username.len > 0 ? user->username : user->id;
}

static bool show_totp(struct dw_tenant_call *call, const struct dw_user *user,
                      struct dw_secret secret, struct dw_mfa_enrolment *enrolment,
                      struct dw_error *reterr)
{
    enrolment->secret_base32 = dw_text_base32(call->arena, secret.hidden);
    if (!enrolment->secret_base32.ptr)
        return no_memory(reterr);
    enrolment->uri = dw_totp_uri(call->arena, call->settings->friendly_name, account_name(user),
                                 enrolment->secret_base32);
    return enrolment->uri.ptr || no_memory(reterr);
}

bool dw_mfa_open_totp(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                      const struct dw_authenticator *authenticator,
                      struct dw_mfa_enrolment *ret_enrolment, struct dw_error *reterr)
{
    struct dw_secret secret;

    *ret_enrolment = (struct dw_mfa_enrolment){.record = *authenticator};
    return dw_mfa_totp_secret(call, authenticator, &secret, reterr) &&
           show_totp(call, state->user, secret, ret_enrolment, reterr);
}

/* --- enrolments ------------------------------------------------------------------------------- */

static bool check_terms(const struct dw_mfa_state *state, const struct dw_mfa_enrol_terms *terms,
                        struct dw_error *reterr)
{
    if (terms->type == DW_AUTHENTICATOR_RECOVERY_CODE ||
        !dw_mfa_has_factor(&state->settings, terms->type))
        return dw_fail(reterr, DW_INVALID_REQUEST, "The factor %s is not enabled.",
                       dw_mfa_factor_names[terms->type]);
    if (terms->type == DW_AUTHENTICATOR_EMAIL && !dw_mail_is_address(terms->address))
        return dw_fail(reterr, DW_INVALID_REQUEST, "email must be an e-mail address");
    if (terms->type == DW_AUTHENTICATOR_SMS && !dw_identifier_is_phone_number(terms->address))
        return dw_fail(reterr, DW_INVALID_REQUEST, "phone_number must be E.164, as +14155550100");
    return true;
}

static bool enrol(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                  const struct dw_mfa_enrol_terms *terms, struct dw_mfa_enrolment *ret_enrolment,
                  struct dw_error *reterr)
{
    struct dw_authenticator records[2];
    struct dw_secret secret;
    size_t count = 1;
    bool is_done = false;
    bool makes_recovery = terms->with_recovery_code && !state->is_enrolled &&
                          dw_mfa_has_factor(&state->settings, DW_AUTHENTICATOR_RECOVERY_CODE);

    *ret_enrolment = (struct dw_mfa_enrolment){0};
    if (!check_terms(state, terms, reterr))
        return false;
    records[0] = (struct dw_authenticator){
        .id = new_id(call, terms->type),
        .user_id = state->user->id,
        .type = terms->type,
        .address = dw_authenticator_is_oob(terms->type) ? terms->address : DW_EMPTY,
        .enrolment_id = terms->enrolment_id,
        .created_at_s = call->now_s,
    };
    if (!records[0].id.ptr)
        return no_memory(reterr);
    if (terms->type == DW_AUTHENTICATOR_TOTP &&
        (!make_totp(call, &records[0], &secret, reterr) ||
         !show_totp(call, state->user, secret, ret_enrolment, reterr)))
        return false;
    if (makes_recovery &&
        !dw_mfa_make_recovery_code(call, state->user->id, terms->enrolment_id, 0,
                                   &ret_enrolment->recovery_code, &records[count++], reterr))
        return false;
    if (!dw_store_add_authenticators(call->tenant->store, records, count, terms->rule, &is_done,
                                     reterr))
        return false;
    if (!is_done)
        return dw_fail(reterr, DW_ACCESS_DENIED, "User is already enrolled.");
    ret_enrolment->record = records[0];
    return true;
}

bool dw_mfa_enrol(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                  const struct dw_mfa_enrol_terms *terms, struct dw_mfa_enrolment *ret_enrolment,
                  struct dw_error *reterr)
{
    bool is_done = enrol(call, state, terms, ret_enrolment, reterr);

    dw_audit(call, is_done ? DW_AUDIT_GD_START_ENROLL : DW_AUDIT_GD_ENROLL_FAILED,
             .user = state->user, .error = is_done ? NULL : reterr);
    return is_done;
}

/* --- from a user import ------------------------------------------------------------------------
 */

bool dw_mfa_import_factors(struct dw_tenant_call *call, const struct dw_user *user,
                           const struct dw_mfa_import *factors, size_t count,
                           struct dw_error *reterr)
{
    for (size_t i = 0; i < count; i++) {
        struct dw_authenticator record = {
            .id = new_id(call, factors[i].type),
            .user_id = user->id,
            .type = factors[i].type,
            .address = factors[i].address,
            .enrolment_id = dw_tenant_random_text(call->arena, "import_", 12),
            .created_at_s = call->now_s,
        };
        bool is_done = false;

        if (!record.id.ptr || !record.enrolment_id.ptr)
            return no_memory(reterr);
        if (factors[i].type == DW_AUTHENTICATOR_TOTP &&
            !seal_secret(call, &record, factors[i].secret, reterr))
            return false;
        if (!dw_store_add_authenticators(call->tenant->store, &record, 1, DW_ENROL_FURTHER,
                                         &is_done, reterr))
            return false;
        if (is_done &&
            !dw_store_confirm_authenticator(call->tenant->store, &record, DW_ENROL_FURTHER, 0,
                                            call->now_s, &is_done, reterr))
            return false;
        if (!is_done)
            return dw_fail(reterr, DW_CONFLICT, "the second factor could not be added");
    }
    return true;
}
