/* The discovery document: OpenID Connect Discovery and RFC 8414 in one, with Auth0's keys. */
#ifndef DW_OAUTH_METADATA_H
#define DW_OAUTH_METADATA_H

#include "base/buf.h"
#include "oauth/records.h"

/* issuer      with its trailing slash; endpoints follow it
 * api_scopes  scopes of the APIs to add to scopes_supported; may be empty */
void dw_metadata_write(struct dw_slice issuer, const struct dw_tenant_settings *settings,
                       struct dw_slices api_scopes, struct dw_buf *out);

#endif
