/* The store's questions about the audit log: what happened, in the order it happened. The rules of
 * store.h hold. */
#ifndef DW_STORE_LOGS_H
#define DW_STORE_LOGS_H

#include "store/store.h"

/* One event, with Auth0's names. Empty: does not apply. */
struct dw_log_entry {
    int64_t sequence; /* set by the store: rises with each entry, never used twice */
    int64_t at_ms;
    struct dw_slice type; /* Auth0's code: "s", "fp", "seacft", ... */
    struct dw_slice description;
    struct dw_slice connection, connection_id, strategy;
    struct dw_slice client_id, client_name;
    struct dw_slice user_id, user_name;
    struct dw_slice organization_id, organization_name;
    struct dw_slice audience, scope;
    struct dw_slice ip, user_agent, hostname;
    struct dw_slice details_json;
};

/* All in one transaction. An entry says nothing about others, so nothing is checked. */
bool dw_must_check dw_store_add_log_entries(struct dw_store *store,
                                            const struct dw_log_entry *entries, size_t count,
                                            struct dw_error *reterr);

struct dw_log_query {
    int64_t after_sequence;  /* only later ones; 0: all */
    int64_t before_sequence; /* only earlier ones; 0: all */
    int64_t since_ms;        /* 0: all */
    struct dw_slices types;  /* empty: all */
    struct dw_slice user;    /* id or name; empty: all */
    struct dw_slice client_id;
    bool is_newest_first;
    size_t take; /* 0: DW_STORE_MAX_PAGE, which is also the most */
};
bool dw_must_check dw_store_log_entries(struct dw_store *store, const struct dw_log_query *query,
                                        struct dw_arena *arena, struct dw_log_entry **ret_entries,
                                        size_t *ret_count, struct dw_error *reterr);
/* Forgets what is older than before_ms, and the oldest until the rest takes no more than max_bytes
 * (texts and details; a row has some more). In short transactions. */
bool dw_must_check dw_store_purge_log(struct dw_store *store, int64_t before_ms, int64_t max_bytes,
                                      struct dw_error *reterr);

#endif
