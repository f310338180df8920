/* Dead families in memory; see dead_families_internal.h. */
#include "tenant/token/dead_families_internal.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/mem.h"
#include "store/issued_tokens.h"
#include "sys/sys.h"

#define WATCH_ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define CLOCK_STEP_S 600 /* a clock that is set back by less misses nothing */

struct dw_dead_families {
    atomic_bool has_some;
    atomic_bool lacks_some; /* there are more than the map holds */
    size_t max;
    pthread_mutex_t lock; /* guards the map */
    struct dw_map *ids;
    int64_t newest_at_s; /* only the watcher: what expires later is new */
};

static struct dw_map *new_map(const struct dw_dead_families *dead)
{
    struct dw_hash_seed seed = dw_sys_hash_seed();

    return dw_map_new(&seed, dead->max);
}

struct dw_dead_families *dw_dead_families_new(size_t max, struct dw_error *reterr)
{
    struct dw_dead_families *dead = dw_mem_new(sizeof *dead);

    if (!dead) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&dead->lock, NULL);
    dead->max = max;
    dead->ids = new_map(dead);
    if (!dead->ids) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        dw_dead_families_free(dead);
        return NULL;
    }
    return dead;
}

void dw_dead_families_free(struct dw_dead_families *dead)
{
    if (!dead)
        return;
    if (dead->ids)
        dw_map_free(dead->ids);
    pthread_mutex_destroy(&dead->lock);
    dw_mem_free(dead);
}

/* False when the map is full or memory short. */
static bool add_all(struct dw_dead_families *dead, struct dw_slices ids)
{
    bool is_done = true;

    pthread_mutex_lock(&dead->lock);
    for (size_t at = 0; is_done && at < ids.count; at++)
        is_done = dw_map_put(dead->ids, ids.items[at], dead);
    pthread_mutex_unlock(&dead->lock);
    if (ids.count > 0)
        atomic_store_explicit(&dead->has_some, true, memory_order_release);
    return is_done;
}

/* An empty map: the next look reads the newest again. */
static bool start_over(struct dw_dead_families *dead, struct dw_error *reterr)
{
    struct dw_map *fresh = new_map(dead);

    if (!fresh)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    atomic_store(&dead->lacks_some, true);
    pthread_mutex_lock(&dead->lock);
    dw_map_free(dead->ids);
    dead->ids = fresh;
    pthread_mutex_unlock(&dead->lock);
    dead->newest_at_s = 0;
    return true;
}

bool dw_dead_families_watch(struct dw_dead_families *dead, struct dw_store *store,
                            struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(WATCH_ARENA_BYTES);
    size_t limit = dead->max / 2;
    struct dw_slices ids;
    int64_t newest_at_s;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_store_dead_families(store, dead->newest_at_s - CLOCK_STEP_S, (int64_t)limit, arena,
                                &ids, &newest_at_s, reterr))
        return false;
    if (!add_all(dead, ids))
        return start_over(dead, reterr);
    if (ids.count == limit)
        atomic_store(&dead->lacks_some, true);
    else if (dead->newest_at_s == 0) /* these were all */
        atomic_store(&dead->lacks_some, false);
    if (newest_at_s > dead->newest_at_s)
        dead->newest_at_s = newest_at_s;
    return true;
}

bool dw_dead_families_have(struct dw_dead_families *dead, struct dw_store *store,
                           struct dw_slice token_id)
{
    struct dw_slice family_id = dw_slice_sub(token_id, 0, dw_slice_index(token_id, '.'));
    struct dw_error ignored = {0};
    bool is_there;

    if (family_id.len == token_id.len ||
        !atomic_load_explicit(&dead->has_some, memory_order_acquire))
        return false;
    pthread_mutex_lock(&dead->lock);
    is_there = dw_map_get(dead->ids, family_id) != NULL;
    pthread_mutex_unlock(&dead->lock);
    if (is_there || !atomic_load(&dead->lacks_some))
        return is_there;
    return !dw_store_family_is_dead(store, family_id, &is_there, &ignored) || is_there;
}
