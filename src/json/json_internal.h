/* Between the files of json/. */
#ifndef DW_JSON_JSON_INTERNAL_H
#define DW_JSON_JSON_INTERNAL_H

#include "json/json.h"

enum dw_json_string_result {
    DW_JSON_STRING_DONE,
    DW_JSON_STRING_NO_MEMORY,
    DW_JSON_STRING_BAD_ESCAPE,
    DW_JSON_STRING_LONE_SURROGATE,
};

/* inside       what is between the quotes: UTF-8 without control characters
 * ret_text     a view of `inside` when it has no escapes, else in `arena`
 * ret_bad_at   on failure, the offset of the bad escape */
enum dw_json_string_result dw_json_string_read(struct dw_slice inside, struct dw_arena *arena,
                                               struct dw_slice *ret_text, size_t *ret_bad_at);

/* Reads a number of JSON's grammar from `text`, which a byte that is no part of a number follows.
 * False: that is not what it is, or it is too large for a double. */
bool dw_json_number_read(struct dw_slice text, struct dw_json *ret_number);

/* The key that two members share, or NULL. Compares n log n times at most, because a peer chooses
 * the keys. False: out of memory. */
bool dw_json_find_duplicate(const struct dw_json_member *members, size_t count,
                            const struct dw_json_member **ret_duplicate);

#endif
