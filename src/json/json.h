/* Reading JSON strictly: UTF-8 only, no duplicate key at any level, no NUL in a key, depth at most
 * 64, nothing after the value (RFC 8259; stricter on purpose: two readers of one text must not see
 * two things). A parsed document is a read-only tree in an arena; it keeps nothing of the
 * input. */
#ifndef DW_JSON_JSON_H
#define DW_JSON_JSON_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define DW_JSON_MAX_DEPTH 64

enum dw_json_type {
    DW_JSON_NULL,
    DW_JSON_BOOL,
    DW_JSON_INT,    /* written without fraction or exponent, and fits int64_t */
    DW_JSON_DOUBLE, /* every other number; finite */
    DW_JSON_TEXT,
    DW_JSON_ARRAY,
    DW_JSON_OBJECT,
};

struct dw_json {
    enum dw_json_type type;
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct dw_slice text;
        struct {
            const struct dw_json *items;
            size_t count;
        } array;
        struct {
            const struct dw_json_member *members; /* in the order written */
            size_t count;
        } object;
    };
    /* The bytes of this value in the arena's copy of the input, as written, without white space
     * around it: what to forward or to hash instead of writing the value again. */
    struct dw_slice raw;
};

struct dw_json_member {
    struct dw_slice key; /* unescaped */
    struct dw_json value;
};

/* Everything in *ret_document lives in `arena`. Fails with DW_MALFORMED (message: what and at which
 * byte) or DW_NO_MEMORY. */
bool dw_must_check dw_json_parse(struct dw_slice text, struct dw_arena *arena,
                                 const struct dw_json **ret_document, struct dw_error *reterr);

/* NULL when absent or when `object` is NULL or no object. */
const struct dw_json *dw_json_get_slice(const struct dw_json *object, struct dw_slice key);

static inline const struct dw_json *dw_json_get(const struct dw_json *object, const char *key)
{
    return dw_json_get_slice(object, dw_slice_from_text(key)); /* a literal's length is known */
}

/* As dw_json_get along a path: dw_json_path(doc, "params", "_meta", NULL). */
const struct dw_json *dw_json_path(const struct dw_json *object, ...) __attribute__((sentinel));

/* The text of a member; the empty slice with ptr NULL when it is absent or no string. */
struct dw_slice dw_json_text(const struct dw_json *object, const char *key);
/* False when absent or of another type; *ret is then untouched. */
bool dw_json_int(const struct dw_json *object, const char *key, int64_t *ret_number);
bool dw_json_bool(const struct dw_json *object, const char *key, bool *ret_value);
/* An array of strings, or one string as a list of one. Absent: an empty list. Fails with
 * DW_MALFORMED when it is anything else. */
bool dw_must_check dw_json_texts(const struct dw_json *object, const char *key,
                                 struct dw_arena *arena, struct dw_slices *ret_texts,
                                 struct dw_error *reterr);
/* Any JSON number as Unix seconds: fractions are cut, and it must lie in 0 to 2^53 (RFC 7519
 * NumericDate). False for anything else. */
bool dw_json_numeric_date(const struct dw_json *value, int64_t *ret_at_s);

#endif
