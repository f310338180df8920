/* The table of legacy MCP sessions, under one lock: only legacy requests come here. */
#include "gateway/session.h"

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"
#include "sys/sys.h"

#define MIN_SESSIONS_PER_PRINCIPAL 16

struct owner {
    size_t session_count;
};

struct session {
    struct owner *owner;
    int64_t used_at_ms;
    unsigned request_count; /* running now */
    struct dw_slice principal;
    char principal_bytes[];
};

struct dw_sessions {
    pthread_mutex_t lock;
    struct dw_map *by_id;    /* struct session */
    struct dw_map *by_owner; /* struct owner */
    size_t max_per_principal;
    struct dw_metrics *metrics;
};

struct dw_sessions *dw_sessions_new(size_t max_sessions, struct dw_metrics *metrics,
                                    struct dw_error *reterr)
{
    struct dw_hash_seed seed = dw_sys_hash_seed();
    struct dw_sessions *sessions = dw_mem_new(sizeof *sessions);

    if (!sessions) {
        dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        return NULL;
    }
    sessions->metrics = metrics;
    pthread_mutex_init(&sessions->lock, NULL);
    sessions->max_per_principal = max_sessions / 10 > MIN_SESSIONS_PER_PRINCIPAL
                                      ? max_sessions / 10
                                      : MIN_SESSIONS_PER_PRINCIPAL;
    sessions->by_id = dw_map_new(&seed, max_sessions);
    sessions->by_owner = dw_map_new(&seed, max_sessions);
    if (!sessions->by_id || !sessions->by_owner) {
        dw_sessions_free(sessions);
        dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        return NULL;
    }
    return sessions;
}

void dw_sessions_free(struct dw_sessions *sessions)
{
    struct dw_slice key;
    size_t cursor = 0;
    void *value;

    if (!sessions)
        return;
    while (sessions->by_id && dw_map_next(sessions->by_id, &cursor, &key, &value))
        dw_mem_free(value);
    cursor = 0;
    while (sessions->by_owner && dw_map_next(sessions->by_owner, &cursor, &key, &value))
        dw_mem_free(value);
    dw_map_free(sessions->by_id);
    dw_map_free(sessions->by_owner);
    pthread_mutex_destroy(&sessions->lock);
    dw_mem_free(sessions);
}

static void forget_owner_if_idle(struct dw_sessions *sessions, struct dw_slice principal,
                                 struct owner *owner)
{
    if (owner->session_count == 0)
        dw_mem_free(dw_map_take(sessions->by_owner, principal));
}

/* The owner's record, made when it is the first session. NULL: *reterr. */
static struct owner *find_owner(struct dw_sessions *sessions, struct dw_slice principal,
                                struct dw_error *reterr)
{
    struct owner *owner = dw_map_get(sessions->by_owner, principal);

    if (owner && owner->session_count >= sessions->max_per_principal) {
        dw_error_set(reterr, DW_TOO_MANY, __FILE__, __LINE__,
                     "you have %zu MCP sessions open: end some with DELETE, or wait",
                     owner->session_count);
        return NULL;
    }
    if (owner)
        return owner;
    owner = dw_mem_new(sizeof *owner);
    if (owner && dw_map_put(sessions->by_owner, principal, owner))
        return owner;
    dw_mem_free(owner);
    dw_error_set(reterr, DW_BUSY, __FILE__, __LINE__, "no more MCP sessions can be opened now");
    return NULL;
}

static bool add_locked(struct dw_sessions *sessions, struct dw_slice id, struct dw_slice principal,
                       int64_t now_ms, struct dw_error *reterr)
{
    struct session *session;
    struct owner *owner;

    if (dw_map_get(sessions->by_id, id))
        return dw_fail(reterr, DW_CONFLICT, "an MCP session with this id exists already");
    owner = find_owner(sessions, principal, reterr);
    if (!owner)
        return false;
    session = dw_mem_new(sizeof *session + principal.len);
    if (!session || !dw_map_put(sessions->by_id, id, session)) {
        dw_mem_free(session);
        forget_owner_if_idle(sessions, principal, owner);
        return dw_fail(reterr, DW_BUSY, "no more MCP sessions can be opened now");
    }
    memcpy(session->principal_bytes, principal.ptr, principal.len);
    session->principal = dw_slice_from(session->principal_bytes, principal.len);
    session->owner = owner;
    session->used_at_ms = now_ms;
    owner->session_count++;
    dw_metrics_add(sessions->metrics, DW_METRIC_MCP_SESSIONS, 1);
    return true;
}

bool dw_sessions_add(struct dw_sessions *sessions, struct dw_slice id, struct dw_slice principal,
                     int64_t now_ms, struct dw_error *reterr)
{
    bool is_done;

    pthread_mutex_lock(&sessions->lock);
    is_done = add_locked(sessions, id, principal, now_ms, reterr);
    pthread_mutex_unlock(&sessions->lock);
    return is_done;
}

bool dw_sessions_enter(struct dw_sessions *sessions, struct dw_slice id, struct dw_slice principal,
                       int64_t now_ms)
{
    struct session *session;
    bool is_own;

    pthread_mutex_lock(&sessions->lock);
    session = dw_map_get(sessions->by_id, id);
    is_own = session && dw_slice_eq(session->principal, principal);
    if (is_own) {
        session->request_count++;
        session->used_at_ms = now_ms;
    }
    pthread_mutex_unlock(&sessions->lock);
    return is_own;
}

void dw_sessions_leave(struct dw_sessions *sessions, struct dw_slice id, int64_t now_ms)
{
    struct session *session;

    pthread_mutex_lock(&sessions->lock);
    session = dw_map_get(sessions->by_id, id);
    if (session && session->request_count > 0) {
        session->request_count--;
        session->used_at_ms = now_ms;
    }
    pthread_mutex_unlock(&sessions->lock);
}

static void remove_locked(struct dw_sessions *sessions, struct dw_slice id)
{
    struct session *session = dw_map_take(sessions->by_id, id);

    if (!session)
        return;
    session->owner->session_count--;
    dw_metrics_add(sessions->metrics, DW_METRIC_MCP_SESSIONS, -1);
    forget_owner_if_idle(sessions, session->principal, session->owner);
    dw_mem_free(session);
}

void dw_sessions_remove(struct dw_sessions *sessions, struct dw_slice id)
{
    pthread_mutex_lock(&sessions->lock);
    remove_locked(sessions, id);
    pthread_mutex_unlock(&sessions->lock);
}

void dw_sessions_reap(struct dw_sessions *sessions, int64_t now_ms, int64_t idle_ms,
                      void (*on_reaped)(void *user, struct dw_slice id), void *user)
{
    struct dw_slice id;
    size_t cursor = 0;
    void *value;

    pthread_mutex_lock(&sessions->lock);
    while (dw_map_next(sessions->by_id, &cursor, &id, &value)) {
        const struct session *session = value;

        if (session->request_count > 0 || now_ms - session->used_at_ms < idle_ms)
            continue;
        if (on_reaped)
            on_reaped(user, id);
        remove_locked(sessions, id);
    }
    pthread_mutex_unlock(&sessions->lock);
}

size_t dw_sessions_count(struct dw_sessions *sessions)
{
    size_t count;

    pthread_mutex_lock(&sessions->lock);
    count = dw_map_count(sessions->by_id);
    pthread_mutex_unlock(&sessions->lock);
    return count;
}
