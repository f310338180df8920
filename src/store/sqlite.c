/* The store on SQLite: opening, closing, the pool of connections that read, and what an error of
 * SQLite means. Reading is concurrent (WAL); writing is in sqlite_writer.c. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/sqlite_internal.h"

#define DEFAULT_BUSY_WAIT_MS 2000
#define SCRATCH_BYTES (1024 * 1024)

struct dw_store {
    char *path;
    int64_t busy_wait_ms;
    struct dw_writer *writer;
    struct dw_definitions *definitions;
    pthread_mutex_t lock;
    struct dw_connection *idle; /* readers; as many as ever read at once */
};

bool dw_sqlite_fail(const struct dw_connection *connection, const char *doing,
                    struct dw_error *reterr)
{
    int code = sqlite3_extended_errcode(connection->db);

    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
        return dw_fail(reterr, DW_CONFLICT, "it exists already");
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return dw_fail(reterr, DW_NOT_FOUND, "something that this refers to does not exist");
    case SQLITE_NOMEM:
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    default:
        return dw_fail_because(reterr, DW_UNAVAILABLE, "sqlite", code, "%s: %s", doing,
                               sqlite3_errmsg(connection->db));
    }
}

static bool set_up(struct dw_connection *connection, int64_t busy_wait_ms, bool is_writer)
{
    /* FULL: in WAL mode every commit is synced (sqlite.org/pragma.html#pragma_synchronous). Memory
     * is kept small: the operating system caches the file too. */
    static const char both[] = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                               "PRAGMA temp_store = MEMORY;";

    sqlite3_extended_result_codes(connection->db, 1);
    sqlite3_busy_timeout(connection->db, (int)busy_wait_ms);
    sqlite3_db_config(connection->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return sqlite3_exec(connection->db, both, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_exec(connection->db,
                        is_writer ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                    "PRAGMA cache_size = -1024;"
                                  : "PRAGMA query_only = ON; PRAGMA cache_size = -256;",
                        NULL, NULL, NULL) == SQLITE_OK;
}

static bool open_connection(const char *path, int64_t busy_wait_ms, bool is_writer,
                            struct dw_connection **ret_connection, struct dw_error *reterr)
{
    struct dw_connection *connection = dw_mem_new(sizeof *connection);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

    if (!connection)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (is_writer)
        connection->scratch = dw_arena_new(SCRATCH_BYTES);
    if (is_writer && !connection->scratch) {
        dw_connection_close(connection);
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    if (sqlite3_open_v2(path, &connection->db, flags, NULL) != SQLITE_OK ||
        !set_up(connection, busy_wait_ms, is_writer)) {
        if (connection->db)
            dw_sqlite_fail(connection, "opening the database", reterr);
        else
            dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        dw_connection_close(connection);
        return false;
    }
    *ret_connection = connection;
    return true;
}

void dw_connection_close(struct dw_connection *connection)
{
    if (!connection)
        return;
    for (size_t slot = 0; slot < DW_STATEMENT_SLOTS; slot++)
        sqlite3_finalize(connection->statements[slot].statement);
    sqlite3_close(connection->db);
    if (connection->scratch)
        dw_arena_free(connection->scratch);
    dw_mem_free(connection);
}

bool dw_reader_start(struct dw_reader *reader, struct dw_store *store, struct dw_error *reterr)
{
    pthread_mutex_lock(&store->lock);
    reader->connection = store->idle;
    if (store->idle)
        store->idle = store->idle->next;
    pthread_mutex_unlock(&store->lock);
    reader->store = store;
    return reader->connection ||
           open_connection(store->path, store->busy_wait_ms, false, &reader->connection, reterr);
}

void dw_reader_done(struct dw_reader *reader)
{
    if (!reader->connection)
        return;
    pthread_mutex_lock(&reader->store->lock);
    reader->connection->next = reader->store->idle;
    reader->store->idle = reader->connection;
    pthread_mutex_unlock(&reader->store->lock);
}

struct dw_writer *dw_store_writer(struct dw_store *store)
{
    return store->writer;
}

struct dw_definitions *dw_store_definitions(struct dw_store *store)
{
    return store->definitions;
}

/* The file must be ours alone before the first secret is in it, and a copy that was put back may be
 * open to all. SQLite gives the -wal and -shm files beside it the same mode. */
static bool make_file(const char *path, struct dw_error *reterr)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat info;
    bool is_private;

    if (fd < 0)
        return dw_fail(reterr, DW_CONFIG, "cannot open the database %s: %s", path, strerror(errno));
    is_private = fstat(fd, &info) == 0 &&
                 ((info.st_mode & 077) == 0 || fchmod(fd, info.st_mode & 0700) == 0);
    close(fd);
    return is_private || dw_fail(reterr, DW_CONFIG,
                                 "others can read the database %s; run: chmod 600 %s", path, path);
}

/* A sentence that names the file, whatever SQLite said. */
static bool open_writer(const char *path, int64_t busy_wait_ms,
                        struct dw_connection **ret_connection, struct dw_error *reterr)
{
    struct dw_error error = {0};
    struct dw_connection *connection = NULL;

    if (!open_connection(path, busy_wait_ms, true, &connection, &error))
        return dw_fail(reterr, error.code == DW_NO_MEMORY ? DW_NO_MEMORY : DW_CONFIG,
                       "cannot open the database %s: %s", path,
                       error.cause[0] ? error.cause : error.message);
    if (!dw_migrate(connection, path, reterr)) {
        dw_connection_close(connection);
        return false;
    }
    *ret_connection = connection;
    return true;
}

/* Counting its memory costs SQLite a lock that all threads share, two times an allocation. */
static void set_up_sqlite(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct dw_store *dw_store_open(const struct dw_store_config *config, struct dw_error *reterr)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct dw_store *store = dw_mem_new(sizeof *store);
    struct dw_connection *connection = NULL;
    size_t path_size = strlen(config->path) + 1;

    if (!store || !(store->path = dw_mem_alloc(path_size)) ||
        !(store->definitions = dw_definitions_new())) {
        if (store)
            dw_mem_free(store->path);
        dw_mem_free(store);
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    pthread_once(&once, set_up_sqlite);
    memcpy(store->path, config->path, path_size);
    store->busy_wait_ms = config->busy_wait_ms ? config->busy_wait_ms : DEFAULT_BUSY_WAIT_MS;
    pthread_mutex_init(&store->lock, NULL);
    if (!make_file(store->path, reterr) ||
        !open_writer(store->path, store->busy_wait_ms, &connection, reterr) ||
        !(store->writer = dw_writer_open(connection, reterr))) {
        dw_store_close(store);
        return NULL;
    }
    return store;
}

void dw_store_close(struct dw_store *store)
{
    if (!store)
        return;
    while (store->idle) {
        struct dw_connection *connection = store->idle;

        store->idle = connection->next;
        dw_connection_close(connection);
    }
    /* The last to close, so that it can fold the write-ahead log into the database. */
    if (store->writer)
        dw_writer_close(store->writer);
    dw_definitions_free(store->definitions);
    pthread_mutex_destroy(&store->lock);
    dw_mem_free(store->path);
    dw_mem_free(store);
}

bool dw_store_check(struct dw_store *store, struct dw_error *reterr)
{
    int64_t number;

    return dw_store_read_number(store, "SELECT count(*) FROM document", DW_SQL_NO_ARGS, &number,
                                reterr) &&
           dw_store_write_sql(store,
                              "INSERT INTO first_use (space, key, expires_at)"
                              " VALUES ('health', x'', 0)"
                              " ON CONFLICT DO UPDATE SET expires_at = 1 - expires_at",
                              DW_SQL_NO_ARGS, NULL, reterr);
}
