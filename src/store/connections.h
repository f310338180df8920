/* The store's questions about connections (oauth/connection.h). The rules of store.h hold:
 * blocking, absent is true with NULL, a true write is on the disk. */
#ifndef DW_STORE_CONNECTIONS_H
#define DW_STORE_CONNECTIONS_H

#include "oauth/connection.h"
#include "store/store.h"

bool dw_must_check dw_store_connection(struct dw_store *store, struct dw_slice id,
                                       struct dw_arena *arena,
                                       struct dw_connection_record **ret_connection,
                                       struct dw_error *reterr);
/* Byte-equal, as Auth0 compares them. */
bool dw_must_check dw_store_connection_by_name(struct dw_store *store, struct dw_slice name,
                                               struct dw_arena *arena,
                                               struct dw_connection_record **ret_connection,
                                               struct dw_error *reterr);
/* Adds, or replaces the one with that id (all but enabled_clients, id and strategy). Fails with
 * DW_CONFLICT when another has the name. */
bool dw_must_check dw_store_put_connection(struct dw_store *store,
                                           const struct dw_connection_record *connection,
                                           struct dw_error *reterr);
/* Makes it, unless one with that name is there; a new one is enabled for every first-party
 * client. */
bool dw_must_check dw_store_add_first_connection(struct dw_store *store,
                                                 const struct dw_connection_record *connection,
                                                 struct dw_error *reterr);
/* With the accounts that live in it, as Auth0. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_store_delete_connection(struct dw_store *store, struct dw_slice id,
                                              struct dw_error *reterr);
bool dw_must_check dw_store_connections(struct dw_store *store, struct dw_page page,
                                        struct dw_arena *arena,
                                        struct dw_connection_record **ret_connections,
                                        size_t *ret_count, int64_t *ret_total,
                                        struct dw_error *reterr);
/* Whether an application may use it. Enabling what is enabled is no failure, nor is the opposite.
 * Fails with DW_NOT_FOUND when the connection or the client does not exist. */
bool dw_must_check dw_store_enable_connection(struct dw_store *store, struct dw_slice id,
                                              struct dw_slice client_id, bool is_enabled,
                                              struct dw_error *reterr);
/* Every active connection this client may use (dw_connection_serves), oldest first; at most
 * DW_STORE_MAX_PAGE. */
bool dw_must_check dw_store_connections_of_client(struct dw_store *store, struct dw_slice client_id,
                                                  bool is_first_party, struct dw_arena *arena,
                                                  struct dw_connection_record **ret_connections,
                                                  size_t *ret_count, struct dw_error *reterr);

/* Whether there is such a connection. name: only that one; empty: any. */
bool dw_must_check dw_store_is_client_served(struct dw_store *store, struct dw_slice client_id,
                                             bool is_first_party, struct dw_slice name,
                                             bool *ret_is_served, struct dw_error *reterr);

#endif
