/* What was acknowledged stays: after SIGKILL, on a full, read-only or broken disk; and what opens
 * as a database, and what does not. The disk is made to fail by a VFS under SQLite. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/fixture.h"
#include "store/sqlite_internal.h"

static struct fixture fixture;
static struct dw_error error;

/* --- a disk that can fail --------------------------------------------------------------------- */

static atomic_int write_result; /* SQLITE_OK: the disk works */
static atomic_int sync_result;

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_io_methods faulty_methods;

/* The real file lies behind our header, so that every method but three can be its own. */
static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct faulty_file *)(void *)file)->real;
}

#define PASS(name, parameters, ...)                                                                \
    static int name parameters                                                                     \
    {                                                                                              \
        return real_of(file)->pMethods->__VA_ARGS__;                                               \
    }
PASS(pass_close, (sqlite3_file * file), xClose(real_of(file)))
PASS(pass_read, (sqlite3_file * file, void *to, int size, sqlite3_int64 at),
     xRead(real_of(file), to, size, at))
PASS(pass_truncate, (sqlite3_file * file, sqlite3_int64 size), xTruncate(real_of(file), size))
PASS(pass_size, (sqlite3_file * file, sqlite3_int64 *size), xFileSize(real_of(file), size))
PASS(pass_lock, (sqlite3_file * file, int lock), xLock(real_of(file), lock))
PASS(pass_unlock, (sqlite3_file * file, int lock), xUnlock(real_of(file), lock))
PASS(pass_reserved, (sqlite3_file * file, int *result), xCheckReservedLock(real_of(file), result))
PASS(pass_control, (sqlite3_file * file, int op, void *argument),
     xFileControl(real_of(file), op, argument))
PASS(pass_sector, (sqlite3_file * file), xSectorSize(real_of(file)))
PASS(pass_device, (sqlite3_file * file), xDeviceCharacteristics(real_of(file)))
PASS(pass_shm_map, (sqlite3_file * file, int page, int size, int extend, void volatile **to),
     xShmMap(real_of(file), page, size, extend, to))
PASS(pass_shm_lock, (sqlite3_file * file, int offset, int count, int flags),
     xShmLock(real_of(file), offset, count, flags))
PASS(pass_shm_unmap, (sqlite3_file * file, int remove_too), xShmUnmap(real_of(file), remove_too))

static void pass_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int faulty_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    int result = write_result;

    return result ? result : real_of(file)->pMethods->xWrite(real_of(file), bytes, size, at);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    int result = sync_result;

    return result ? result : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *ret_flags)
{
    struct faulty_file *faulty = (void *)file;
    int result;

    (void)vfs;
    faulty->real = (sqlite3_file *)(void *)((char *)file + sizeof *faulty);
    faulty->base.pMethods = NULL;
    result = real_vfs->xOpen(real_vfs, name, faulty->real, flags, ret_flags);
    if (faulty->real->pMethods)
        faulty->base.pMethods = &faulty_methods;
    return result;
}

static void install_faulty_disk(void)
{
    static sqlite3_vfs vfs;

    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.pNext = NULL;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
    vfs.xOpen = faulty_open;
    faulty_methods = (sqlite3_io_methods){
        .iVersion = 2,
        .xClose = pass_close,
        .xRead = pass_read,
        .xWrite = faulty_write,
        .xTruncate = pass_truncate,
        .xSync = faulty_sync,
        .xFileSize = pass_size,
        .xLock = pass_lock,
        .xUnlock = pass_unlock,
        .xCheckReservedLock = pass_reserved,
        .xFileControl = pass_control,
        .xSectorSize = pass_sector,
        .xDeviceCharacteristics = pass_device,
        .xShmMap = pass_shm_map,
        .xShmLock = pass_shm_lock,
        .xShmBarrier = pass_shm_barrier,
        .xShmUnmap = pass_shm_unmap,
    };
    sqlite3_vfs_register(&vfs, 1);
}

static int start(void **state)
{
    (void)state;
    write_result = sync_result = SQLITE_OK;
    fixture_start(&fixture);
    fixture_fill(&fixture);
    return 0;
}

static int end(void **state)
{
    (void)state;
    write_result = sync_result = SQLITE_OK;
    fixture_end(&fixture);
    return 0;
}

static bool add_client(const char *id, struct dw_error *reterr)
{
    struct dw_oauth_client client = fixture_client(id);

    return dw_store_add_client(fixture.store, &client, reterr);
}

static bool has_client(const char *id)
{
    struct dw_oauth_client *client = NULL;

    assert_done(dw_store_client(fixture.store, S(id), fixture.arena, &client, &error), error);
    return client != NULL;
}

/* --- a disk that fails ------------------------------------------------------------------------ */

static void a_failing_disk_is_unavailable_and_changes_nothing(void **state)
{
    static const struct {
        int write_result, sync_result;
    } rows[] = {
        {SQLITE_FULL, SQLITE_OK},
        {SQLITE_IOERR_WRITE, SQLITE_OK},
        {SQLITE_READONLY, SQLITE_OK},
        {SQLITE_OK, SQLITE_IOERR_FSYNC},
    };
    char id[16];

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        snprintf(id, sizeof id, "lost%zu", at);
        write_result = rows[at].write_result;
        sync_result = rows[at].sync_result;
        assert_fails(add_client(id, &error), error, DW_UNAVAILABLE);
        assert_string_equal(error.library, "sqlite");
        assert_true(error.cause[0] != '\0');
        assert_string_equal(error.message, dw_code_row(DW_UNAVAILABLE)->text);
        assert_false(dw_store_check(fixture.store, &error));
        assert_true(has_client("c1")); /* reading goes on */
        write_result = sync_result = SQLITE_OK;
        assert_false(has_client(id));
        snprintf(id, sizeof id, "kept%zu", at);
        assert_done(add_client(id, &error), error);
        assert_true(has_client(id));
        assert_done(dw_store_check(fixture.store, &error), error);
    }
}

static void a_code_on_a_failing_disk_is_not_taken(void **state)
{
    struct dw_authorization_code code = fixture_code(&fixture, 1, "f1");
    struct dw_authorization_code *seen;
    bool was_used;

    (void)state;
    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
    sync_result = SQLITE_IOERR_FSYNC;
    assert_fails(dw_store_take_authorization_code(fixture.store, digest(fixture.arena, 1), S("c1"),
                                                  NOW_S, fixture.arena, &seen, &was_used, &error),
                 error, DW_UNAVAILABLE);
    sync_result = SQLITE_OK;
    assert_done(dw_store_take_authorization_code(fixture.store, digest(fixture.arena, 1), S("c1"),
                                                 NOW_S, fixture.arena, &seen, &was_used, &error),
                error);
    assert_false(was_used);
}

static void a_lock_that_stays_is_unavailable(void **state)
{
    struct dw_store_config config = {
        .size = sizeof config, .path = fixture.path, .busy_wait_ms = 20};
    sqlite3 *other = NULL;

    (void)state;
    dw_store_close(fixture.store);
    fixture.store = dw_store_open(&config, &error);
    assert_non_null(fixture.store);
    assert_int_equal(sqlite3_open(fixture.path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_fails(add_client("x", &error), error, DW_UNAVAILABLE);
    assert_true(has_client("c1"));
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_done(add_client("x", &error), error);
    sqlite3_close(other);
}

/* --- groups ----------------------------------------------------------------------------------- */

#define THREADS 12
#define ROUNDS 40

static atomic_int conflicts, kept, failures;

static void *add_many(void *number)
{
    struct dw_error failure;
    char id[32];

    for (int round = 0; round < ROUNDS; round++) {
        /* Every third write is a conflict: it must fail alone. */
        if (round % 3 == 2)
            snprintf(id, sizeof id, "c1");
        else
            snprintf(id, sizeof id, "t%d-%d", (int)(intptr_t)number, round);
        if (add_client(id, &failure))
            atomic_fetch_add(&kept, 1);
        else
            atomic_fetch_add(failure.code == DW_CONFLICT ? &conflicts : &failures, 1);
    }
    return NULL;
}

static void a_failing_write_does_not_take_its_group_along(void **state)
{
    pthread_t threads[THREADS];
    int64_t total;
    int conflicts_expected = THREADS * (ROUNDS / 3);

    (void)state;
    conflicts = kept = failures = 0;
    for (intptr_t number = 0; number < THREADS; number++)
        pthread_create(&threads[number], NULL, add_many, (void *)number);
    for (int number = 0; number < THREADS; number++)
        pthread_join(threads[number], NULL);
    assert_int_equal(failures, 0);
    assert_int_equal(conflicts, conflicts_expected);
    assert_int_equal(kept, THREADS * ROUNDS - conflicts_expected);
    assert_done(dw_store_count_dynamic_clients(fixture.store, &total, &error), error);
    assert_int_equal(total, kept + 1);
}

/* --- SIGKILL ---------------------------------------------------------------------------------- */

static int acknowledgements;

static void *write_until_killed(void *number)
{
    for (uint32_t at = 0;; at++) {
        uint32_t message[2] = {(uint32_t)(intptr_t)number, at};
        struct dw_error failure;
        char id[32];

        snprintf(id, sizeof id, "k%u-%u", message[0], at);
        if (!add_client(id, &failure) ||
            write(acknowledgements, message, sizeof message) != sizeof message)
            _exit(3);
    }
}

static pid_t start_victim(int ret_pipe[2])
{
    pid_t victim;

    assert_int_equal(pipe(ret_pipe), 0);
    victim = fork();
    assert_true(victim >= 0);
    if (victim == 0) {
        pthread_t threads[8];

        acknowledgements = ret_pipe[1];
        fixture_open(&fixture);
        for (intptr_t number = 0; number < 8; number++)
            pthread_create(&threads[number], NULL, write_until_killed, (void *)number);
        for (;;)
            pause();
    }
    close(ret_pipe[1]);
    return victim;
}

static void what_was_acknowledged_survives_sigkill(void **state)
{
    (void)state;
    /* The child opens the store itself: SQLite does not go through a fork. */
    dw_store_close(fixture.store);
    for (int round = 0; round < 3; round++) {
        uint32_t message[2];
        uint32_t highest[8] = {0};
        char id[32];
        int ends[2], status, count = 0;
        pid_t victim = start_victim(ends);

        while (count < 100 * (round + 1) &&
               read(ends[0], message, sizeof message) == (ssize_t)sizeof message)
            count++, highest[message[0]] = message[1] + 1;
        assert_int_equal(kill(victim, SIGKILL), 0);
        assert_int_equal(waitpid(victim, &status, 0), victim);
        assert_true(WIFSIGNALED(status));
        while (read(ends[0], message, sizeof message) == (ssize_t)sizeof message)
            count++, highest[message[0]] = message[1] + 1;
        close(ends[0]);
        assert_true(count >= 100 * (round + 1));

        fixture_open(&fixture);
        for (uint32_t thread = 0; thread < 8; thread++)
            for (uint32_t at = 0; at < highest[thread]; at++) {
                snprintf(id, sizeof id, "k%u-%u", thread, at);
                assert_true(has_client(id));
            }
        for (uint32_t thread = 0; thread < 8; thread++)
            for (uint32_t at = 0; at < highest[thread] + 2; at++) {
                snprintf(id, sizeof id, "k%u-%u", thread, at);
                if (has_client(id))
                    assert_done(dw_store_delete_client(fixture.store, S(id), NOW_S, &error), error);
            }
        dw_store_close(fixture.store);
    }
    fixture_open(&fixture);
}

/* --- what opens ------------------------------------------------------------------------------- */

static void execute(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void refuse(const char *path, const char *part)
{
    struct dw_store_config config = {.size = sizeof config, .path = path, .busy_wait_ms = 20};

    memset(&error, 0, sizeof error);
    assert_null(dw_store_open(&config, &error));
    assert_int_equal(error.code, DW_CONFIG);
    if (!strstr(error.message, part) || !strstr(error.message, path))
        fail_msg("%s", error.message);
}

static void what_is_no_database_of_ours_is_refused(void **state)
{
    char path[128];
    FILE *file;

    (void)state;
    refuse("/nonexistent/folder/tenant.db", "No such file or directory");
    refuse("/tmp", "cannot open the database");
    snprintf(path, sizeof path, "%s/other.db", fixture.folder);
    file = fopen(path, "w");
    for (int at = 0; at < 1000; at++)
        fputs("this is not a database. ", file);
    fclose(file);
    refuse(path, "not a database");
    unlink(path);
    execute(path, "CREATE TABLE t (x)");
    refuse(path, "is a database of another program");
    unlink(path);
    execute(path, "PRAGMA user_version = 3");
    refuse(path, "is a database of another program");
    unlink(path);
}

static void a_newer_database_is_refused(void **state)
{
    char restore[64];

    (void)state;
    snprintf(restore, sizeof restore, "PRAGMA user_version = %d", dw_store_schema_version);
    dw_store_close(fixture.store);
    execute(fixture.path, "PRAGMA user_version = 999");
    refuse(fixture.path, "was written by a newer doorward (schema 999");
    execute(fixture.path, restore);
    fixture_open(&fixture);
    assert_true(has_client("c1"));
}

static void opening_twice_and_again_keeps_everything(void **state)
{
    struct dw_store_config config = {.size = sizeof config, .path = fixture.path};
    struct dw_store *second = dw_store_open(&config, &error);
    struct dw_oauth_client *client;

    (void)state;
    assert_non_null(second);
    assert_done(add_client("from-the-first", &error), error);
    assert_done(dw_store_client(second, S("from-the-first"), fixture.arena, &client, &error),
                error);
    assert_non_null(client);
    dw_store_close(second);
    dw_store_close(fixture.store);
    fixture_open(&fixture);
    assert_true(has_client("from-the-first"));
}

static void the_file_is_ours_alone(void **state)
{
    struct stat status;
    char path[128];

    (void)state;
    dw_store_close(fixture.store); /* as a copy from elsewhere may be */
    assert_int_equal(chmod(fixture.path, 0664), 0);
    fixture_open(&fixture);
    assert_int_equal(stat(fixture.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    snprintf(path, sizeof path, "%s-wal", fixture.path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static bool open_and_close(void)
{
    struct dw_store_config config = {.size = sizeof config, .path = fixture.path};
    struct dw_error failure = {0};
    struct dw_store *store = dw_store_open(&config, &failure);

    if (!store) {
        assert_int_equal(failure.code, DW_NO_MEMORY);
        return false;
    }
    dw_store_close(store);
    return true;
}

static void opening_survives_any_failing_allocation(void **state)
{
    (void)state;
    torture(open_and_close);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_acknowledged_survives_sigkill),
        CASE(a_failing_disk_is_unavailable_and_changes_nothing),
        CASE(a_code_on_a_failing_disk_is_not_taken),
        CASE(a_lock_that_stays_is_unavailable),
        CASE(a_failing_write_does_not_take_its_group_along),
        CASE(what_is_no_database_of_ours_is_refused),
        CASE(a_newer_database_is_refused),
        CASE(opening_twice_and_again_keeps_everything),
        CASE(the_file_is_ours_alone),
        CASE(opening_survives_any_failing_allocation),
    };

    install_faulty_disk();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
