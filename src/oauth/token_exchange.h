/* Token exchange (RFC 8693) and ID-JAG (RFC 7523 with draft-ietf-oauth-identity-assertion-authz-
 * grant): who may vouch for our users, and what their tokens must say. Pure; the keys and the users
 * are found in tenant/token/trust.c. */
#ifndef DW_OAUTH_TOKEN_EXCHANGE_H
#define DW_OAUTH_TOKEN_EXCHANGE_H

#include "base/arena.h"
#include "base/error.h"
#include "jose/jwt.h"
#include "oauth/records.h"

#define DW_TOKEN_TYPE_ACCESS "urn:ietf:params:oauth:token-type:access_token"
#define DW_SUBJECT_TOKEN_MAX_BYTES (16 * 1024)
#define DW_EXTERNAL_SUBJECT_MAX_BYTES 255
#define DW_EXTERNAL_TOKEN_MAX_LIFETIME_S                                                           \
    3600 /* an ID-JAG lives minutes; its jti is kept so long                                       \
          */
#define DW_EXTERNAL_CLOCK_SKEW_S 30

/* How a subject of somebody else becomes a user of ours, when no mapping row names it. */
enum dw_user_by {
    DW_USER_BY_MAPPING, /* not at all: by rows alone */
    DW_USER_BY_SUBJECT, /* `sub` is the user_id here */
    DW_USER_BY_EMAIL,   /* `email`, when `email_verified` is true */
    DW_USER_BY_COUNT
};
extern const char *const dw_user_by_names[]; /* mapping subject email */

/* Somebody whose signed tokens we believe about our users. */
struct dw_trusted_issuer {
    struct dw_slice id;        /* tis_ + 16 */
    struct dw_slice issuer;    /* `iss`, byte for byte; unique */
    struct dw_slice jwks_json; /* {"keys":[...]}, or ... */
    struct dw_slice jwks_uri;  /* ... where to fetch it */
    enum dw_user_by user_by;
    struct dw_slice connection; /* DW_USER_BY_EMAIL: where the account lives */
    bool takes_id_jag;          /* its ID-JAGs are good at the token endpoint */
    int64_t created_at_s;
};

/* Auth0 token-exchange-profiles: one kind of subject token. */
struct dw_token_exchange_profile {
    struct dw_slice id; /* tep_ + 16 */
    struct dw_slice name;
    struct dw_slice subject_token_type; /* a URI; unique */
    struct dw_slice type;               /* custom_authentication */
    struct dw_slice action_id;          /* of the Action that judges the token; empty: ... */
    struct dw_slice issuer;   /* ... a JWT of this trusted issuer; empty: a mapping row's token */
    struct dw_slice audience; /* what such a JWT must be for; empty: the tenant's issuer */
    int64_t created_at_s;
    int64_t updated_at_s;
};

/* Auth0: a URI of 8 to 100 bytes, in nobody else's namespace. Fails with DW_INVALID_REQUEST. */
bool dw_must_check dw_subject_token_type_check(struct dw_slice type, struct dw_error *reterr);

/* A token on behalf of a user says who acts, and for whom that one acted (RFC 8693 section 4.1).
 *
 * client_id        who acts now
 * subject_client   who asked for the subject token
 * subject_act      its `act`; NULL: none
 * Fails with DW_INVALID_REQUEST when the chain is as long as it may be: five. */
#define DW_ACT_MAX_DEPTH 5
bool dw_must_check dw_act_extend(struct dw_slice client_id, struct dw_slice subject_client,
                                 const struct dw_json *subject_act, struct dw_arena *arena,
                                 struct dw_slice *ret_act_json, struct dw_error *reterr);

struct dw_external_subject {
    struct dw_slice subject;  /* `sub` */
    struct dw_slice email;    /* lower case is the store's business; empty unless verified */
    struct dw_slice token_id; /* `jti`; may be empty in a profile's token */
    int64_t expires_at_s;
    struct dw_slices resources; /* ID-JAG: RFC 8707 resources it is for; may be empty */
    struct dw_slices scopes;    /* ID-JAG */
    bool has_scope;             /* it limits the scopes, perhaps to none */
};

/* The claims of a verified token of a trusted issuer that a profile takes: iss, aud, exp, sub.
 * Fails with DW_INVALID_REQUEST and a reason. */
bool dw_must_check dw_subject_token_check(const struct dw_jwt *jwt, struct dw_slice issuer,
                                          struct dw_slice audience, int64_t now_s,
                                          struct dw_arena *arena,
                                          struct dw_external_subject *ret_subject,
                                          struct dw_error *reterr);
/* The same for an ID-JAG: its typ, our issuer as the only audience, the client that presents it,
 * jti, iat; a `cnf` is refused. Fails with DW_INVALID_GRANT and a reason. */
bool dw_must_check dw_id_jag_check(const struct dw_jwt *jwt, struct dw_slice issuer,
                                   struct dw_slice audience, struct dw_slice client_id,
                                   int64_t now_s, struct dw_arena *arena,
                                   struct dw_external_subject *ret_subject,
                                   struct dw_error *reterr);
/* The API that an ID-JAG and its request agree on: what was requested, which must be among the
 * assertion's resources where it has any; else its one resource; else empty. Fails with
 * DW_INVALID_TARGET. */
bool dw_must_check dw_id_jag_audience(const struct dw_external_subject *subject,
                                      struct dw_slice requested, struct dw_slice *ret_audience,
                                      struct dw_error *reterr);

#endif
