/* URLs taken apart, compared and put together again (RFC 3986), strictly and by bytes: no white
 * space, control bytes, backslashes, bytes over 0x7E or broken percent signs, so that no two
 * readers see two different URLs. Resolves no names. */
#ifndef DW_HTTP_URL_H
#define DW_HTTP_URL_H

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

#define DW_URL_MAX_BYTES (8 * 1024)

/* Views into the text. What is not there is empty; the has_ flags tell it from "there, but empty".
 */
struct dw_url {
    struct dw_slice scheme; /* as written; compare without case */
    struct dw_slice userinfo;
    struct dw_slice host; /* without brackets; never empty for http and https */
    struct dw_slice path; /* still percent-encoded */
    struct dw_slice query;
    struct dw_slice fragment;
    int port; /* the written one, or the scheme's (80, 443), or 0 */
    bool has_authority;
    bool has_userinfo;
    bool has_port;
    bool has_query;
    bool has_fragment;
    bool is_ipv6; /* the host was in brackets */
};

/* An absolute URL of any scheme: "https://example.com/a?b#c", "com.example.app:/cb",
 * "cursor://x/y". Which schemes and parts are welcome is the caller's decision. Fails with
 * DW_MALFORMED; the message names the part that is wrong. */
bool dw_must_check dw_url_parse(struct dw_slice text, struct dw_url *ret_url,
                                struct dw_error *reterr);
/* "example.com:8080", "[::1]", "10.0.0.1": a host and an optional port, as in Host and authority.
 * *ret_port is 0 when none is written. Fails with DW_MALFORMED. */
bool dw_must_check dw_url_parse_authority(struct dw_slice text, struct dw_slice *ret_host,
                                          int *ret_port, struct dw_error *reterr);

bool dw_url_has_scheme(const struct dw_url *url, const char *scheme); /* ASCII case ignored */
/* "localhost", 127.0.0.0/8 in its four-part decimal form, ::1. A trailing dot is not loopback. */
bool dw_url_is_loopback_host(struct dw_slice host);
/* Scheme, host and port are the same (RFC 6454 section 5); false unless both have a host. */
bool dw_url_same_origin(const struct dw_url *a, const struct dw_url *b);
/* "." or ".." segments in the path, also percent-encoded ones. */
bool dw_url_has_dot_segments(const struct dw_url *url);
/* RFC 3986 6.2: scheme and host in lower case, no default port, "/" for an empty path of http(s),
 * upper-case percent signs, unreserved bytes not encoded; dot segments removed where there is an
 * authority. The rest, also the fragment, stays. */
bool dw_must_check dw_url_normal(const struct dw_url *url, struct dw_arena *arena,
                                 struct dw_slice *ret_text, struct dw_error *reterr);
/* "https://example.com:8443": scheme and authority in normal form, no path. Fails with
 * DW_MALFORMED when the URL has no host. */
bool dw_must_check dw_url_origin(const struct dw_url *url, struct dw_arena *arena,
                                 struct dw_slice *ret_text, struct dw_error *reterr);

/* Percent-decoding of one path segment or component; '+' stays. Fails with DW_MALFORMED for a
 * broken or a NUL escape. Without escapes the result is a view of the text, else it is in the
 * arena. */
bool dw_must_check dw_url_decode(struct dw_slice text, struct dw_arena *arena,
                                 struct dw_slice *ret_bytes, struct dw_error *reterr);
/* Percent-encodes all but unreserved characters (RFC 3986 2.3). */
void dw_url_add_encoded(struct dw_buf *buf, struct dw_slice bytes);

#endif
