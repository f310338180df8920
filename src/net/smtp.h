/* Handing one mail to an SMTP server with libcurl (RFC 5321), blocking: call it on a worker
 * (DW_POOL_FETCH), never on a loop. What the mail says is the caller's. */
#ifndef DW_NET_SMTP_H
#define DW_NET_SMTP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

struct dw_smtp_request {
    struct dw_slice url;       /* smtp://host:587, with STARTTLS unless the host is loopback, or
                                  smtps://host:465 */
    struct dw_slice user;      /* empty: no authentication */
    struct dw_secret password; /* never sent without TLS, but to loopback */
    struct dw_slice from, to;  /* bare addresses, for MAIL FROM and RCPT TO */
    struct dw_slice message;   /* RFC 5322: header fields and body, lines end in CRLF */
    int64_t timeout_ms;        /* all of it; 0: 30,000 */
    const char *ca_file;       /* NULL: $SSL_CERT_FILE, else the system's */
};

/* True: the server took it. Fails with DW_FORBIDDEN when the server said that it never will (a 5yz
 * reply), DW_UNAVAILABLE when it may later, DW_CONFIG for a URL that is none of the two,
 * DW_INTERNAL for an address that would break the dialogue; the cause is what it said. */
bool dw_must_check dw_smtp_send(const struct dw_smtp_request *request, struct dw_arena *arena,
                                struct dw_error *reterr);

#endif
