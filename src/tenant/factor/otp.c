/* One-time codes and links; see otp_internal.h. */
#include "tenant/factor/otp_internal.h"

#include <stdio.h>

#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "store/one_time.h"
#include "sys/sys.h"
#include "tenant/secrets_internal.h"

#define CODES 1000000u /* 10 to the power of DW_OTP_DIGITS */
#define TOKEN_BYTES 32

bool dw_otp_mac(struct dw_tenant_call *call, const char *purpose, struct dw_slices parts,
                struct dw_slice *ret_mac, struct dw_error *reterr)
{
    unsigned char key[DW_MASTER_KEY_BYTES], digest[DW_SHA256_BYTES], mac[DW_HMAC_SHA256_BYTES];
    bool is_done = dw_master_key_derive(call->tenant->master_key, purpose, key, reterr) &&
                   dw_sha256_parts(parts, digest, reterr) &&
                   dw_hmac_sha256(dw_secret_from(dw_slice_from((const char *)key, sizeof key)),
                                  dw_slice_from((const char *)digest, sizeof digest), mac, reterr);

    dw_mem_wipe(key, sizeof key);
    if (!is_done)
        return false;
    *ret_mac = dw_arena_copy(call->arena, dw_slice_from((const char *)mac, sizeof mac));
    return ret_mac->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool digest_subject(struct dw_tenant_call *call, const char *purpose,
                           struct dw_slice subject, struct dw_slice *ret_digest,
                           struct dw_error *reterr)
{
    struct dw_slice parts[] = {dw_slice_from_text(purpose), subject};

    return dw_otp_mac(call, "one-time-subject", (struct dw_slices){parts, 2}, ret_digest, reterr);
}

static bool digest_code(struct dw_tenant_call *call, const char *purpose, struct dw_slice subject,
                        struct dw_slice code, struct dw_slice *ret_digest, struct dw_error *reterr)
{
    struct dw_slice parts[] = {dw_slice_from_text(purpose), subject, code};

    return dw_otp_mac(call, "one-time-code", (struct dw_slices){parts, 3}, ret_digest, reterr);
}

static bool count_by(struct dw_tenant_call *call, const struct dw_otp *otp, struct dw_rate *rate,
                     struct dw_error *reterr)
{
    return digest_subject(call, otp->purpose,
                          otp->counted_by.len > 0 ? otp->counted_by : otp->subject, &rate->key,
                          reterr);
}

static struct dw_rate rate_of_sends(void)
{
    return (struct dw_rate){
        .space = DW_LIT("otp_send"), .limit = DW_OTP_SENDS, .window_s = DW_OTP_SENDS_WINDOW_S};
}

bool dw_otp_has_room(struct dw_tenant_call *call, const struct dw_otp *otp, bool *ret_has_room,
                     struct dw_error *reterr)
{
    struct dw_rate rate = rate_of_sends();

    return count_by(call, otp, &rate, reterr) &&
           dw_store_rate_has_room(call->tenant->store, &rate, call->now_s, ret_has_room, reterr);
}

static bool may_send(struct dw_tenant_call *call, const struct dw_otp *otp, struct dw_error *reterr)
{
    struct dw_rate rate = rate_of_sends();
    bool is_allowed = false;

    if (!count_by(call, otp, &rate, reterr) ||
        !dw_tenant_rate_take(call, &rate, &is_allowed, reterr))
        return false;
    return is_allowed ||
           dw_fail(reterr, DW_TOO_MANY, "Too many codes were sent. Wait an hour, then try again.");
}

/* Uniform: what lies over the last whole multiple of CODES is thrown again. */
static unsigned random_number(void)
{
    uint32_t number;

    do
        dw_sys_random(&number, sizeof number);
    while (number >= UINT32_MAX - UINT32_MAX % CODES);
    return number % CODES;
}

static bool keep(struct dw_tenant_call *call, const struct dw_otp *otp, struct dw_slice subject,
                 struct dw_slice code, struct dw_error *reterr)
{
    struct dw_one_time record = {
        .purpose = dw_slice_from_text(otp->purpose),
        .detail_json = otp->detail_json,
        .max_tries = DW_OTP_MAX_TRIES,
        .created_at_s = call->now_s,
        .expires_at_s = call->now_s + otp->lifetime_s,
    };

    return digest_subject(call, otp->purpose, subject, &record.subject_digest, reterr) &&
           digest_code(call, otp->purpose, subject, code, &record.code_digest, reterr) &&
           dw_store_put_one_time(call->tenant->store, &record, reterr);
}

bool dw_otp_new_code(struct dw_tenant_call *call, const struct dw_otp *otp,
                     struct dw_secret *ret_code, struct dw_error *reterr)
{
    struct dw_slice never = dw_tenant_random_text(call->arena, "", TOKEN_BYTES);

    ret_code->hidden = dw_arena_printf(call->arena, "%0*u", DW_OTP_DIGITS, random_number());
    if (!ret_code->hidden.ptr || !never.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return may_send(call, otp, reterr) &&
           keep(call, otp, otp->subject, otp->fits_nobody ? never : ret_code->hidden, reterr);
}

/* As people type it: "123 456". Too long a text stays wrong. */
static struct dw_slice plain_code(struct dw_arena *arena, struct dw_slice typed)
{
    char *plain = dw_arena_alloc(arena, DW_OTP_DIGITS + 1);
    size_t len = 0;

    for (size_t i = 0; plain && i < typed.len && len <= DW_OTP_DIGITS; i++)
        if (typed.ptr[i] != ' ' && typed.ptr[i] != '-')
            plain[len++] = typed.ptr[i];
    return plain ? dw_slice_from(plain, len) : (struct dw_slice){0};
}

static enum dw_otp_verdict verdict_of(enum dw_one_time_verdict verdict)
{
    static const enum dw_otp_verdict verdicts[] = {
        [DW_ONE_TIME_NONE] = DW_OTP_WRONG,  [DW_ONE_TIME_WRONG] = DW_OTP_WRONG,
        [DW_ONE_TIME_DEAD] = DW_OTP_DEAD,   [DW_ONE_TIME_EXPIRED] = DW_OTP_EXPIRED,
        [DW_ONE_TIME_RIGHT] = DW_OTP_RIGHT,
    };

    return verdicts[verdict];
}

static bool use(struct dw_tenant_call *call, const char *purpose, struct dw_slice subject,
                struct dw_slice code, enum dw_otp_verdict *ret_verdict, struct dw_slice *ret_detail,
                struct dw_error *reterr)
{
    enum dw_one_time_verdict verdict = DW_ONE_TIME_NONE;
    struct dw_slice subject_digest, code_digest;

    if (!digest_subject(call, purpose, subject, &subject_digest, reterr) ||
        !digest_code(call, purpose, subject, code, &code_digest, reterr) ||
        !dw_store_use_one_time(call->tenant->store, dw_slice_from_text(purpose), subject_digest,
                               code_digest, call->now_s, call->arena, &verdict, ret_detail, reterr))
        return false;
    *ret_verdict = verdict_of(verdict);
    return true;
}

bool dw_otp_use_code(struct dw_tenant_call *call, const struct dw_otp *otp, struct dw_slice code,
                     enum dw_otp_verdict *ret_verdict, struct dw_slice *ret_detail_json,
                     struct dw_error *reterr)
{
    struct dw_rate failures = {.space = DW_LIT("otp_failed"),
                               .limit = DW_OTP_FAILURES,
                               .window_s = DW_OTP_FAILURES_WINDOW_S};
    struct dw_slice plain = plain_code(call->arena, code);
    bool is_allowed = false;

    *ret_verdict = DW_OTP_WRONG;
    *ret_detail_json = DW_EMPTY;
    if (!plain.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_otp_look_at_code(call, otp, ret_verdict, reterr))
        return false;
    if (*ret_verdict != DW_OTP_RIGHT)
        return true; /* nothing waits: no guess */
    /* Counted before it is compared, so that many tries at once are no more tries. */
    if (!count_by(call, otp, &failures, reterr) ||
        !dw_store_rate_take(call->tenant->store, &failures, call->now_s, &is_allowed, reterr))
        return false;
    if (!is_allowed) {
        *ret_verdict = DW_OTP_LOCKED;
        return true;
    }
    if (!use(call, otp->purpose, otp->subject, plain, ret_verdict, ret_detail_json, reterr))
        return false;
    return *ret_verdict != DW_OTP_RIGHT ||
           dw_store_rate_reset(call->tenant->store, failures.space, failures.key, reterr);
}

bool dw_otp_look_at_code(struct dw_tenant_call *call, const struct dw_otp *otp,
                         enum dw_otp_verdict *ret_verdict, struct dw_error *reterr)
{
    struct dw_one_time *found = NULL;
    struct dw_slice subject_digest;

    if (!digest_subject(call, otp->purpose, otp->subject, &subject_digest, reterr) ||
        !dw_store_one_time(call->tenant->store, dw_slice_from_text(otp->purpose), subject_digest,
                           call->arena, &found, reterr))
        return false;
    *ret_verdict = DW_OTP_WRONG;
    if (found && found->expires_at_s <= call->now_s)
        *ret_verdict = DW_OTP_EXPIRED;
    else if (found)
        *ret_verdict = found->tries < found->max_tries ? DW_OTP_RIGHT : DW_OTP_DEAD;
    return true;
}

bool dw_otp_new_link(struct dw_tenant_call *call, const struct dw_otp *otp,
                     struct dw_secret *ret_token, struct dw_error *reterr)
{
    ret_token->hidden = dw_tenant_random_text(call->arena, "", TOKEN_BYTES);
    if (!ret_token->hidden.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return may_send(call, otp, reterr) &&
           keep(call, otp, ret_token->hidden, ret_token->hidden, reterr);
}

bool dw_otp_look_at_link(struct dw_tenant_call *call, const char *purpose, struct dw_slice token,
                         bool *ret_is_good, struct dw_slice *ret_detail_json,
                         struct dw_error *reterr)
{
    struct dw_one_time *found = NULL;
    struct dw_slice subject_digest;

    if (!digest_subject(call, purpose, token, &subject_digest, reterr) ||
        !dw_store_one_time(call->tenant->store, dw_slice_from_text(purpose), subject_digest,
                           call->arena, &found, reterr))
        return false;
    *ret_is_good = found && found->expires_at_s > call->now_s;
    *ret_detail_json = *ret_is_good ? found->detail_json : DW_EMPTY;
    return true;
}

bool dw_otp_use_link(struct dw_tenant_call *call, const char *purpose, struct dw_slice token,
                     bool *ret_is_good, struct dw_slice *ret_detail_json, struct dw_error *reterr)
{
    enum dw_otp_verdict verdict = DW_OTP_WRONG;

    if (!use(call, purpose, token, token, &verdict, ret_detail_json, reterr))
        return false;
    *ret_is_good = verdict == DW_OTP_RIGHT;
    return true;
}
