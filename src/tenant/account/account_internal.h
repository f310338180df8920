/* Accounts with a password: signing up, and the links that confirm an address or change a password.
 * What the endpoints of Auth0's /dbconnections and our own pages share. Nothing here tells whether
 * an account exists but the refusal EXISTS, which callers do not pass on. */
#ifndef DW_TENANT_ACCOUNT_INTERNAL_H
#define DW_TENANT_ACCOUNT_INTERNAL_H

#include "oauth/connection.h"
#include "oauth/identifier.h"
#include "oauth/password_policy.h"
#include "store/accounts.h"
#include "tenant/account/mail_internal.h"
#include "tenant/account/protection_internal.h"

/* Auth0's: a link to confirm an address, one to change a password. */
#define DW_VERIFY_LINK_LIFETIME_S (5 * 86400)
#define DW_PASSWORD_LINK_LIFETIME_S 86400
#define DW_UNBLOCK_LINK_LIFETIME_S (5 * 86400)

/* A connection whose accounts live here, with what its options say. */
struct dw_account_home {
    struct dw_connection_record *connection;
    const struct dw_json *options;
    struct dw_password_policy policy;
    struct dw_identifier_rules rules;
    bool is_open; /* strangers may sign up */
};
/* Of a connection with passwords. */
bool dw_must_check dw_account_home_read(struct dw_connection_record *connection,
                                        struct dw_arena *arena, struct dw_account_home *ret_home,
                                        struct dw_error *reterr);
/* By name. *ret_home.connection is NULL when there is none that this client may use. */
bool dw_must_check dw_account_home(struct dw_tenant_call *call, struct dw_slice name,
                                   const struct dw_oauth_client *client,
                                   struct dw_account_home *ret_home, struct dw_error *reterr);
/* The same for a user who is there, whatever the client. */
bool dw_must_check dw_account_home_of(struct dw_tenant *tenant, const struct dw_user *user,
                                      struct dw_arena *arena, struct dw_account_home *ret_home,
                                      struct dw_error *reterr);

enum dw_account_refusal_kind {
    DW_ACCOUNT_ACCEPTED,
    DW_ACCOUNT_CLOSED,   /* no sign-ups here */
    DW_ACCOUNT_INVALID,  /* `error` says what */
    DW_ACCOUNT_PASSWORD, /* `problem` */
    DW_ACCOUNT_EXISTS,
};
struct dw_account_refusal {
    enum dw_account_refusal_kind kind;
    enum dw_password_problem problem;
    struct dw_error error;
};

/* ---- account_password.c ---- */
struct dw_account_judgement {
    const struct dw_account_home *home;
    struct dw_secret password;
    const struct dw_user *user; /* whose it is to be: personal information, and old passwords */
    enum dw_protection_stage stage;
};
/* Whether a new password is taken: by the policy, the operator's list, the breached ones, and at a
 * change the old ones. *ret_refusal.kind is ACCEPTED, INVALID or PASSWORD. */
bool dw_must_check dw_account_judge(struct dw_tenant_call *call,
                                    const struct dw_account_judgement *judgement,
                                    struct dw_account_refusal *ret_refusal,
                                    struct dw_error *reterr);
/* Tells a user, once an hour at most, that the password is a stolen one, with a link to change it.
 */
bool dw_must_check dw_account_mail_leak(struct dw_tenant_call *call, const struct dw_user *user,
                                        struct dw_error *reterr);

struct dw_sign_up {
    const struct dw_account_home *home;
    const struct dw_oauth_client *client;
    struct dw_user user; /* what was sent: identifiers, names, picture, user_metadata */
    struct dw_secret password;
    bool mails_nothing; /* the caller writes to the address, which is confirmed first */
};
/* Where addresses are confirmed first (rules.confirms_email), an account that exists already is no
 * refusal: *ret_user is made up then, and a mail tells whoever has the address.
 *
 * On DW_POOL_PASSWORD. Makes the account and sends the mail that confirms its address; hashes once
 * whether the account exists or not. Fails with DW_TOO_MANY_ATTEMPTS when there are too many
 * sign-ups from this address. */
bool dw_must_check dw_account_sign_up(struct dw_tenant_call *call, struct dw_sign_up *sign_up,
                                      struct dw_user **ret_user,
                                      struct dw_account_refusal *ret_refusal,
                                      struct dw_error *reterr);

/* ---- links ---- */
struct dw_account_link {
    enum dw_ticket_purpose purpose;
    const struct dw_user *user; /* NULL: nobody; as much is done, and the link leads nowhere */
    struct dw_slice client_id, result_url;
    int64_t lifetime_s;
    bool marks_email_verified;
};
/* Stores the ticket; the URL in the arena. */
bool dw_must_check dw_account_link(struct dw_tenant *tenant, const struct dw_account_link *link,
                                   int64_t now_s, struct dw_arena *arena, struct dw_slice *ret_url,
                                   struct dw_error *reterr);
/* The digest that the ticket in a URL is stored under. */
bool dw_must_check dw_account_ticket_digest(struct dw_slice ticket, struct dw_arena *arena,
                                            struct dw_slice *ret_digest, struct dw_error *reterr);
/* Tells whoever has the address that an account was not made because there is one, with a link for
 * a new password when it is this address that has it. */
bool dw_must_check dw_account_mail_known(struct dw_tenant_call *call,
                                         const struct dw_account_home *home, struct dw_slice email,
                                         const struct dw_oauth_client *client,
                                         struct dw_error *reterr);
/* Mails a code to confirm the address of an account that was just made; costs as much as
 * dw_account_mail_known. */
bool dw_must_check dw_account_mail_code(struct dw_tenant_call *call,
                                        const struct dw_account_home *home,
                                        const struct dw_user *user, struct dw_secret code,
                                        int64_t lifetime_s, const struct dw_oauth_client *client,
                                        struct dw_error *reterr);
/* Mails a link to confirm the address. */
bool dw_must_check dw_account_mail_verification(struct dw_tenant_call *call,
                                                const struct dw_user *user,
                                                const struct dw_oauth_client *client,
                                                struct dw_error *reterr);
/* Mails a link for a new password to `email` when an account of this home has it; does as much when
 * none has. Fails with DW_TOO_MANY_ATTEMPTS when this address asks too often. */
bool dw_must_check dw_account_mail_password_link(struct dw_tenant_call *call,
                                                 const struct dw_account_home *home,
                                                 const struct dw_oauth_client *client,
                                                 struct dw_slice email, struct dw_error *reterr);

/* On DW_POOL_PASSWORD. Judges and sets a new password; ends the user's logins and tells the user by
 * mail. ticket_digest: empty for management. A ticket that is gone: *ret_is_done is false. */
struct dw_account_new_password {
    const struct dw_user *user;
    struct dw_secret password;
    struct dw_slice ticket_digest;
};
bool dw_must_check dw_account_change_password(struct dw_tenant_call *call,
                                              const struct dw_account_new_password *change,
                                              struct dw_account_refusal *ret_refusal,
                                              bool *ret_is_done, struct dw_error *reterr);

#endif
