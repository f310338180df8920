/* What the endpoints of the device flow and of CIBA share: reading what a client asks for, and the
 * visit in which the user decides. */
#ifndef DW_TENANT_DECOUPLED_INTERNAL_H
#define DW_TENANT_DECOUPLED_INTERNAL_H

#include "store/decoupled.h"
#include "tenant/login/visit_internal.h"

/* ---- decoupled.c: for the endpoints of clients ---- */

/* Authenticates the client and fills client_id, kind, id, scopes, audience and the times of
 * *ret_request. Fails as the token endpoint does: the client may not use the grant, there is no
 * such API, a third party in strict mode, a public client that asks too often. */
bool dw_must_check dw_decoupled_start(struct dw_tenant_call *call, const struct dw_form *form,
                                      enum dw_decoupled_kind kind,
                                      struct dw_oauth_client **ret_client,
                                      struct dw_decoupled_request *ret_request,
                                      struct dw_error *reterr);

/* The ids say the kind, so that a visit knows it without the store. */
bool dw_decoupled_is_device(struct dw_slice id);

/* ---- decoupled_visit.c: for pages ---- */

/* A visit of this browser for the request, and its next step as the answer of this call.
 *
 * shown_code  the user code, for the page that asks whether the device shows the same; or empty */
bool dw_must_check dw_decoupled_visit(struct dw_tenant_call *call,
                                      const struct dw_decoupled_request *request,
                                      struct dw_slice shown_code, struct dw_slice login_hint,
                                      struct dw_error *reterr);
/* The request of a visit. Fails with DW_INVALID_REQUEST when somebody has decided meanwhile, or it
 * has expired. */
bool dw_must_check dw_decoupled_of_visit(struct dw_tenant_call *call, const struct dw_visit *visit,
                                         struct dw_decoupled_request **ret_request,
                                         struct dw_error *reterr);
/* The end of such a visit, for visit_answer.c: the user has agreed to `scopes`, or not. Only a user
 * who says no ends the request: of a device who has its code, of CIBA who was asked. Whatever else
 * went wrong is an error page, and somebody's login that fails ends nothing. */
bool dw_must_check dw_decoupled_approve(struct dw_tenant_call *call, const struct dw_visit *visit,
                                        struct dw_slices scopes, struct dw_error *reterr);
bool dw_must_check dw_decoupled_refuse(struct dw_tenant_call *call, const struct dw_visit *visit,
                                       const struct dw_error *error, struct dw_error *reterr);

#endif
