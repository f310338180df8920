/* Tokens of trusted issuers, verified, and the user of ours that they speak of. For token exchange
 * and ID-JAG. */
#ifndef DW_TENANT_TRUST_INTERNAL_H
#define DW_TENANT_TRUST_INTERNAL_H

#include "store/trust.h"
#include "tenant/tenant_internal.h"

/* Verifies the signature of `text` with the keys of its issuer, which must be a trusted one: the
 * one named `wanted`, or any when that is empty. Its claims are not judged.
 *
 * code  of every refusal (DW_INVALID_REQUEST or DW_INVALID_GRANT). DW_UNAVAILABLE when the keys
 *       cannot be had: nothing is believed then. */
bool dw_must_check dw_trust_verify(struct dw_tenant_call *call, struct dw_slice text,
                                   struct dw_slice wanted, enum dw_code code,
                                   struct dw_trusted_issuer **ret_issuer, struct dw_jwt *ret_jwt,
                                   struct dw_error *reterr);
/* The user: by the mapping rows of `owner` (empty: none) and of the issuer, else as the issuer's
 * row says. NULL: we know nobody of that name. */
bool dw_must_check dw_trust_find_user(struct dw_tenant_call *call, struct dw_slice owner,
                                      const struct dw_trusted_issuer *issuer,
                                      const struct dw_external_subject *subject,
                                      struct dw_user **ret_user, struct dw_error *reterr);
/* By one owner's mapping rows alone; NULL: not mapped. */
bool dw_must_check dw_trust_mapped_user(struct dw_tenant_call *call, struct dw_slice owner,
                                        struct dw_slice subject, struct dw_user **ret_user,
                                        struct dw_error *reterr);

#endif
