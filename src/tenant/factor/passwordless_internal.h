/* Logging in without a password: a code or a link that is sent to an address, for connections of
 * the strategies email and sms. What the API and the pages share.
 *
 * Whether an account exists does not show: where strangers may not sign up, as much is done for
 * them and nothing is sent. */
#ifndef DW_TENANT_PASSWORDLESS_INTERNAL_H
#define DW_TENANT_PASSWORDLESS_INTERNAL_H

#include "store/connections.h"
#include "tenant/factor/otp_internal.h"

/* Of one address in one connection, whatever client and page they are for. Wrong codes are limited
 * by DW_OTP_FAILURES in the same way. Network addresses that the account was used from have limits
 * of their own, so that a stranger who uses up the others locks out nobody there. */
#define DW_PASSWORDLESS_SENDS 10
#define DW_PASSWORDLESS_SENDS_WINDOW_S 3600
#define DW_PASSWORDLESS_KNOWN_S (30 * 86400)
/* Starts from one network address, of clients that show no credentials. */
#define DW_PASSWORDLESS_STARTS 100
#define DW_PASSWORDLESS_STARTS_WINDOW_S 3600

struct dw_passwordless {
    struct dw_connection_record *connection;
    const struct dw_oauth_client *client;
    struct dw_slice address;    /* lower case, or a phone number */
    struct dw_slice user_id;    /* that the address has, or will have */
    struct dw_slice place;      /* the user and the network address that asks */
    struct dw_slice counted_by; /* the user; the place where that is known */
    struct dw_slice binding;    /* the visit that codes are for; empty: the API */
    int64_t lifetime_s;         /* Auth0 options.totp.time_step */
    bool is_open;               /* strangers may sign up */
};
/* name     of the connection; empty: the first one of `strategy` that the client may use
 * address  as typed
 * Fails with DW_BAD_CONNECTION, DW_BAD_EMAIL or DW_BAD_PHONE_NUMBER. */
bool dw_must_check dw_passwordless_open(struct dw_tenant_call *call, struct dw_slice name,
                                        enum dw_strategy strategy,
                                        const struct dw_oauth_client *client,
                                        struct dw_slice address,
                                        struct dw_passwordless *ret_passwordless,
                                        struct dw_error *reterr);

/* Fails with DW_TOO_MANY. */
bool dw_must_check dw_passwordless_send_code(struct dw_tenant_call *call,
                                             const struct dw_passwordless *passwordless,
                                             struct dw_error *reterr);
/* parameters: of the authorization request it leads to; or binding: the visit it goes on with, in
 * the same browser. Only by e-mail. */
bool dw_must_check dw_passwordless_send_link(struct dw_tenant_call *call,
                                             const struct dw_passwordless *passwordless,
                                             const struct dw_json *parameters,
                                             struct dw_error *reterr);
/* The user, made now when it is the first time. Fails with DW_INVALID_GRANT in Auth0's words,
 * DW_USER_BLOCKED, or DW_TOO_MANY_ATTEMPTS. */
bool dw_must_check dw_passwordless_check_code(struct dw_tenant_call *call,
                                              const struct dw_passwordless *passwordless,
                                              struct dw_slice code, struct dw_user **ret_user,
                                              struct dw_error *reterr);
/* After a code or a link was right. */
bool dw_must_check dw_passwordless_log_in(struct dw_tenant_call *call,
                                          const struct dw_passwordless *passwordless,
                                          struct dw_user **ret_user, struct dw_error *reterr);

#endif
