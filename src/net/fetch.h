/* Control-plane HTTP requests with libcurl, blocking: call it on a worker (DW_POOL_FETCH) or in a
 * command, never on a loop. No redirects, http and https only, limits on size and time. */
#ifndef DW_NET_FETCH_H
#define DW_NET_FETCH_H

#include "base/arena.h"
#include "base/error.h"
#include "http/message.h"

enum dw_fetch_guard {
    DW_FETCH_PUBLIC_ONLY, /* foreign URLs: https, and no special-use address (RFC 6890) in any
                             form, checked on the address that is connected to */
    DW_FETCH_PUBLIC_OR_LOOPBACK, /* the same, and http or https to loopback: `doorward dev` */
    DW_FETCH_OPERATOR,           /* a URL from the configuration: any address */
};

struct dw_fetch_request {
    enum dw_http_method method; /* GET when 0 */
    struct dw_slice url;
    struct dw_http_fields fields;
    struct dw_slice body;
    enum dw_fetch_guard guard;
    size_t max_bytes;    /* 0: 256 KiB */
    int64_t timeout_ms;  /* all of it; 0: 10,000 */
    const char *ca_file; /* NULL: $SSL_CERT_FILE, else the system's */
};

struct dw_fetch_response {
    int status;
    struct dw_http_fields fields;
    struct dw_slice body;
};

/* Any answer of the server is true, whatever its status. Fails with DW_UNAVAILABLE (no answer, too
 * slow, too large) or DW_FORBIDDEN (the guard). All in `arena`. */
bool dw_must_check dw_fetch(const struct dw_fetch_request *request, struct dw_arena *arena,
                            struct dw_fetch_response *ret_response, struct dw_error *reterr);

/* Every fetch of this process trusts the certificates of this file (PEM), too: the development
 * authority. Before the first fetch. Fails with DW_CONFIG. */
bool dw_must_check dw_fetch_trust_also(const char *ca_file, struct dw_error *reterr);

#endif
