/* The store, continued: public keys of applications that prove themselves by private_key_jwt, one
 * by one (Auth0's credentials). Rules as in store.h. */
#ifndef DW_STORE_CLIENT_CREDENTIALS_H
#define DW_STORE_CLIENT_CREDENTIALS_H

#include "store/store.h"

#define DW_CLIENT_CREDENTIALS_MAX 2 /* of an application, as at Auth0: the old and the new one */

struct dw_client_credential {
    struct dw_slice id; /* cred_ + 22 */
    struct dw_slice client_id;
    struct dw_slice name;
    struct dw_slice kid; /* unique in the application */
    enum dw_jose_alg alg;
    struct dw_slice public_jwk_json;
    int64_t created_at_s;
    int64_t updated_at_s;
    int64_t expires_at_s; /* 0: never */
};

/* Adds it, and makes private_key_jwt the way the application authenticates. Fails with DW_NOT_FOUND
 * when there is no such application, DW_CONFLICT when it has the key, or
 * DW_CLIENT_CREDENTIALS_MAX of them. */
bool dw_must_check dw_store_add_client_credential(struct dw_store *store,
                                                  const struct dw_client_credential *credential,
                                                  struct dw_error *reterr);
/* All of an application, the oldest first. */
bool dw_must_check dw_store_client_credentials(struct dw_store *store, struct dw_slice client_id,
                                               struct dw_arena *arena,
                                               struct dw_client_credential **ret_credentials,
                                               size_t *ret_count, struct dw_error *reterr);
/* Fails with DW_NOT_FOUND. */
bool dw_must_check dw_store_delete_client_credential(struct dw_store *store,
                                                     struct dw_slice client_id, struct dw_slice id,
                                                     struct dw_error *reterr);

#endif
