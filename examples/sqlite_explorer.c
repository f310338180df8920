/* Lets a model read a SQLite file with SQL, and each caller only the rows of its own organization.
 *
 *   SQLITE_EXPLORER_FILE=shop.db sqlite_explorer --listen 127.0.0.1:8080
 *
 * Tables that have a column org_id are seen, cut to the rows whose org_id is that of the caller's
 * access token; other tables are not there at all. This does not depend on reading the caller's
 * SQL: the rows are copied into a database in memory, the file is detached, and only then the SQL
 * runs. Without OAuth (a local client over stdio) SQLITE_EXPLORER_ORG says whose rows to show. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include <doorward/doorward.h>

#define MAX_ROWS_OF_A_TABLE 10000
#define MAX_ROWS_OF_AN_ANSWER 200
#define MAX_ANSWER_BYTES 100000
#define STEPS_BETWEEN_LOOKS 10000
#define MAX_LOOKS 2000 /* so a query ends after 20 million steps */

struct work {
    struct dw_call *call;
    sqlite3 *db;
    int looks;
};

static bool fail(const struct work *work, const char *what, struct dw_error *reterr)
{
    return DW_ERROR(reterr, DW_INTERNAL, "%s: %s", what, sqlite3_errmsg(work->db));
}

/* ---- the caller's rows ---- */

static bool copy_table(const struct work *work, const char *table, struct dw_slice org,
                       struct dw_error *reterr)
{
    char *sql = sqlite3_mprintf(
        "CREATE TABLE main.\"%w\" AS SELECT * FROM file.\"%w\" WHERE org_id = '%.*q' LIMIT %d",
        table, table, (int)org.len, org.ptr, MAX_ROWS_OF_A_TABLE);
    bool is_done = sql && sqlite3_exec(work->db, sql, NULL, NULL, NULL) == SQLITE_OK;

    sqlite3_free(sql);
    return is_done || fail(work, "copying a table", reterr);
}

static bool copy_tables(const struct work *work, struct dw_slice org, struct dw_error *reterr)
{
    sqlite3_stmt *tables = NULL;
    bool is_good;

    if (sqlite3_prepare_v2(work->db,
                           "SELECT t.name FROM file.sqlite_master t WHERE t.type = 'table' AND "
                           "EXISTS (SELECT 1 FROM pragma_table_info(t.name, 'file') c WHERE "
                           "c.name = 'org_id') ORDER BY 1",
                           -1, &tables, NULL) != SQLITE_OK)
        return fail(work, "reading the schema", reterr);
    is_good = true;
    while (is_good && sqlite3_step(tables) == SQLITE_ROW)
        is_good = copy_table(work, (const char *)sqlite3_column_text(tables, 0), org, reterr);
    sqlite3_finalize(tables);
    return is_good;
}

/* What a caller's statement may do: read. */
static int authorize(void *user, int action, const char *a, const char *b, const char *database,
                     const char *inner)
{
    (void)user;
    (void)a;
    (void)database;
    (void)inner;
    if (action == SQLITE_FUNCTION && b && strcmp(b, "load_extension") == 0)
        return SQLITE_DENY;
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION ||
                   action == SQLITE_RECURSIVE
               ? SQLITE_OK
               : SQLITE_DENY;
}

static int look(void *user)
{
    struct work *work = user;

    return dw_call_is_cancelled(work->call) || ++work->looks > MAX_LOOKS;
}

static bool open_rows(struct work *work, struct dw_slice org, struct dw_error *reterr)
{
    const char *path = getenv("SQLITE_EXPLORER_FILE");
    char *attach;
    bool is_attached;

    if (sqlite3_open_v2(":memory:", &work->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_URI,
                        NULL) != SQLITE_OK)
        return fail(work, "opening a database in memory", reterr);
    attach = sqlite3_mprintf("ATTACH 'file:' || replace(replace(replace(%Q, '%%', '%%25'), '?', "
                             "'%%3f'), '#', '%%23') || "
                             "'?mode=ro' AS file",
                             path ? path : "");
    is_attached = attach && sqlite3_exec(work->db, attach, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_free(attach);
    if (!is_attached)
        return fail(work, "opening SQLITE_EXPLORER_FILE", reterr);
    if (!copy_tables(work, org, reterr))
        return false;
    if (sqlite3_exec(work->db, "DETACH file", NULL, NULL, NULL) != SQLITE_OK)
        return fail(work, "closing the file", reterr);
    sqlite3_limit(work->db, SQLITE_LIMIT_LENGTH, MAX_ANSWER_BYTES);
    sqlite3_set_authorizer(work->db, authorize, NULL);
    sqlite3_progress_handler(work->db, STEPS_BETWEEN_LOOKS, look, work);
    return true;
}

/* ---- the answer ---- */

static void add_row(sqlite3_str *out, sqlite3_stmt *rows, bool is_head)
{
    for (int i = 0; i < sqlite3_column_count(rows); i++) {
        const char *text =
            is_head ? sqlite3_column_name(rows, i) : (const char *)sqlite3_column_text(rows, i);

        sqlite3_str_appendf(out, "%s%s", i ? " | " : "", text ? text : "NULL");
    }
    sqlite3_str_appendchar(out, 1, '\n');
}

static bool answer(struct work *work, struct dw_slice sql, struct dw_error *reterr)
{
    sqlite3_stmt *rows = NULL;
    sqlite3_str *out;
    char *text;
    int count = 0, status;

    if (sqlite3_prepare_v2(work->db, sql.ptr, (int)sql.len, &rows, NULL) != SQLITE_OK || !rows) {
        sqlite3_finalize(rows);
        return fail(work, "this SQL is refused", reterr);
    }
    out = sqlite3_str_new(work->db);
    add_row(out, rows, true);
    while ((status = sqlite3_step(rows)) == SQLITE_ROW && count++ < MAX_ROWS_OF_AN_ANSWER &&
           sqlite3_str_length(out) < MAX_ANSWER_BYTES)
        add_row(out, rows, false);
    if (status == SQLITE_ROW)
        sqlite3_str_appendall(out, "(there are more rows; narrow the query)\n");
    text = sqlite3_str_finish(out);
    if (text && (status == SQLITE_ROW || status == SQLITE_DONE))
        dw_call_add_text(work->call, dw_text(text));
    else
        fail(work, "the query failed", reterr);
    sqlite3_free(text);
    sqlite3_finalize(rows);
    return text && (status == SQLITE_ROW || status == SQLITE_DONE);
}

/* ---- the tools ---- */

static bool run(struct dw_call *call, struct dw_slice sql, struct dw_error *reterr)
{
    const struct dw_auth *auth = dw_call_auth(call);
    struct work work = {.call = call};
    struct dw_slice org, name;
    bool is_done;

    if (!dw_auth_is_authenticated(auth))
        org = dw_text(getenv("SQLITE_EXPLORER_ORG"));
    else if (!dw_auth_organization(auth, &org, &name))
        return DW_ERROR(reterr, DW_FORBIDDEN,
                        "your access token names no organization (org_id); log in to one");
    is_done = open_rows(&work, org, reterr) && answer(&work, sql, reterr);
    sqlite3_close(work.db);
    return is_done;
}

static bool query(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice sql = dw_text("");

    (void)user;
    dw_call_text(call, "sql", &sql);
    return run(call, sql, reterr);
}

static bool list_tables(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    return run(call, dw_text("SELECT name, sql FROM sqlite_master ORDER BY name"), reterr);
}

int main(int argc, char **argv)
{
    static const struct dw_tool query_tool = {
        .size = sizeof(struct dw_tool),
        .name = "query",
        .description = "Runs one SELECT on your organization's rows",
        .input_schema = "{\"type\":\"object\",\"required\":[\"sql\"],\"properties\":{\"sql\":"
                        "{\"type\":\"string\",\"minLength\":1,\"maxLength\":10000}}}",
        .annotations = "{\"readOnlyHint\":true}",
        .run = query,
    };
    static const struct dw_tool list_tool = {
        .size = sizeof(struct dw_tool),
        .name = "list_tables",
        .description = "The tables there are, with their columns",
        .annotations = "{\"readOnlyHint\":true}",
        .run = list_tables,
    };
    struct dw_server *server = dw_server_new("sqlite-explorer", "1.0.0");

    dw_server_with_oauth_from_env(server);
    dw_server_with_arguments(server, argc, argv);
    dw_server_with_instructions(server, "Ask list_tables first, then query with SELECT.");
    dw_server_with_tool(server, &list_tool);
    dw_server_with_tool(server, &query_tool);
    return dw_server_serve(server);
}
