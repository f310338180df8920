/* Between the files of store/: connections, statements, rows of records, and the writer. */
#ifndef DW_STORE_SQLITE_INTERNAL_H
#define DW_STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>
#include <stddef.h>

#include "store/store.h"

/* The migrations, in order; user_version of the database is how many were applied. */
extern const char *const dw_store_schema[];
extern const int dw_store_schema_version;

#define DW_STATEMENT_SLOTS 256 /* a power of two, over twice the statements there are */

/* One thread uses it at a time. */
struct dw_connection {
    sqlite3 *db;
    struct dw_arena *scratch; /* the writer's: for lists as JSON; reset before each write */
    struct dw_connection *next;
    struct {
        const char *sql; /* the literal's address is the key */
        sqlite3_stmt *statement;
    } statements[DW_STATEMENT_SLOTS];
};

/* With its statements; NULL is fine. */
void dw_connection_close(struct dw_connection *connection);

/* A connection to read with, from the store's pool until the end of the scope:
 * dw_auto(dw_reader_done) struct dw_reader reader = {0}; */
struct dw_reader {
    struct dw_store *store;
    struct dw_connection *connection;
};
bool dw_must_check dw_reader_start(struct dw_reader *reader, struct dw_store *store,
                                   struct dw_error *reterr);
void dw_reader_done(struct dw_reader *reader);

/* Raises what went wrong last on the connection: DW_CONFLICT (not unique), DW_NOT_FOUND (a
 * foreign key), DW_NO_MEMORY, else DW_UNAVAILABLE with SQLite's text as the cause. */
bool dw_sqlite_fail(const struct dw_connection *connection, const char *doing,
                    struct dw_error *reterr);

/* --- statements ------------------------------------------------------------------------------- */

struct dw_sql_value {
    enum {
        DW_VALUE_NULL,
        DW_VALUE_INT,
        DW_VALUE_TEXT,
        DW_VALUE_BLOB
    } kind;
    int64_t integer;
    struct dw_slice bytes;
};

struct dw_sql_args {
    const struct dw_sql_value *items;
    size_t count;
};

static inline struct dw_sql_value dw_sql_text(struct dw_slice text)
{
    return (struct dw_sql_value){.kind = DW_VALUE_TEXT, .bytes = text};
}

static inline struct dw_sql_value dw_sql_blob(struct dw_slice bytes)
{
    return (struct dw_sql_value){.kind = DW_VALUE_BLOB, .bytes = bytes};
}

static inline struct dw_sql_value dw_sql_int(int64_t integer)
{
    return (struct dw_sql_value){.kind = DW_VALUE_INT, .integer = integer};
}

#define DW_SQL_NO_ARGS ((struct dw_sql_args){NULL, 0})
#define DW_SQL_ARGS(...)                                                                           \
    ((struct dw_sql_args){(const struct dw_sql_value[]){__VA_ARGS__},                              \
                          sizeof((const struct dw_sql_value[]){__VA_ARGS__}) /                     \
                              sizeof(struct dw_sql_value)})

/* Runs a statement to its end; rows are passed over. `sql` must be a literal. */
bool dw_must_check dw_sql_run(struct dw_connection *connection, const char *sql,
                              struct dw_sql_args args, struct dw_error *reterr);
/* The rows that the last statement inserted, changed or deleted. */
int64_t dw_sql_changes(const struct dw_connection *connection);
/* The first column of the first row as a number; 0 when there is no row. */
bool dw_must_check dw_sql_number(struct dw_connection *connection, const char *sql,
                                 struct dw_sql_args args, int64_t *ret_number,
                                 struct dw_error *reterr);
/* The first column of all rows as texts. */
bool dw_must_check dw_sql_texts(struct dw_connection *connection, const char *sql,
                                struct dw_sql_args args, struct dw_arena *arena,
                                struct dw_slices *ret_texts, struct dw_error *reterr);

/* --- records as rows -------------------------------------------------------------------------- */

enum dw_sql_kind {
    DW_SQL_TEXT,     /* struct dw_slice */
    DW_SQL_NULLABLE, /* struct dw_slice; empty is NULL */
    DW_SQL_BLOB,     /* struct dw_slice */
    DW_SQL_JSON,     /* struct dw_slice; empty is written as {} */
    DW_SQL_LIST,     /* struct dw_slices, as a JSON array */
    DW_SQL_INT,      /* int64_t */
    DW_SQL_BOOL,     /* bool */
    DW_SQL_ENUM,     /* an enum, by its names */
    DW_SQL_ALG,      /* enum dw_jose_alg */
};

struct dw_sql_column {
    enum dw_sql_kind kind;
    size_t offset;
    const char *const *names; /* of DW_SQL_ENUM */
};

struct dw_sql_table {
    const char *what; /* "a client": for the operator's errors */
    size_t row_bytes;
    const struct dw_sql_column *columns; /* in the order of the statements */
    size_t count;
};

/* A table is written once, as FIELDS(first, next) with one first(kind, column, member[, names]) and
 * a next(...) for each further column; these make of it the list of columns, of question marks, of
 * changes for an upsert, and the C table. ROW is the struct's name while the C table is made. */
#define DW_SQL_NAME_FIRST(kind, column, ...) #column
#define DW_SQL_NAME_NEXT(kind, column, ...) ", " #column
#define DW_SQL_MARK_FIRST(kind, column, ...) "?"
#define DW_SQL_MARK_NEXT(kind, column, ...) ", ?"
#define DW_SQL_SET_FIRST(kind, column, ...) #column " = excluded." #column
#define DW_SQL_SET_NEXT(kind, column, ...) ", " #column " = excluded." #column
#define DW_SQL_CHANGE_FIRST(kind, column, ...)                                                     \
#column " = CASE WHEN ? IS ? THEN " #column " ELSE ? END"
#define DW_SQL_CHANGE_NEXT(kind, column, ...) ", " DW_SQL_CHANGE_FIRST(kind, column)
#define DW_SQL_COLUMN(kind, column, member, ...)                                                   \
    {DW_SQL_##kind, offsetof(ROW, member), ##__VA_ARGS__},
#define DW_SQL_NAMES(FIELDS) FIELDS(DW_SQL_NAME_FIRST, DW_SQL_NAME_NEXT)
#define DW_SQL_MARKS(FIELDS) FIELDS(DW_SQL_MARK_FIRST, DW_SQL_MARK_NEXT)
#define DW_SQL_SETS(FIELDS) FIELDS(DW_SQL_SET_FIRST, DW_SQL_SET_NEXT)
#define DW_SQL_CHANGES(FIELDS) FIELDS(DW_SQL_CHANGE_FIRST, DW_SQL_CHANGE_NEXT)
#define DW_SQL_COLUMNS(FIELDS)                                                                     \
    {                                                                                              \
        FIELDS(DW_SQL_COLUMN, DW_SQL_COLUMN)                                                       \
    }
#define DW_SQL_INSERT(table, FIELDS)                                                               \
    "INSERT INTO " table " (" DW_SQL_NAMES(FIELDS) ") VALUES (" DW_SQL_MARKS(FIELDS) ")"
#define DW_SQL_TABLE(text, columns_)                                                               \
    {                                                                                              \
        .what = (text), .row_bytes = sizeof(ROW), .columns = (columns_),                           \
        .count = sizeof(columns_) / sizeof *(columns_)                                             \
    }

/* Binds every column of the table from *record, then runs the statement. */
bool dw_must_check dw_sql_write_row(struct dw_connection *connection, const char *sql,
                                    const struct dw_sql_table *table, const void *record,
                                    struct dw_error *reterr);
/* Runs "UPDATE table SET " DW_SQL_CHANGES(FIELDS) " WHERE key = ?" so that the columns in which the
 * two records differ get the value of *after; all others stay as they are in the table. */
bool dw_must_check dw_sql_write_changes(struct dw_connection *connection, const char *sql,
                                        const struct dw_sql_table *table, const void *before,
                                        const void *after, struct dw_slice key,
                                        struct dw_error *reterr);
/* All rows as an array of records in `arena`. */
bool dw_must_check dw_sql_read_rows(struct dw_connection *connection, const char *sql,
                                    struct dw_sql_args args, const struct dw_sql_table *table,
                                    struct dw_arena *arena, void *ret_records, size_t *ret_count,
                                    struct dw_error *reterr);
/* The first row, or NULL; ret_record is a pointer to a pointer to the record. */
bool dw_must_check dw_sql_read_row(struct dw_connection *connection, const char *sql,
                                   struct dw_sql_args args, const struct dw_sql_table *table,
                                   struct dw_arena *arena, void *ret_record,
                                   struct dw_error *reterr);

/* --- reads that are one statement, on a reader of the store (sqlite_read.c) ---------------------
 */

bool dw_must_check dw_store_read_row(struct dw_store *store, const char *sql,
                                     struct dw_sql_args args, const struct dw_sql_table *table,
                                     struct dw_arena *arena, void *ret_record,
                                     struct dw_error *reterr);
bool dw_must_check dw_store_read_rows(struct dw_store *store, const char *sql,
                                      struct dw_sql_args args, const struct dw_sql_table *table,
                                      struct dw_arena *arena, void *ret_records, size_t *ret_count,
                                      struct dw_error *reterr);
bool dw_must_check dw_store_read_number(struct dw_store *store, const char *sql,
                                        struct dw_sql_args args, int64_t *ret_number,
                                        struct dw_error *reterr);
/* Whether that number is over 0: for SELECT count(*) and SELECT EXISTS. */
bool dw_must_check dw_store_read_bool(struct dw_store *store, const char *sql,
                                      struct dw_sql_args args, bool *ret_is_true,
                                      struct dw_error *reterr);
bool dw_must_check dw_store_read_texts(struct dw_store *store, const char *sql,
                                       struct dw_sql_args args, struct dw_arena *arena,
                                       struct dw_slices *ret_texts, struct dw_error *reterr);
/* The first of them; empty when there is no row. */
bool dw_must_check dw_store_read_text(struct dw_store *store, const char *sql,
                                      struct dw_sql_args args, struct dw_arena *arena,
                                      struct dw_slice *ret_text, struct dw_error *reterr);

/* A page of a list. The last two marks of rows_sql are LIMIT and OFFSET; total_sql takes `args`
 * alone. */
struct dw_sql_list {
    const struct dw_sql_table *table;
    const char *rows_sql;
    const char *total_sql;
};
#define DW_SQL_LIST_MAX_ARGS 4
bool dw_must_check dw_store_read_page(struct dw_store *store, const struct dw_sql_list *list,
                                      struct dw_sql_args args, struct dw_page page,
                                      struct dw_arena *arena, void *ret_records, size_t *ret_count,
                                      int64_t *ret_total, struct dw_error *reterr);

/* --- the writer ------------------------------------------------------------------------------- */

/* Runs inside a transaction, perhaps on another thread while the caller waits; false undoes what it
 * did, and nothing else. */
typedef bool dw_write_fn(struct dw_connection *connection, void *user, struct dw_error *reterr);

/* Returns when what `write` did is on the disk, or undone. */
bool dw_must_check dw_store_write(struct dw_store *store, dw_write_fn *write, void *user,
                                  struct dw_error *reterr);
/* A write that is one statement. Where missing_what is not NULL it must change a row, else
 * DW_NOT_FOUND "there is no such ..." */
bool dw_must_check dw_store_write_sql(struct dw_store *store, const char *sql,
                                      struct dw_sql_args args, const char *missing_what,
                                      struct dw_error *reterr);
/* A write that is dw_sql_write_row. */
bool dw_must_check dw_store_write_row(struct dw_store *store, const char *sql,
                                      const struct dw_sql_table *table, const void *record,
                                      struct dw_error *reterr);
/* The same for a row of a user's, of which there are at most so many: the oldest go.
 * trim_sql: DW_SQL_TRIM of its table, which has an index on user_id alone, so that nothing is
 * sorted; or DW_SQL_TRIM_BY, when others go before the oldest: "mfa_at > 0 DESC" keeps longest what
 * that is true of. The row that was just written stays. */
struct dw_sql_share {
    const char *trim_sql;
    struct dw_slice user_id;
    int64_t most;
};
#define DW_SQL_TRIM_BY(name, order)                                                                \
    "DELETE FROM " name " WHERE rowid IN (SELECT rowid FROM " name                                 \
    " WHERE user_id = ? ORDER BY " order " LIMIT -1 OFFSET ?)"
#define DW_SQL_TRIM(name) DW_SQL_TRIM_BY(name, "rowid DESC")
bool dw_must_check dw_store_write_row_of(struct dw_store *store, const char *sql,
                                         const struct dw_sql_table *table, const void *record,
                                         const struct dw_sql_share *share, struct dw_error *reterr);

/* --- definitions that are kept in memory (sqlite_definitions.c) ------------------------------- */

/* As dw_sql_read_rows and dw_store_read_row, for tables that have the triggers of
 * definition_version (schema/0020); all arguments are texts. */
bool dw_must_check dw_store_recall_rows(struct dw_store *store, const char *sql,
                                        struct dw_sql_args args, const struct dw_sql_table *table,
                                        struct dw_arena *arena, void *ret_records,
                                        size_t *ret_count, struct dw_error *reterr);
bool dw_must_check dw_store_recall_row(struct dw_store *store, const char *sql,
                                       struct dw_sql_args args, const struct dw_sql_table *table,
                                       struct dw_arena *arena, void *ret_record,
                                       struct dw_error *reterr);
/* This thread has written: what it knew of the version is old. */
void dw_store_moment_look_again(void);

struct dw_definitions;
struct dw_definitions *dw_definitions_new(void); /* NULL: out of memory */
void dw_definitions_free(struct dw_definitions *definitions);
struct dw_definitions *dw_store_definitions(struct dw_store *store);

struct dw_writer;
/* Takes the connection over. */
struct dw_writer *dw_writer_open(struct dw_connection *connection,
                                 struct dw_error *reterr) dw_must_check;
void dw_writer_close(struct dw_writer *writer);
struct dw_writer *dw_store_writer(struct dw_store *store);

/* Brings the schema to this binary's version, in one transaction; `path` is for the message. Fails
 * with DW_CONFIG for a database that is not ours or newer than we are. */
bool dw_must_check dw_migrate(struct dw_connection *connection, const char *path,
                              struct dw_error *reterr);

/* What ends so much later than what begins now was counted by a clock that was wrong by days, and
 * counts no more. As a part of SQL: seconds. */
#define DW_SQL_WRONG_CLOCK_S "86400"

/* Steps that several writes share. */
/* sqlite_issued.c: its access tokens are not believed any more. */
bool dw_must_check dw_store_kill_family(struct dw_connection *connection, struct dw_slice family_id,
                                        int64_t now_s, struct dw_error *reterr);
/* sqlite_issued.c: nor are those of logins with a code that the store still has (a day, the last
 * DW_STORE_MAX_CODES of a user), with refresh tokens or without; of a user or, with an empty
 * user_id, of an application. Logins in other ways that began no refresh tokens leave no row. */
bool dw_must_check dw_store_kill_logins(struct dw_connection *connection, struct dw_slice user_id,
                                        struct dw_slice client_id, int64_t now_s,
                                        struct dw_error *reterr);
/* sqlite_users.c: ends what is under way for a user who is blocked, has a new password or goes:
 * sessions, refresh tokens, codes, grants that wait for a second factor, approvals on other
 * devices. Codes that were mailed die with what they are for. */
bool dw_must_check dw_store_end_logins(struct dw_connection *connection, struct dw_slice user_id,
                                       int64_t now_s, struct dw_error *reterr);
bool dw_must_check dw_store_revoke_families(struct dw_connection *connection,
                                            struct dw_slice user_id, struct dw_slice client_id,
                                            int64_t now_s, struct dw_error *reterr);

#endif
