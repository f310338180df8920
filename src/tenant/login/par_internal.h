/* Pushed authorization requests (RFC 9126): what POST /oauth/par has kept, for /authorize. */
#ifndef DW_TENANT_PAR_INTERNAL_H
#define DW_TENANT_PAR_INTERNAL_H

#include "tenant/tenant_internal.h"

/* The parameters behind the request_uri of an authorization request, which is spent by that:
 * *ret_form takes the place of the request's own parameters. Fails with DW_INVALID_REQUEST_URI when
 * it is no URI of ours, has expired, was used, or belongs to another client. */
bool dw_must_check dw_par_take(struct dw_tenant_call *call, struct dw_slice request_uri,
                               struct dw_slice client_id, struct dw_form *ret_form,
                               struct dw_error *reterr);

#endif
