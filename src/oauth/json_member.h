/* Members of a JSON object that a person wrote, taken into a record: of the right type, within
 * bounds, else DW_INVALID_REQUEST and a sentence that begins with the member's path
 * ("error_page.url"). A `value` of NULL is an absent member: it leaves the record as it is. What
 * the values mean is for the caller to judge. */
#ifndef DW_OAUTH_JSON_MEMBER_H
#define DW_OAUTH_JSON_MEMBER_H

#include "json/json.h"

/* "PATH must be WANTED". Returns false. */
bool dw_member_fail(const char *path, const char *wanted, struct dw_error *reterr);

/* A text without control characters and of at most 4,096 bytes; null is the empty one. It stays
 * where `value` lives. */
bool dw_must_check dw_member_text(const char *path, const struct dw_json *value,
                                  struct dw_slice *ret_text, struct dw_error *reterr);
/* A list of at most 100 such texts, in `arena`. */
bool dw_must_check dw_member_texts(const char *path, const struct dw_json *value,
                                   struct dw_arena *arena, struct dw_slices *ret_texts,
                                   struct dw_error *reterr);
bool dw_must_check dw_member_bool(const char *path, const struct dw_json *value, bool *ret_value,
                                  struct dw_error *reterr);
/* One of `names` (as dw_enum_from has them), by its place there: a text; true and false are the
 * words "true" and "false", null is the empty word. `arena` is for the error's list of names. */
bool dw_must_check dw_member_word(const char *path, const struct dw_json *value,
                                  const char *const *names, struct dw_arena *arena,
                                  unsigned *ret_at, struct dw_error *reterr);
/* One of two names: that of false, that of true. */
bool dw_must_check dw_member_either(const char *path, const struct dw_json *value,
                                    const char *const *names, struct dw_arena *arena,
                                    bool *ret_value, struct dw_error *reterr);
/* A whole number from min to max. */
bool dw_must_check dw_member_int(const char *path, const struct dw_json *value, int64_t min,
                                 int64_t max, int64_t *ret_number, struct dw_error *reterr);

#endif
