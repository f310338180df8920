/* Refresh tokens (RFC 6749 section 6; rotation and reuse detection: RFC 9700 section 4.14.2). Pure:
 * the store asks dw_refresh_token_judge inside its transaction and applies the verdict. */
#ifndef DW_OAUTH_REFRESH_TOKEN_H
#define DW_OAUTH_REFRESH_TOKEN_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"

#define DW_REFRESH_TOKEN_MAX_BYTES 256 /* nothing longer was ever made */

enum dw_refresh_verdict {
    DW_REFRESH_UNKNOWN, /* no such token, or another client's */
    DW_REFRESH_REVOKED,
    DW_REFRESH_EXPIRED,
    DW_REFRESH_REUSED, /* a spent token came back: revoke the family */
    DW_REFRESH_ROTATE, /* spend it, its successor is current from now on */
    DW_REFRESH_REPEAT, /* spent a moment ago by the same client: give the same successor again */
    DW_REFRESH_KEEP,   /* the family does not rotate: the token stays */
};

/* token      NULL: no row. Then family is NULL as well, but for a token that is one of its old ones
 *            (dw_refresh_token_family), whose row has gone
 * client_id  the authenticated client that presents the token
 * successor  the token that token->successor_digest names, or NULL: only when it is not spent
 * itself may its predecessor come again */
enum dw_refresh_verdict dw_refresh_token_judge(const struct dw_refresh_token *token,
                                               const struct dw_refresh_token *successor,
                                               const struct dw_refresh_family *family,
                                               struct dw_slice client_id, int64_t now_s);

/* Whether its tokens can be good at all: neither revoked nor expired. */
bool dw_refresh_family_is_alive(const struct dw_refresh_family *family, int64_t now_s);

/* True for the three verdicts that give tokens; else fails with DW_INVALID_GRANT in Auth0's words.
 */
bool dw_must_check dw_refresh_verdict_check(enum dw_refresh_verdict verdict,
                                            struct dw_error *reterr);

/* A fresh family for what was granted: `code` names the client, the user, scopes, audience.
 *
 * family_id   code->family_id, or 16 random bytes in base64url for the password grant
 * ret_family  shares the slices of `code`  */
void dw_refresh_family_make(const struct dw_authorization_code *code,
                            const struct dw_refresh_policy *policy, int64_t now_s,
                            struct dw_refresh_family *ret_family);

/* What a token looks like: the family's id, 16 bytes of its own, and a MAC over both; in base64url
 * without anything in between. So an old one says that we made it, and whose it is, long after its
 * row has gone: reuse is seen for ever, and a family needs no more than two rows.
 *
 * key  32 bytes that only the tenant has
 *
 * The text of a first token. */
bool dw_must_check dw_refresh_token_first(struct dw_secret key, struct dw_slice family_id,
                                          const unsigned char random[static 16],
                                          struct dw_arena *arena, struct dw_secret *ret_token,
                                          struct dw_error *reterr);
/* The successor of a presented token. Its own bytes are a MAC of that one, so it can be made again
 * while the grace window is open although the store keeps digests only, and nobody without the key
 * can make it. */
bool dw_must_check dw_refresh_token_successor(struct dw_secret key, struct dw_slice family_id,
                                              struct dw_secret presented, struct dw_arena *arena,
                                              struct dw_secret *ret_token, struct dw_error *reterr);
/* The family that a token names, a slice of its text; empty: not one of ours. */
bool dw_must_check dw_refresh_token_family(struct dw_secret key, struct dw_secret presented,
                                           struct dw_arena *arena, struct dw_slice *ret_family_id,
                                           struct dw_error *reterr);

#endif
