/* The one connection that writes, and who uses it: whoever finds it free writes for all that wait,
 * in one transaction with one fsync; each write has its own savepoint, so that each succeeds or
 * fails alone. */
#include <pthread.h>
#include <semaphore.h>

#include "base/mem.h"
#include "store/sqlite_internal.h"

#define MAX_GROUP 128 /* a commit stays short, so that the first of a group does not wait long */

struct job {
    dw_write_fn *write;
    void *user;
    struct dw_error error;
    bool has_run; /* of who writes */
    bool is_done_well;
    bool is_finished; /* else its thread was called to write */
    sem_t call;       /* comes once; after it the thread may go, and the job with it */
    struct job *next;
};

struct dw_writer {
    struct dw_connection *connection; /* of the one thread that writes now */
    pthread_mutex_t lock;             /* guards all below */
    struct job *first;
    struct job **end;
    bool is_busy;          /* some thread writes, or was called to */
    bool is_hurried;       /* as it shall be */
    bool has_been_hurried; /* as the connection is */
};

static bool execute(struct dw_connection *connection, const char *sql, struct dw_error *reterr)
{
    return dw_sql_run(connection, sql, DW_SQL_NO_ARGS, reterr);
}

/* False when SQLite has given up the whole transaction (disk full, I/O error), not just this write.
 */
static bool run_job(struct dw_connection *connection, struct job *job)
{
    struct dw_error ignored;

    dw_arena_reset(connection->scratch);
    if (!execute(connection, "SAVEPOINT one", &job->error))
        return false;
    job->is_done_well = job->write(connection, job->user, &job->error);
    if (sqlite3_get_autocommit(connection->db))
        return false;
    if (!job->is_done_well && !execute(connection, "ROLLBACK TO one", &ignored))
        return false;
    return execute(connection, "RELEASE one", job->is_done_well ? &job->error : &ignored);
}

/* Nothing of the group was kept. A write that had failed by itself keeps its own reason. */
static void fail_group(struct job *group, const struct dw_error *error)
{
    for (struct job *job = group; job; job = job->next) {
        if (job->is_done_well || !job->has_run)
            job->error = *error;
        job->is_done_well = false;
    }
}

static void run_group(struct dw_connection *connection, struct job *group)
{
    struct dw_error error = {0};
    bool has_succeeded = execute(connection, "BEGIN IMMEDIATE", &error);

    for (struct job *job = group; has_succeeded && job; job = job->next) {
        has_succeeded = run_job(connection, job);
        job->has_run = true;
        if (!has_succeeded)
            error = job->error;
    }
    if (has_succeeded && execute(connection, "COMMIT", &error))
        return;
    if (!sqlite3_get_autocommit(connection->db))
        sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
    if (error.code == DW_OK)
        dw_fail_because(&error, DW_UNAVAILABLE, "sqlite", 0, "the transaction was given up");
    fail_group(group, &error);
}

/* Between transactions: within one SQLite refuses it. */
static bool set_pace(struct dw_writer *writer, bool is_hurried, struct dw_error *reterr)
{
    if (is_hurried == writer->has_been_hurried)
        return true;
    if (!execute(writer->connection,
                 is_hurried ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", reterr))
        return false;
    writer->has_been_hurried = is_hurried;
    return true;
}

/* With the lock held: takes up to MAX_GROUP jobs off the queue. */
static struct job *take_group(struct dw_writer *writer)
{
    struct job *group = writer->first;
    struct job **end = &group;

    for (size_t count = 0; *end && count < MAX_GROUP; count++)
        end = &(*end)->next;
    writer->first = *end;
    if (!writer->first)
        writer->end = &writer->first;
    *end = NULL;
    return group;
}

/* Nobody is called under the lock, which would only make them wait again. */
static void finish_group(struct job *group, const struct job *own)
{
    while (group) {
        struct job *job = group;

        group = job->next;
        job->is_finished = true;
        if (job != own)
            sem_post(&job->call);
    }
}

/* Writes for all that wait; `own` is the first of them. The first that came meanwhile is called to
 * write next. */
static void write_group(struct dw_writer *writer, const struct job *own)
{
    struct dw_error error = {0};
    struct job *group, *next;
    bool is_hurried;

    pthread_mutex_lock(&writer->lock);
    group = take_group(writer);
    is_hurried = writer->is_hurried;
    pthread_mutex_unlock(&writer->lock);
    if (set_pace(writer, is_hurried, &error))
        run_group(writer->connection, group);
    else
        fail_group(group, &error);
    pthread_mutex_lock(&writer->lock);
    next = writer->first;
    writer->is_busy = next != NULL;
    pthread_mutex_unlock(&writer->lock);
    finish_group(group, own);
    if (next)
        sem_post(&next->call);
}

struct dw_writer *dw_writer_open(struct dw_connection *connection, struct dw_error *reterr)
{
    struct dw_writer *writer = dw_mem_new(sizeof *writer);

    if (!writer) {
        dw_connection_close(connection);
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    writer->connection = connection;
    writer->end = &writer->first;
    pthread_mutex_init(&writer->lock, NULL);
    return writer;
}

void dw_writer_close(struct dw_writer *writer)
{
    pthread_mutex_destroy(&writer->lock);
    dw_connection_close(writer->connection);
    dw_mem_free(writer);
}

bool dw_store_write(struct dw_store *store, dw_write_fn *write, void *user, struct dw_error *reterr)
{
    struct dw_writer *writer = dw_store_writer(store);
    struct job job = {.write = write, .user = user};
    bool must_wait;

    sem_init(&job.call, 0, 0);
    pthread_mutex_lock(&writer->lock);
    must_wait = writer->is_busy;
    writer->is_busy = true;
    *writer->end = &job;
    writer->end = &job.next;
    pthread_mutex_unlock(&writer->lock);
    while (must_wait && sem_wait(&job.call) != 0)
        ; /* EINTR */
    if (!job.is_finished)
        write_group(writer, &job);
    sem_destroy(&job.call);
    dw_store_moment_look_again();
    if (!job.is_done_well && reterr)
        *reterr = job.error;
    return job.is_done_well;
}

void dw_store_hurry(struct dw_store *store, bool is_hurried)
{
    struct dw_writer *writer = dw_store_writer(store);

    pthread_mutex_lock(&writer->lock);
    writer->is_hurried = is_hurried;
    pthread_mutex_unlock(&writer->lock);
}

struct one_statement {
    const char *sql;
    struct dw_sql_args args;
    const char *missing_what;
};

static bool write_statement(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct one_statement *statement = user;

    if (!dw_sql_run(connection, statement->sql, statement->args, reterr))
        return false;
    if (statement->missing_what && dw_sql_changes(connection) == 0)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no such %s", statement->missing_what);
    return true;
}

bool dw_store_write_sql(struct dw_store *store, const char *sql, struct dw_sql_args args,
                        const char *missing_what, struct dw_error *reterr)
{
    struct one_statement statement = {sql, args, missing_what};

    return dw_store_write(store, write_statement, &statement, reterr);
}

struct one_row {
    const char *sql;
    const struct dw_sql_table *table;
    const void *record;
    const struct dw_sql_share *share; /* NULL: of nobody */
};

static bool write_row(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct one_row *row = user;

    return dw_sql_write_row(connection, row->sql, row->table, row->record, reterr) &&
           (!row->share ||
            dw_sql_run(connection, row->share->trim_sql,
                       DW_SQL_ARGS(dw_sql_text(row->share->user_id), dw_sql_int(row->share->most)),
                       reterr));
}

bool dw_store_write_row(struct dw_store *store, const char *sql, const struct dw_sql_table *table,
                        const void *record, struct dw_error *reterr)
{
    struct one_row row = {sql, table, record, NULL};

    return dw_store_write(store, write_row, &row, reterr);
}

bool dw_store_write_row_of(struct dw_store *store, const char *sql,
                           const struct dw_sql_table *table, const void *record,
                           const struct dw_sql_share *share, struct dw_error *reterr)
{
    struct one_row row = {sql, table, record, share};

    return dw_store_write(store, write_row, &row, reterr);
}
