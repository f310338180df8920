/* Authorizations that a client asks for on one device and a user decides about on another: the
 * device flow (RFC 8628), and CIBA in poll mode (OpenID Connect CIBA Core 1.0). In both the client
 * polls the token endpoint with a long secret, while the user holds another value that leads to the
 * request: a short code to type, or the link in a mail. */
#ifndef DW_OAUTH_DECOUPLED_H
#define DW_OAUTH_DECOUPLED_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"

#define DW_DEVICE_LIFETIME_S 900 /* Auth0's numbers */
#define DW_CIBA_LIFETIME_S 300
#define DW_CIBA_MAX_LIFETIME_S (72 * 3600) /* a mail may wait that long to be read */
#define DW_DECOUPLED_INTERVAL_S 5
#define DW_BINDING_MESSAGE_MAX_BYTES 64

enum dw_decoupled_kind {
    DW_DECOUPLED_DEVICE,
    DW_DECOUPLED_CIBA,
    DW_DECOUPLED_KIND_COUNT
};
extern const char *const dw_decoupled_kind_names[]; /* device ciba */

enum dw_decoupled_phase {
    DW_DECOUPLED_PENDING,
    DW_DECOUPLED_APPROVED,
    DW_DECOUPLED_DENIED,
    DW_DECOUPLED_USED, /* the client has its tokens */
    DW_DECOUPLED_PHASE_COUNT
};
extern const char *const dw_decoupled_phase_names[]; /* pending approved denied used */

struct dw_decoupled_request {
    struct dw_slice id; /* public: what operators and visits call it */
    enum dw_decoupled_kind kind;
    struct dw_slice poll_digest;     /* of the device_code or the auth_req_id */
    struct dw_slice approval_digest; /* of the user_code without its dash, or of the secret in the
                                        link */
    struct dw_slice client_id;
    struct dw_slices scopes; /* asked for */
    struct dw_slice audience;
    struct dw_slice binding_message; /* CIBA: what the user sees in both places */
    enum dw_decoupled_phase phase;
    struct dw_slice user_id; /* CIBA: who is asked; device: who has approved */
    /* From the approval on: */
    struct dw_slice session_id;
    struct dw_slice organization;
    struct dw_slices granted;
    struct dw_slice family_id;
    int64_t authenticated_at_s;
    int64_t mfa_at_s; /* 0: no second factor */
    int64_t created_at_s;
    int64_t expires_at_s;
    int64_t last_polled_at_s; /* 0: never */
};

enum dw_decoupled_verdict {
    DW_DECOUPLED_UNKNOWN, /* no such request, another client's, or its tokens were given already */
    DW_DECOUPLED_WAIT,
    DW_DECOUPLED_SLOW_DOWN, /* polled again before the interval was over */
    DW_DECOUPLED_REFUSED,
    DW_DECOUPLED_EXPIRED,
    DW_DECOUPLED_GIVE, /* give the tokens; the request is used then */
};

/* request  NULL: unknown. The store asks it inside its transaction and applies the verdict. */
enum dw_decoupled_verdict dw_decoupled_judge(const struct dw_decoupled_request *request,
                                             enum dw_decoupled_kind kind, struct dw_slice client_id,
                                             int64_t now_s);
/* True for GIVE alone; else fails as Auth0 does, which differs between the two kinds. */
bool dw_must_check dw_decoupled_verdict_check(enum dw_decoupled_verdict verdict,
                                              enum dw_decoupled_kind kind, struct dw_error *reterr);

/* What an approved request is worth: the same as an authorization code that has been redeemed.
 * Shares the slices of `request`. */
void dw_decoupled_code(const struct dw_decoupled_request *request,
                       struct dw_authorization_code *ret_code);

#define DW_USER_CODE_RANDOM_BYTES 64
/* "WDJB-MJHT": eight of twenty consonants, 34 bits (RFC 8628 section 6.1), unless the tenant wants
 * another form; never less than nine digits, 30 bits. In `arena`. Fails with DW_NO_MEMORY, and
 * with DW_UNAVAILABLE when the random bytes are all unfit, which is no chance. */
bool dw_must_check dw_user_code_make(const struct dw_user_code_format *format,
                                     const unsigned char random[static DW_USER_CODE_RANDOM_BYTES],
                                     struct dw_arena *arena, struct dw_slice *ret_code,
                                     struct dw_error *reterr);
/* How many letters a code has. */
size_t dw_user_code_letters(const struct dw_user_code_format *format);
/* The letters of a code as they are shown; as they are when they do not fit the form. The
 * ptr is NULL when there is no memory. */
struct dw_slice dw_user_code_show(const struct dw_user_code_format *format, struct dw_slice letters,
                                  struct dw_arena *arena);
/* What a user typed, as the letters that count: in upper case, without dashes and spaces, whatever
 * the form is now. Empty when it can be no code of ours. False: DW_NO_MEMORY. */
bool dw_must_check dw_user_code_normal(struct dw_slice typed, struct dw_arena *arena,
                                       struct dw_slice *ret_letters, struct dw_error *reterr);

/* The login_hint of /bc-authorize: {"format":"iss_sub","iss":ISSUER,"sub":USER}. Fails with
 * DW_UNKNOWN_USER for anything else; `sub` is not looked up here. */
bool dw_must_check dw_ciba_login_hint(struct dw_slice login_hint, struct dw_slice issuer,
                                      struct dw_arena *arena, struct dw_slice *ret_user_id,
                                      struct dw_error *reterr);
/* Auth0: letters, digits and +-_.,:# with single spaces between them, at most
 * DW_BINDING_MESSAGE_MAX_BYTES. Fails with DW_INVALID_BINDING_MESSAGE. */
bool dw_must_check dw_ciba_check_binding_message(struct dw_slice message, struct dw_error *reterr);

#endif
