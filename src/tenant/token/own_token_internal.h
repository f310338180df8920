/* Access tokens of this tenant, read again: by /userinfo, introspection and token exchange. And the
 * secrets of APIs that sign with HS256. */
#ifndef DW_TENANT_OWN_TOKEN_INTERNAL_H
#define DW_TENANT_OWN_TOKEN_INTERNAL_H

#include "tenant/tenant_internal.h"

struct dw_own_token {
    struct dw_slice user_id;    /* empty: the client's own token */
    struct dw_slice client_id;  /* who asked for it */
    struct dw_slices audiences; /* of an opaque token: that of /userinfo */
    struct dw_slices scopes;
    struct dw_slice token_id;  /* `jti`; empty when opaque */
    struct dw_slice family_id; /* empty: none */
    struct dw_slice session_id;
    struct dw_slice organization;
    struct dw_slice dpop_jkt; /* not empty: not good without a DPoP proof; the caller's business */
    int64_t issued_at_s, expires_at_s;
    struct dw_user *user;         /* NULL: the client's own token, or the user is gone */
    const struct dw_json *claims; /* NULL: opaque */
    /* HS256: the API that it is for could have made it. Good for what that API may know and do by
     * itself, and for nothing else. */
    bool is_by_shared_secret;
};

/* Fails with DW_INVALID_TOKEN for everything that is no access token of ours, unchanged, not
 * expired, not revoked, and as young as the user's password. Says nothing about whom it is for:
 * look at audiences. Nor whether the user still exists, or is blocked. */
bool dw_must_check dw_own_token_read(struct dw_tenant_call *call, struct dw_slice text,
                                     struct dw_own_token *ret_token, struct dw_error *reterr);

/* An ID token that a client gives back as a hint; it may have expired. */
struct dw_id_token_hint {
    struct dw_slice client_id; /* who it was issued to */
    struct dw_slice user_id;
    struct dw_slice session_id; /* `sid`; empty: none */
};
/* Fails with DW_INVALID_REQUEST for everything that is no ID token of ours. */
bool dw_must_check dw_id_token_hint_read(struct dw_tenant_call *call, struct dw_slice text,
                                         struct dw_id_token_hint *ret_hint,
                                         struct dw_error *reterr);

/* The secret of an API with sealed_signing_secret. */
bool dw_must_check dw_api_secret_open(struct dw_tenant *tenant, const struct dw_api *api,
                                      struct dw_arena *arena, struct dw_secret *ret_secret,
                                      struct dw_error *reterr);
/* Seals a secret into *api, which signs with HS256 from then on. api->id must be set. Fails with
 * DW_USAGE when the secret has a length that HS256 cannot have. */
bool dw_must_check dw_api_secret_seal(struct dw_tenant *tenant, struct dw_secret secret,
                                      struct dw_arena *arena, struct dw_api *api,
                                      struct dw_error *reterr);

#endif
