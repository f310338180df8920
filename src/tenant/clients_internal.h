/* Finding an OAuth client: registered, or by the metadata document at its client_id; and proving
 * that it is who it says. */
#ifndef DW_TENANT_CLIENTS_INTERNAL_H
#define DW_TENANT_CLIENTS_INTERNAL_H

#include "oauth/third_party.h"
#include "tenant/client_keys_internal.h"
#include "tenant/tenant_internal.h"

/* For a new authorization: a metadata document that is unknown or too old is fetched. NULL: there
 * is no such client. Fails with DW_INVALID_REQUEST or DW_INVALID_CLIENT_METADATA when the document
 * cannot be used; DW_TOO_MANY_ATTEMPTS for an address that makes us fetch too much. */
bool dw_must_check dw_client_find_fresh(struct dw_tenant_call *call, struct dw_slice client_id,
                                        struct dw_oauth_client **ret_client,
                                        struct dw_error *reterr);
/* Authenticates the client of a POST by what it sent (RFC 6749 section 2.3). Fails with
 * DW_CLIENT_REFUSED and the like. */
bool dw_must_check dw_client_authenticate(struct dw_tenant_call *call, const struct dw_form *form,
                                          struct dw_oauth_client **ret_client,
                                          struct dw_error *reterr);

/* client_document.c: fetches and checks the document, and stores the client. `known` is the one in
 * the store, or NULL. */
bool dw_must_check dw_client_document_fetch(struct dw_tenant_call *call, struct dw_slice client_id,
                                            const struct dw_oauth_client *known,
                                            struct dw_oauth_client **ret_client,
                                            struct dw_error *reterr);
/* The same, for nobody's address: it is not counted. library_code of the error is the HTTP status,
 * when it is not 200. */
bool dw_must_check dw_client_document_renew(struct dw_tenant_call *call, struct dw_slice client_id,
                                            const struct dw_oauth_client *known,
                                            struct dw_oauth_client **ret_client,
                                            struct dw_error *reterr);
/* The keys of a client that authenticates with private_key_jwt; a new reference. Never NULL when
 * true.
 *
 * need  NEWER fails where there is no jwks_uri, or it was asked a moment ago */
bool dw_must_check dw_client_keys(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                                  enum dw_keys_need need, struct dw_jwks **ret_keys,
                                  struct dw_error *reterr);

#endif
