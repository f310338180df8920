/* What hands the queued mails to the SMTP server, and what reads the outbox. */
#ifndef DW_TENANT_MAIL_SENDER_INTERNAL_H
#define DW_TENANT_MAIL_SENDER_INTERNAL_H

#include "store/mail.h"
#include "tenant/account/mail_message_internal.h"
#include "tenant/tenant_internal.h"

/* The HTML template, compiled in from mails/mail.html. */
extern const struct dw_slice dw_mail_html;

/* Checks [mail] and reads its password_file. Fails with DW_CONFIG. */
bool dw_must_check dw_mail_open(struct dw_tenant *tenant, struct dw_error *reterr);
/* Starts the timer. Without [mail] url there is nothing to do. */
bool dw_must_check dw_mail_sender_start(struct dw_tenant *tenant, struct dw_error *reterr);
void dw_mail_sender_stop(struct dw_tenant *tenant);
/* There is a mail to send. Any thread. */
void dw_mail_sender_wake(struct dw_tenant *tenant);
/* Sends what is due, blocking; how many were tried. On a worker, or in a test. */
size_t dw_mail_send_due(struct dw_tenant *tenant, int64_t now_s);

/* sms.c: hands a text message to [mail] sms_url. Fails with DW_UNAVAILABLE: try again later; or
 * with DW_FORBIDDEN: it does not want it. */
bool dw_must_check dw_sms_send(const struct dw_tenant *tenant, struct dw_slice recipient,
                               struct dw_slice text, struct dw_arena *arena,
                               struct dw_error *reterr);

/* What a record of the queue was sealed with. */
struct dw_slice dw_mail_seal_context(struct dw_slice id, struct dw_arena *arena);
bool dw_must_check dw_mail_unseal(const struct dw_tenant *tenant,
                                  const struct dw_mail_record *record, struct dw_arena *arena,
                                  struct dw_mail_parts *ret_parts, struct dw_error *reterr);

#endif
