/* The endpoints of the tenant, as functions; endpoints.def says where each is served, and by which
 * file. */
#ifndef DW_TENANT_ENDPOINTS_INTERNAL_H
#define DW_TENANT_ENDPOINTS_INTERNAL_H

#include "tenant/tenant_internal.h"

#define X(method, path, name, audience, cross_origin, pool) dw_tenant_endpoint dw_endpoint_##name;
#include "tenant/endpoints.def"
#undef X

#endif
