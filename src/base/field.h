/* Rows that describe the settings of a struct. One table parses (toml/toml_fields.h reads a file by
 * it, dw_field_set a flag or an environment variable), validates, fills in what was not said,
 * prints what is in force and generates docs/config.md. Nobody writes any of these by hand.
 *
 *     static const struct dw_field rows[] = {
 *         DW_TEXT_ROW(struct dw_x_config, listen, "listen", "127.0.0.1:8420", "where to listen"),
 *         DW_INT_ROW(struct dw_x_config, max_sessions, "max_sessions", 1, 1000000, 1000, "..."),
 *     };
 *     const struct dw_fields dw_x_fields = DW_FIELDS(struct dw_x_config, rows);
 *
 * The names are what users write in TOML; units are in them (`_s`, `_bytes`). */
#ifndef DW_BASE_FIELD_H
#define DW_BASE_FIELD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

enum dw_field_kind {
    DW_FIELD_UNUSED,  /* no member: accepted so that the seed project's files load, and named in a
                         warning; with rows: a whole table of such */
    DW_FIELD_TEXT,    /* struct dw_slice; min and max are its length, max 0 is 4,096 bytes */
    DW_FIELD_INT,     /* int64_t */
    DW_FIELD_SECONDS, /* int64_t; also written "90s", "15m", "12h" or "30d" */
    DW_FIELD_BOOL,    /* bool */
    DW_FIELD_TEXTS,   /* struct dw_slices; one text is a list of one */
    DW_FIELD_ENUM,    /* int: the index of the word in `choices` */
    DW_FIELD_SECRET,  /* struct dw_secret; never printed */
    DW_FIELD_PAIRS,   /* struct dw_field_pairs: a table with keys of any name and texts */
    DW_FIELD_TABLE,   /* [name]: `table` says what is in it; its offsets count from this offset */
    DW_FIELD_TABLES,  /* [[name]]: struct dw_field_tables, each element described by `table` */
};

struct dw_field;

struct dw_fields {
    const struct dw_field *rows;
    size_t count;
    size_t size; /* of the struct they describe */
    /* Where the struct has a uint64_t that says which of the rows a file has set; 0: nowhere. */
    size_t said_offset;
};

struct dw_field {
    const char *name;
    enum dw_field_kind kind;
    size_t offset;
    int64_t min, max;              /* INT, SECONDS: both included */
    int64_t standard;              /* INT, SECONDS, BOOL, ENUM */
    const char *standard_text;     /* TEXT; TEXTS: separated by spaces; NULL: empty */
    const char *const *choices;    /* ENUM; NULL ends */
    const struct dw_fields *table; /* TABLE, TABLES */
    bool is_alias;                 /* TABLE: members that have rows elsewhere too; not printed */
    const char *help;              /* one sentence or more, for docs/config.md and --help */
};

struct dw_field_pair {
    struct dw_slice name, value;
};

struct dw_field_pairs {
    const struct dw_field_pair *items;
    size_t count;
};

struct dw_field_tables {
    const void *items; /* an array of the struct that `table` describes */
    size_t count;
};

/* Where the member is; does not compile when it has another type than the kind needs. */
#define DW_FIELD_AT(type, member, wanted)                                                          \
    (offsetof(type, member) +                                                                      \
     0 * sizeof(struct {                                                                           \
         _Static_assert(__builtin_types_compatible_p(__typeof__(((type *)0)->member), wanted),     \
                        "the member has another type than the kind of its row");                   \
         int unused;                                                                               \
     }))

#define DW_FIELDS(type, row_array)                                                                 \
    {                                                                                              \
        .rows = (row_array), .count = sizeof(row_array) / sizeof((row_array)[0]),                  \
        .size = sizeof(type)                                                                       \
    }
/* member: a uint64_t, not the first member; at most 64 rows */
#define DW_FIELDS_SAID(type, row_array, member)                                                    \
    {                                                                                              \
        .rows = (row_array), .count = sizeof(row_array) / sizeof((row_array)[0]),                  \
        .size = sizeof(type),                                                                      \
        .said_offset = DW_FIELD_AT(type, member, uint64_t) +                                       \
                       0 * sizeof(char[sizeof(row_array) / sizeof((row_array)[0]) <= 64 ? 1 : -1]) \
    }
#define DW_TEXT_ROW(type, member, toml_name, standard_value, help_text)                            \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_TEXT,                                                \
        .offset = DW_FIELD_AT(type, member, struct dw_slice), .standard_text = (standard_value),   \
        .help = (help_text)                                                                        \
    }
#define DW_INT_ROW(type, member, toml_name, smallest, largest, standard_value, help_text)          \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_INT, .offset = DW_FIELD_AT(type, member, int64_t),   \
        .min = (smallest), .max = (largest), .standard = (standard_value), .help = (help_text)     \
    }
#define DW_SECONDS_ROW(type, member, toml_name, smallest, largest, standard_value, help_text)      \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_SECONDS,                                             \
        .offset = DW_FIELD_AT(type, member, int64_t), .min = (smallest), .max = (largest),         \
        .standard = (standard_value), .help = (help_text)                                          \
    }
#define DW_BOOL_ROW(type, member, toml_name, standard_value, help_text)                            \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_BOOL, .offset = DW_FIELD_AT(type, member, bool),     \
        .standard = (standard_value), .help = (help_text)                                          \
    }
#define DW_TEXTS_ROW(type, member, toml_name, standard_value, help_text)                           \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_TEXTS,                                               \
        .offset = DW_FIELD_AT(type, member, struct dw_slices), .standard_text = (standard_value),  \
        .help = (help_text)                                                                        \
    }
#define DW_ENUM_ROW(type, member, toml_name, words, standard_value, help_text)                     \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_ENUM, .offset = DW_FIELD_AT(type, member, int),      \
        .choices = (words), .standard = (standard_value), .help = (help_text)                      \
    }
#define DW_SECRET_ROW(type, member, toml_name, help_text)                                          \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_SECRET,                                              \
        .offset = DW_FIELD_AT(type, member, struct dw_secret), .help = (help_text)                 \
    }
#define DW_PAIRS_ROW(type, member, toml_name, help_text)                                           \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_PAIRS,                                               \
        .offset = DW_FIELD_AT(type, member, struct dw_field_pairs), .help = (help_text)            \
    }
/* at: offsetof(type, member) when `inner` describes that member, 0 when it describes `type`. */
#define DW_TABLE_ROW(at, toml_name, inner, help_text)                                              \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_TABLE, .offset = (at), .table = (inner),             \
        .help = (help_text)                                                                        \
    }
#define DW_TABLES_ROW(type, member, toml_name, inner, help_text)                                   \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_TABLES,                                              \
        .offset = DW_FIELD_AT(type, member, struct dw_field_tables), .table = (inner),             \
        .help = (help_text)                                                                        \
    }
#define DW_UNUSED_ROW(toml_name)                                                                   \
    {                                                                                              \
        .name = (toml_name), .kind = DW_FIELD_UNUSED                                               \
    }

/* Every member that has a row gets its standard; the others are left as they are. Lists lie in
 * `arena`, texts in the rows. Fails with DW_NO_MEMORY. */
bool dw_must_check dw_fields_standard(const struct dw_fields *fields, void *config,
                                      struct dw_arena *arena, struct dw_error *reterr);

/* NULL when there is none. */
const struct dw_field *dw_fields_find(const struct dw_fields *fields, struct dw_slice name);
/* Notes that a file has set this row, and asks; nothing and false where nothing is kept of it. */
void dw_fields_say(const struct dw_fields *fields, const struct dw_field *field, void *config);
bool dw_fields_is_said(const struct dw_fields *fields, const char *name, const void *config);
/* The name nearest to a wrong one, or the empty slice. */
struct dw_slice dw_fields_nearest(const struct dw_fields *fields, struct dw_slice wrong);

/* The setters check what the row demands and fail with DW_CONFIG and half a sentence: "must be 1 to
 * 600". config is where the row's offset counts from. What they are given must live as long as the
 * config. */
bool dw_must_check dw_field_set_text(const struct dw_field *field, void *config,
                                     struct dw_slice text, struct dw_error *reterr);
bool dw_must_check dw_field_set_int(const struct dw_field *field, void *config, int64_t number,
                                    struct dw_error *reterr);
bool dw_must_check dw_field_set_bool(const struct dw_field *field, void *config, bool value,
                                     struct dw_error *reterr);
bool dw_must_check dw_field_set_texts(const struct dw_field *field, void *config,
                                      struct dw_slices texts, struct dw_error *reterr);
/* From text that a flag or an environment variable brings, for every kind but tables: numbers as
 * digits, "true" or "false", lists separated by commas. */
bool dw_must_check dw_field_set(const struct dw_field *field, void *config, struct dw_slice text,
                                struct dw_arena *arena, struct dw_error *reterr);
/* Fails with DW_CONFIG and "must be a whole number", or whatever the row needs. */
bool dw_field_fail_kind(const struct dw_field *field, struct dw_error *reterr);
/* "text", "number", "seconds", "true or false", "list of texts", ... for documentation. */
const char *dw_field_kind_name(enum dw_field_kind kind);

/* What is in force, as TOML that reads back to the same, secrets as "(secret)". path: the name of
 * the table, "gateway"; "" for the top. */
void dw_fields_print(const struct dw_fields *fields, const char *path, const void *config,
                     struct dw_buf *out);
/* The reference in Markdown: a heading and a table for each TOML table. */
void dw_fields_print_reference(const struct dw_fields *fields, const char *path,
                               struct dw_buf *out);
/* The same for a man page, in mdoc: a subsection for each table. */
void dw_fields_print_manual(const struct dw_fields *fields, const char *path, struct dw_buf *out);

#endif
