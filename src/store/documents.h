/* The store's questions about settings that are one JSON document each: "tenant", "branding",
 * "prompts", and whatever else has a name and few members. The rules of store.h hold. */
#ifndef DW_STORE_DOCUMENTS_H
#define DW_STORE_DOCUMENTS_H

#include "store/store.h"

/* Empty: none was ever put. */
bool dw_must_check dw_store_document(struct dw_store *store, struct dw_slice name,
                                     struct dw_arena *arena, struct dw_slice *ret_json,
                                     struct dw_error *reterr);
bool dw_must_check dw_store_put_document(struct dw_store *store, struct dw_slice name,
                                         struct dw_slice json, int64_t now_s,
                                         struct dw_error *reterr);
/* Another number after each change of any document: cheap to ask often. */
bool dw_must_check dw_store_documents_version(struct dw_store *store, int64_t *ret_version,
                                              struct dw_error *reterr);

#endif
