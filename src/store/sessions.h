/* The login sessions of browsers, for operators; what a browser needs of them is in store.h, whose
 * rules hold. */
#ifndef DW_STORE_SESSIONS_H
#define DW_STORE_SESSIONS_H

#include "store/store.h"

/* Those that have not expired at now_s, oldest first. user_id: empty for all; ret_total may be
 * NULL. */
bool dw_must_check dw_store_sessions(struct dw_store *store, struct dw_slice user_id, int64_t now_s,
                                     struct dw_page page, struct dw_arena *arena,
                                     struct dw_login_session **ret_sessions, size_t *ret_count,
                                     int64_t *ret_total, struct dw_error *reterr);
/* By its public id (`sid`). with_refresh_tokens: the families that began in it are revoked in the
 * same transaction. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_store_end_session(struct dw_store *store, struct dw_slice id,
                                        bool with_refresh_tokens, int64_t now_s,
                                        struct dw_error *reterr);

#endif
