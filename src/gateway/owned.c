/* The table of owned ids, under one lock: only legacy requests and those about tasks come here. */
#include "gateway/owned.h"

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"
#include "sys/sys.h"

#define MIN_IDS_PER_PRINCIPAL 16

struct owner {
    size_t id_count;
};

struct entry {
    struct owner *owner;
    int64_t used_at_ms;
    unsigned request_count; /* running now */
    struct dw_slice principal, about;
    char bytes[]; /* of both */
};

struct dw_owned {
    struct dw_owned_config config;
    size_t max_per_principal;
    pthread_mutex_t lock;
    struct dw_map *by_id;    /* struct entry */
    struct dw_map *by_owner; /* struct owner */
};

struct dw_owned *dw_owned_new(const struct dw_owned_config *config, struct dw_error *reterr)
{
    struct dw_hash_seed seed = dw_sys_hash_seed();
    struct dw_owned *owned = dw_mem_new(sizeof *owned);
    size_t tenth = config->max_ids / 10;

    if (!owned) {
        dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        return NULL;
    }
    owned->config = *config;
    pthread_mutex_init(&owned->lock, NULL);
    owned->max_per_principal = tenth > MIN_IDS_PER_PRINCIPAL ? tenth : MIN_IDS_PER_PRINCIPAL;
    owned->by_id = dw_map_new(&seed, config->max_ids);
    owned->by_owner = dw_map_new(&seed, config->max_ids);
    if (!owned->by_id || !owned->by_owner) {
        dw_owned_free(owned);
        dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        return NULL;
    }
    return owned;
}

void dw_owned_free(struct dw_owned *owned)
{
    struct dw_slice key;
    size_t cursor = 0;
    void *value;

    if (!owned)
        return;
    while (owned->by_id && dw_map_next(owned->by_id, &cursor, &key, &value))
        dw_mem_free(value);
    cursor = 0;
    while (owned->by_owner && dw_map_next(owned->by_owner, &cursor, &key, &value))
        dw_mem_free(value);
    dw_map_free(owned->by_id);
    dw_map_free(owned->by_owner);
    pthread_mutex_destroy(&owned->lock);
    dw_mem_free(owned);
}

static void forget_owner_if_idle(struct dw_owned *owned, struct dw_slice principal,
                                 struct owner *owner)
{
    if (owner->id_count == 0)
        dw_mem_free(dw_map_take(owned->by_owner, principal));
}

/* The owner's record, made when it is the first entry. NULL: *reterr. */
static struct owner *find_owner(struct dw_owned *owned, struct dw_slice principal,
                                struct dw_error *reterr)
{
    struct owner *owner = dw_map_get(owned->by_owner, principal);

    if (owner && owner->id_count >= owned->max_per_principal) {
        dw_error_set(reterr, DW_TOO_MANY, __FILE__, __LINE__,
                     "you have %zu of these already (%s): end some, or wait", owner->id_count,
                     owned->config.what);
        return NULL;
    }
    if (owner)
        return owner;
    owner = dw_mem_new(sizeof *owner);
    if (owner && dw_map_put(owned->by_owner, principal, owner))
        return owner;
    dw_mem_free(owner);
    dw_error_set(reterr, DW_BUSY, __FILE__, __LINE__, "there is no room for another %s now",
                 owned->config.what);
    return NULL;
}

static struct entry *make_entry(const struct dw_owned_id *id)
{
    struct entry *entry = dw_mem_new(sizeof *entry + id->principal.len + id->about.len);

    if (!entry)
        return NULL;
    memcpy(entry->bytes, id->principal.ptr, id->principal.len);
    if (id->about.len > 0)
        memcpy(entry->bytes + id->principal.len, id->about.ptr, id->about.len);
    entry->principal = dw_slice_from(entry->bytes, id->principal.len);
    entry->about = dw_slice_from(entry->bytes + id->principal.len, id->about.len);
    return entry;
}

static bool add_locked(struct dw_owned *owned, const struct dw_owned_id *id, int64_t now_ms,
                       struct dw_error *reterr)
{
    struct entry *entry;
    struct owner *owner;

    if (dw_map_get(owned->by_id, id->id))
        return dw_fail(reterr, DW_CONFLICT, "there is such an id already: %s", owned->config.what);
    owner = find_owner(owned, id->principal, reterr);
    if (!owner)
        return false;
    entry = make_entry(id);
    if (!entry || !dw_map_put(owned->by_id, id->id, entry)) {
        dw_mem_free(entry);
        forget_owner_if_idle(owned, id->principal, owner);
        return dw_fail(reterr, DW_BUSY, "there is no room for another %s now", owned->config.what);
    }
    entry->owner = owner;
    entry->used_at_ms = now_ms;
    owner->id_count++;
    dw_metrics_add(owned->config.metrics, owned->config.gauge, 1);
    return true;
}

bool dw_owned_add(struct dw_owned *owned, const struct dw_owned_id *id, int64_t now_ms,
                  struct dw_error *reterr)
{
    bool is_done;

    pthread_mutex_lock(&owned->lock);
    is_done = add_locked(owned, id, now_ms, reterr);
    pthread_mutex_unlock(&owned->lock);
    return is_done;
}

bool dw_owned_enter(struct dw_owned *owned, struct dw_slice id, struct dw_slice principal,
                    int64_t now_ms)
{
    struct entry *entry;
    bool is_own;

    pthread_mutex_lock(&owned->lock);
    entry = dw_map_get(owned->by_id, id);
    is_own = entry && dw_slice_eq(entry->principal, principal);
    if (is_own) {
        entry->request_count++;
        entry->used_at_ms = now_ms;
    }
    pthread_mutex_unlock(&owned->lock);
    return is_own;
}

bool dw_owned_find(struct dw_owned *owned, struct dw_slice id, struct dw_slice principal,
                   int64_t now_ms, struct dw_arena *arena, struct dw_slice *ret_about)
{
    struct entry *entry;
    bool is_own;

    *ret_about = DW_EMPTY;
    pthread_mutex_lock(&owned->lock);
    entry = dw_map_get(owned->by_id, id);
    is_own = entry && dw_slice_eq(entry->principal, principal);
    if (is_own) {
        entry->used_at_ms = now_ms;
        *ret_about = dw_arena_copy(arena, entry->about);
    }
    pthread_mutex_unlock(&owned->lock);
    return is_own && ret_about->ptr;
}

void dw_owned_leave(struct dw_owned *owned, struct dw_slice id, int64_t now_ms)
{
    struct entry *entry;

    pthread_mutex_lock(&owned->lock);
    entry = dw_map_get(owned->by_id, id);
    if (entry && entry->request_count > 0) {
        entry->request_count--;
        entry->used_at_ms = now_ms;
    }
    pthread_mutex_unlock(&owned->lock);
}

static void remove_locked(struct dw_owned *owned, struct dw_slice id)
{
    struct entry *entry = dw_map_take(owned->by_id, id);

    if (!entry)
        return;
    entry->owner->id_count--;
    dw_metrics_add(owned->config.metrics, owned->config.gauge, -1);
    forget_owner_if_idle(owned, entry->principal, entry->owner);
    dw_mem_free(entry);
}

void dw_owned_remove(struct dw_owned *owned, struct dw_slice id)
{
    pthread_mutex_lock(&owned->lock);
    remove_locked(owned, id);
    pthread_mutex_unlock(&owned->lock);
}

void dw_owned_reap(struct dw_owned *owned, int64_t now_ms, int64_t idle_ms,
                   void (*on_reaped)(void *user, struct dw_slice id), void *user)
{
    struct dw_slice id;
    size_t cursor = 0;
    void *value;

    pthread_mutex_lock(&owned->lock);
    while (dw_map_next(owned->by_id, &cursor, &id, &value)) {
        const struct entry *entry = value;

        if (entry->request_count > 0 || now_ms - entry->used_at_ms < idle_ms)
            continue;
        if (on_reaped)
            on_reaped(user, id);
        remove_locked(owned, id);
    }
    pthread_mutex_unlock(&owned->lock);
}

size_t dw_owned_count(struct dw_owned *owned)
{
    size_t count;

    pthread_mutex_lock(&owned->lock);
    count = dw_map_count(owned->by_id);
    pthread_mutex_unlock(&owned->lock);
    return count;
}
