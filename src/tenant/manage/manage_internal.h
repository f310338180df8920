/* The management verbs: `doorward tenant NOUN VERB --flags`. What is shared between their files. */
#ifndef DW_TENANT_MANAGE_INTERNAL_H
#define DW_TENANT_MANAGE_INTERNAL_H

#include "tenant/tenant_internal.h"

#define DW_MANAGE_MAX_FLAGS 64
#define DW_MANAGE_MAX_CELLS 48

struct dw_manage_flag {
    struct dw_slice name;  /* without "--" */
    struct dw_slice value; /* empty for a switch */
};

struct dw_manage_cell {
    const char *name;
    struct dw_slice text;
    struct dw_slices texts; /* instead of text, when is_list */
    bool is_list;
    bool is_bool;      /* text is "true" or "false" */
    bool is_json;      /* text is JSON: an object, a number */
    bool is_json_only; /* not shown in a table of many */
};

struct dw_manage_row {
    struct dw_manage_cell cells[DW_MANAGE_MAX_CELLS];
    size_t count;
    struct dw_manage_row *next;
};

struct dw_manage {
    struct dw_tenant *tenant;
    struct dw_arena *arena;
    struct dw_manage_flag flags[DW_MANAGE_MAX_FLAGS];
    size_t flag_count;
    bool is_json;
    bool is_list;   /* the verb lists: JSON is an array */
    bool is_stream; /* the verb shows as it goes: JSON is an object a line, a table has one title */
    bool has_shown_title;
    struct dw_manage_row *first_row, **next_row;
};

typedef bool dw_manage_function(struct dw_manage *manage, struct dw_error *reterr);

#define X(noun, verb, run, usage, help) dw_manage_function run;
#include "tenant/manage/verbs.def"
#undef X

/* The flags behind noun and verb, as the verb's usage has them, and --json. Fails with DW_USAGE. */
bool dw_must_check dw_manage_read_flags(struct dw_manage *manage, const struct dw_tenant_verb *verb,
                                        int argc, char **argv, struct dw_error *reterr);
/* Empty when the flag was not given. */
struct dw_slice dw_manage_value(const struct dw_manage *manage, const char *name);
bool dw_manage_has(const struct dw_manage *manage, const char *name);
/* All values of a flag that may be repeated; in the arena. */
bool dw_must_check dw_manage_values(struct dw_manage *manage, const char *name,
                                    struct dw_slices *ret_values, struct dw_error *reterr);

/* One patch of every "--set NAME=VALUE" (dw_json_patch_of), and what that does to an object. */
bool dw_must_check dw_manage_patch_of_sets(struct dw_manage *manage, struct dw_slice *patch,
                                           struct dw_error *reterr);
/* Every member of a JSON object as a cell. */
bool dw_must_check dw_manage_cells_of_json(struct dw_manage *manage, struct dw_manage_row *row,
                                           struct dw_slice json, struct dw_error *reterr);
bool dw_must_check dw_manage_apply_sets(struct dw_manage *manage, struct dw_slice *json,
                                        struct dw_error *reterr);

/* Output: rows of named cells, shown as a table or as JSON. NULL: out of memory, and *reterr is
 * set. */
struct dw_manage_row *dw_manage_row_add(struct dw_manage *manage,
                                        struct dw_error *reterr) dw_must_check;
void dw_manage_cell_text(struct dw_manage_row *row, const char *name, struct dw_slice text);
void dw_manage_cell_bool(struct dw_manage_row *row, const char *name, bool value);
/* A number, or any other JSON. */
void dw_manage_cell_int(struct dw_manage_row *row, const char *name, int64_t number,
                        struct dw_manage *manage);
/* As 2026-11-23T07:25:00.000Z; 0: an empty text. */
void dw_manage_cell_time(struct dw_manage_row *row, const char *name, int64_t at_s,
                         struct dw_manage *manage);
void dw_manage_cell_json(struct dw_manage_row *row, const char *name, struct dw_slice json);
/* What was added last is for --json and for showing one alone. */
void dw_manage_cell_details(struct dw_manage_row *row);
void dw_manage_cell_texts(struct dw_manage_row *row, const char *name, struct dw_slices texts);

/* Writes the rows to standard output; for a verb that shows more than once, then the rows are
 * gone. */
bool dw_must_check dw_manage_show(struct dw_manage *manage, struct dw_error *reterr);

/* Fails with DW_NOT_FOUND, naming what is not there. */
bool dw_must_check dw_manage_find_user(struct dw_manage *manage, struct dw_slice email,
                                       struct dw_user **ret_user, struct dw_error *reterr);

#endif
