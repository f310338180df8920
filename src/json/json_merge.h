/* JSON Merge Patch (RFC 7396): what a PATCH, or `--set NAME=VALUE`, does to an object. */
#ifndef DW_JSON_JSON_MERGE_H
#define DW_JSON_JSON_MERGE_H

#include "json/json.h"

/* `target` with the members of `patch` set, those that are null in `patch` removed, objects merged
 * all the way down. The text lives in `arena`. Fails with DW_MALFORMED or DW_NO_MEMORY. */
bool dw_must_check dw_json_merge(struct dw_slice target, struct dw_slice patch,
                                 struct dw_arena *arena, struct dw_slice *ret_json,
                                 struct dw_error *reterr);
/* One patch that does what first `patch` and then `next` do. */
bool dw_must_check dw_json_patch_join(struct dw_slice patch, struct dw_slice next,
                                      struct dw_arena *arena, struct dw_slice *ret_patch,
                                      struct dw_error *reterr);
/* The patch that sets one member: "mfa.active" and "false" give {"mfa":{"active":false}}. A value
 * that is no JSON is taken as a text. Fails with DW_MALFORMED for an empty name. */
bool dw_must_check dw_json_patch_of(struct dw_slice path, struct dw_slice value,
                                    struct dw_arena *arena, struct dw_slice *ret_patch,
                                    struct dw_error *reterr);

#endif
