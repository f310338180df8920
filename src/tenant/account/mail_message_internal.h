/* A mail on its way: what the queue keeps, sealed, and the message that goes out. Pure but for the
 * random numbers that its caller brings. */
#ifndef DW_TENANT_MAIL_MESSAGE_INTERNAL_H
#define DW_TENANT_MAIL_MESSAGE_INTERNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

struct dw_mail_parts {
    struct dw_slice to;
    struct dw_slice subject;
    struct dw_slice text; /* lines end in LF */
    struct dw_slice html;
};

/* As JSON, to be sealed; and back. */
bool dw_must_check dw_mail_parts_write(const struct dw_mail_parts *parts, struct dw_arena *arena,
                                       struct dw_slice *ret_json, struct dw_error *reterr);
bool dw_must_check dw_mail_parts_read(struct dw_slice json, struct dw_arena *arena,
                                      struct dw_mail_parts *ret_parts, struct dw_error *reterr);

struct dw_mail_envelope {
    struct dw_slice from;      /* an address */
    struct dw_slice from_name; /* any text */
    struct dw_slice id;        /* random letters and digits: of the Message-ID and the boundary */
    int64_t at_s;
};

/* The whole message (RFC 5322, RFC 2045, RFC 2047): multipart/alternative, both parts in base64,
 * every line short and ended by CRLF. Whatever the parts hold, it has the header fields that are
 * written here and no other: a control character in a header's text becomes a blank, and an address
 * that dw_mail_is_address refuses fails with DW_INVALID_REQUEST. */
bool dw_must_check dw_mail_message(const struct dw_mail_envelope *envelope,
                                   const struct dw_mail_parts *parts, struct dw_arena *arena,
                                   struct dw_slice *ret_message, struct dw_error *reterr);

#endif
