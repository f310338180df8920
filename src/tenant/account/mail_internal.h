/* Mails to users: a named template in a language, filled, kept in the store and sent later by
 * mail_sender.c, never while a request waits. Without [mail] url they end in the outbox of
 * a tenant on loopback, or are dropped with a line in the log.
 *
 * Whether an account exists must not show in the time an answer takes: for an account that is not
 * there, call dw_mail_send all the same, with is_to_nobody: the same is done, and nothing is sent.
 */
#ifndef DW_TENANT_MAIL_INTERNAL_H
#define DW_TENANT_MAIL_INTERNAL_H

#include "tenant/tenant_internal.h"

struct dw_language; /* texts_internal.h */

/* What each one needs of struct dw_mail besides `to`; what it does not need is left out. */
enum dw_mail_template {
    DW_MAIL_VERIFY_EMAIL,      /* url, lifetime_s */
    DW_MAIL_VERIFY_CODE,       /* code, lifetime_s */
    DW_MAIL_RESET_PASSWORD,    /* url, lifetime_s */
    DW_MAIL_PASSWORD_CHANGED,  /* nothing */
    DW_MAIL_BLOCKED_ACCOUNT,   /* url (unblocks), detail (the address that tried) */
    DW_MAIL_PASSWORDLESS_CODE, /* code, lifetime_s */
    DW_MAIL_PASSWORDLESS_LINK, /* url, lifetime_s */
    DW_MAIL_SMS_CODE,          /* code, lifetime_s; `to` is a phone number */
    DW_MAIL_MFA_CODE,          /* code, lifetime_s */
    DW_MAIL_CIBA_APPROVAL,     /* url, detail (the binding_message), lifetime_s */
    DW_MAIL_PASSWORD_LEAKED,   /* url, lifetime_s */
    DW_MAIL_INVITATION,        /* url, detail (the organization's name), lifetime_s */
    DW_MAIL_SIGNUP_KNOWN,      /* url (a new password) or empty, lifetime_s */
    DW_MAIL_TEMPLATE_COUNT
};
/* verify_email reset_email password_changed blocked_account ...: Auth0's names where it has one. */
extern const char *const dw_mail_template_names[DW_MAIL_TEMPLATE_COUNT + 1];

#define DW_MAIL_MAX_BYTES ((size_t)64 * 1024) /* a mail, both its parts */
#define DW_MAIL_QUEUE_MAX 10000               /* mails that wait; more are dropped and logged */
/* So many mails to one address in an hour; more are dropped and logged, which the one who asked for
 * them does not see. */
#define DW_MAIL_PER_ADDRESS 20

struct dw_mail {
    enum dw_mail_template template;
    struct dw_slice to; /* one address: that of the account, or the one that was asked for */
    bool is_to_nobody;  /* there is no such account, see above */
    const struct dw_language *language; /* NULL: English */
    struct dw_slice client_name; /* the application it is for; empty: the tenant's own name */
    struct dw_slice url;         /* of ours */
    struct dw_slice code;
    struct dw_slice detail;
    int64_t lifetime_s; /* of the link or the code */
};

/* Whether an address is one that a mail can be sent to: ASCII, a dot-atom on each side of one '@'
 * (RFC 5322 section 3.4.1 without comments, quotes and literals), at most 254 bytes. */
bool dw_mail_is_address(struct dw_slice address);
/* Whether mails without a server are kept for /dev/outbox: the standard of a tenant that only its
 * own machine can reach. */
bool dw_mail_has_outbox(const struct dw_tenant *tenant);
/* Whether mails leave, or can be read in the outbox: without, nobody learns a code or a link. */
bool dw_mail_arrives(const struct dw_tenant *tenant);
/* The same for what is sent to programs: fails with DW_BAD_CONNECTION, before any address is looked
 * at. */
bool dw_must_check dw_mail_check(const struct dw_tenant *tenant, struct dw_error *reterr);
/* Whether mails are on /dev/outbox for whoever sends this call (outbox_page.c). */
bool dw_mail_outbox_is_open(const struct dw_tenant_call *call);
/* What a mail calls the application: mails of one that registered itself say the tenant's name, so
 * that strangers have no words to choose in them. Empty for NULL. */
struct dw_slice dw_mail_client_name(const struct dw_oauth_client *client);
/* Fills the template and puts it into the queue: when true it survives a power cut. Over a limit it
 * is dropped, which is true as well. Fails with DW_INVALID_REQUEST when `to` is no address that
 * dw_mail_is_address takes, DW_UNAVAILABLE, DW_NO_MEMORY. */
bool dw_must_check dw_mail_send(struct dw_tenant *tenant, const struct dw_mail *mail, int64_t now_s,
                                struct dw_arena *arena, struct dw_error *reterr);

#endif
