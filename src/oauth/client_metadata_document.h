/* Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document-02): a client_id that
 * is the https URL of a document about the client. Fetching and its SSRF guard are the caller's. */
#ifndef DW_OAUTH_CLIENT_METADATA_DOCUMENT_H
#define DW_OAUTH_CLIENT_METADATA_DOCUMENT_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/registration.h"

#define DW_CIMD_MAX_BYTES (5 * 1024)
#define DW_CIMD_URL_MAX_BYTES 120 /* as Auth0 */
#define DW_CIMD_MIN_AGE_S 300
#define DW_CIMD_MAX_AGE_S 86400

/* Whether a client_id has this form at all: it starts with https:// or, with allows_loopback, is an
 * http URL on loopback. */
bool dw_client_id_is_url(struct dw_slice client_id, bool allows_loopback);
/* https, a path beyond "/", no dot segments, no query, no fragment, no user info, no port 0, at
 * most DW_CIMD_URL_MAX_BYTES. Fails with DW_INVALID_REQUEST and the reason. allows_loopback: http
 * on loopback too, for development. */
bool dw_must_check dw_client_id_url_check(struct dw_slice client_id, bool allows_loopback,
                                          struct dw_error *reterr);
/* Makes a client of the fetched document: client_id byte-equal to `url`, client_name and
 * redirect_uris, no secret of any kind, auth method none or private_key_jwt (with jwks or a
 * jwks_uri of the same origin). Scopes as in dw_registration_make.
 *
 * max_age_s  what the HTTP answer allows; clamped to DW_CIMD_MIN_AGE_S and DW_CIMD_MAX_AGE_S
 *
 * Fails with DW_INVALID_CLIENT_METADATA or DW_INVALID_REDIRECT_URI. */
bool dw_must_check dw_client_metadata_document_make(struct dw_slice url, struct dw_slice body,
                                                    const struct dw_registration_rules *rules,
                                                    bool allows_loopback, int64_t max_age_s,
                                                    int64_t now_s, struct dw_arena *arena,
                                                    struct dw_oauth_client *ret_client,
                                                    struct dw_error *reterr);

#endif
