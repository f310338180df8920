/* Redirect URIs: which may be registered, and which one a request may use (RFC 6749 section 3.1.2,
 * RFC 8252 sections 7 and 8, RFC 9700 section 2.1: exact comparison). */
#ifndef DW_OAUTH_REDIRECT_URI_H
#define DW_OAUTH_REDIRECT_URI_H

#include "base/error.h"
#include "oauth/records.h"

#define DW_REDIRECT_URI_MAX_BYTES 2048
#define DW_REDIRECT_URIS_MAX 50

/* Whether it may be registered: https anywhere, http on loopback (127.0.0.1, [::1], localhost), and
 * private-use schemes (RFC 8252 section 7.1) that either have a dot, like com.example.app:/cb, or
 * are followed by an authority, like cursor://cb. No user info, no fragment, no dot segments, no
 * wildcard, nothing a browser would run or open itself (javascript, data, file, blob, ...). Fails
 * with DW_INVALID_REDIRECT_URI and the reason. */
bool dw_must_check dw_redirect_uri_check(struct dw_slice uri, struct dw_error *reterr);
/* All of them; at most DW_REDIRECT_URIS_MAX, no doubles. */
bool dw_must_check dw_redirect_uris_check(struct dw_slices uris, struct dw_error *reterr);

/* The same for an application that an operator makes: one of our own may also have https URIs with
 * a subdomain placeholder (allowed_url.h), which third parties never have. */
bool dw_must_check dw_redirect_uris_check_client(const struct dw_oauth_client *client,
                                                 struct dw_error *reterr);

/* Byte-equal to one of `registered`; or, where any_loopback_port, equal but for the port when both
 * are http on the same loopback host (RFC 8252 section 7.3 MUST). */
bool dw_redirect_uri_matches(struct dw_slice uri, struct dw_slices registered,
                             bool any_loopback_port);
/* The one to answer to. Native, DCR and CIMD clients may use any loopback port, applications of our
 * own what fits a placeholder of theirs. A request without
 * one gets the only one that is registered. Fails with DW_UNAUTHORIZED_CLIENT "Callback URL
 * mismatch. ..." or DW_INVALID_REQUEST: never redirect then. */
bool dw_must_check dw_redirect_uri_choose(const struct dw_oauth_client *client,
                                          struct dw_slice requested, struct dw_slice *ret_uri,
                                          struct dw_error *reterr);
/* http on loopback: what consent pages warn of (any program on the machine can listen there). */
bool dw_redirect_uri_is_loopback(struct dw_slice uri);
/* A private-use scheme: any program on the machine may have claimed it. */
bool dw_redirect_uri_is_private_use(struct dw_slice uri);

#endif
