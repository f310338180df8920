/* Dynamic client registration (RFC 7591), by the seed's rules. */
#ifndef DW_OAUTH_REGISTRATION_H
#define DW_OAUTH_REGISTRATION_H

#include "base/buf.h"
#include "base/error.h"
#include "oauth/records.h"
#include "json/json.h"

#define DW_REGISTRATION_MAX_BYTES (16 * 1024)
#define DW_CLIENT_NAME_MAX_BYTES 200

/* [auth.dcr] of the configuration. */
struct dw_registration_rules {
    /* Client names that may be public (no secret): "claude" is part of the name in any case, a
     * pattern with * or ? is a glob over all of it. Empty: every client may. */
    struct dw_slices public_client_patterns;
    struct dw_slices default_scopes; /* when the client asks for none */
    struct dw_slices allowed_scopes; /* empty: no limit */
};

/* Makes a client of a registration request.
 *
 * A client whose name fits a pattern and that asks for `none` or for nothing is public; everyone
 * else gets a secret, also one that asked for `none` in vain (RFC 7591 section 3.2.1 lets the
 * server replace what was asked for). grant_types are cut to authorization_code and refresh_token,
 * scopes to allowed_scopes. Unknown members are passed over.
 *
 * random       48 bytes: 16 for the id, 32 for the secret
 * ret_secret   empty for a public client; the record holds its digest only
 *
 * Fails with DW_INVALID_REDIRECT_URI or DW_INVALID_CLIENT_METADATA and the reason. */
bool dw_must_check dw_registration_make(struct dw_slice body,
                                        const struct dw_registration_rules *rules,
                                        const unsigned char random[static 48], int64_t now_s,
                                        struct dw_arena *arena, struct dw_oauth_client *ret_client,
                                        struct dw_secret *ret_secret, struct dw_error *reterr);
/* The answer to 201 (RFC 7591 section 3.2.1). */
void dw_registration_write(const struct dw_oauth_client *client, struct dw_secret secret,
                           struct dw_buf *out);

/* What DCR and CIMD have in common: names, redirect URIs, grant types, keys, into *client. */
bool dw_must_check dw_client_metadata_read(const struct dw_json *document, struct dw_arena *arena,
                                           struct dw_oauth_client *client, struct dw_error *reterr);
/* The `scope` of the document, or the rules' default, cut to what they allow. */
bool dw_must_check dw_client_scopes_read(const struct dw_json *document,
                                         const struct dw_registration_rules *rules,
                                         struct dw_arena *arena, struct dw_slices *ret_scopes,
                                         struct dw_error *reterr);

#endif
