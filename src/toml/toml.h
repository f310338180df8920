/* Reading TOML 1.0 into a read-only tree in an arena, with the line and column of every value. */
#ifndef DW_TOML_TOML_H
#define DW_TOML_TOML_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

enum dw_toml_type {
    DW_TOML_TEXT,
    DW_TOML_INT,
    DW_TOML_DOUBLE,
    DW_TOML_BOOL,
    DW_TOML_ARRAY,
    DW_TOML_TABLE,
    DW_TOML_TIME, /* any of TOML's dates and times, in `text`, in RFC 3339 form */
};

struct dw_toml {
    enum dw_toml_type type;
    int line, column; /* from 1 */
    struct dw_slice text;
    int64_t integer;
    double number;
    bool boolean;
    const struct dw_toml *items; /* array */
    size_t item_count;
    const struct dw_toml_member *members; /* table, in the order of the file */
    size_t member_count;
};

struct dw_toml_member {
    struct dw_slice key;
    int line, column; /* of the key */
    struct dw_toml value;
};

/* text at most 1 MiB. Fails with DW_CONFIG: "line 3, column 7: what is wrong". */
bool dw_must_check dw_toml_parse(struct dw_slice text, struct dw_arena *arena,
                                 const struct dw_toml **ret_table, struct dw_error *reterr);
/* NULL when absent. */
const struct dw_toml *dw_toml_get(const struct dw_toml *table, struct dw_slice key);

#endif
