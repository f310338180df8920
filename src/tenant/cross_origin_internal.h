/* Which scripts of other origins may call an endpoint and read its answer (Fetch standard, "CORS
 * protocol"). Never with credentials: no endpoint that they may call knows anybody by a cookie. */
#ifndef DW_TENANT_CROSS_ORIGIN_INTERNAL_H
#define DW_TENANT_CROSS_ORIGIN_INTERNAL_H

#include "tenant/tenant_internal.h"

enum dw_cross_origin {
    DW_CORS_NEVER,      /* pages, and what looks at cookies */
    DW_CORS_REGISTERED, /* the origins of an application (oauth/web_origin.h): of the one that the
                           call names, else of any */
    DW_CORS_ANY,        /* what everybody may read, and what makes an application */
};

/* The fields of an answer, when the endpoint has run: call->client_id is known then. An origin that
 * is not registered gets an answer that its scripts cannot read. */
bool dw_must_check dw_cross_origin_add(struct dw_tenant_call *call, enum dw_cross_origin who,
                                       struct dw_error *reterr);
/* OPTIONS, before a call that a browser does not make unasked. */
bool dw_must_check dw_cross_origin_answer_preflight(struct dw_tenant_call *call,
                                                    enum dw_cross_origin who,
                                                    struct dw_error *reterr);

#endif
