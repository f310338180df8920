/* The store's questions about one-time codes and links: short secrets that were sent to somebody,
 * good once and for a while. What they are for is tenant/factor/otp_internal.h. The rules of
 * store.h hold.
 */
#ifndef DW_STORE_ONE_TIME_H
#define DW_STORE_ONE_TIME_H

#include "store/store.h"

struct dw_one_time {
    struct dw_slice purpose;        /* such as "mfa-email": a space of its own */
    struct dw_slice subject_digest; /* whom and for what: one code each, the newest */
    struct dw_slice code_digest;    /* keyed with the tenant's key */
    struct dw_slice detail_json;    /* for whoever uses it */
    int64_t tries;                  /* wrong ones so far */
    int64_t max_tries;              /* after so many wrong ones it is dead */
    int64_t created_at_s;
    int64_t expires_at_s;
};

enum dw_one_time_verdict {
    DW_ONE_TIME_NONE, /* never made, used, or forgotten */
    DW_ONE_TIME_WRONG,
    DW_ONE_TIME_DEAD, /* too many wrong tries; also the try that was one too many */
    DW_ONE_TIME_EXPIRED,
    DW_ONE_TIME_RIGHT,
};

/* Replaces the one of the same purpose and subject. */
bool dw_must_check dw_store_put_one_time(struct dw_store *store, const struct dw_one_time *one_time,
                                         struct dw_error *reterr);
/* One try. RIGHT ends it: of several callers one gets that. WRONG counts.
 *
 * ret_detail  only with RIGHT */
bool dw_must_check dw_store_use_one_time(struct dw_store *store, struct dw_slice purpose,
                                         struct dw_slice subject_digest,
                                         struct dw_slice code_digest, int64_t now_s,
                                         struct dw_arena *arena,
                                         enum dw_one_time_verdict *ret_verdict,
                                         struct dw_slice *ret_detail, struct dw_error *reterr);
/* Without using it: for a page that asks before. Expired ones are kept for a while. */
bool dw_must_check dw_store_one_time(struct dw_store *store, struct dw_slice purpose,
                                     struct dw_slice subject_digest, struct dw_arena *arena,
                                     struct dw_one_time **ret_one_time, struct dw_error *reterr);

#endif
