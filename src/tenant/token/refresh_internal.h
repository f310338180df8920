/* A refresh token that somebody presents, and the family it belongs to. */
#ifndef DW_TENANT_REFRESH_INTERNAL_H
#define DW_TENANT_REFRESH_INTERNAL_H

#include "oauth/refresh_token.h"
#include "tenant/tenant_internal.h"

struct dw_presented_token {
    struct dw_slice digest;
    struct dw_slice named_family;     /* of a token we have made; see dw_store_use_refresh_token */
    struct dw_refresh_family *family; /* whatever its state; NULL: none */
};

/* What successors are made with (dw_refresh_token_successor); a view into the tenant. */
struct dw_secret dw_tenant_refresh_key(const struct dw_tenant *tenant);

/* What the store knows of a token, in call->arena. A text that is no token of ours is one without a
 * family, not a failure. */
bool dw_must_check dw_refresh_token_find(struct dw_tenant_call *call, struct dw_secret text,
                                         struct dw_presented_token *ret_token,
                                         struct dw_error *reterr);

#endif
