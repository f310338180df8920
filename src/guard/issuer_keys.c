/* The verification keys of one issuer, kept fresh. */
#include "guard/issuer_keys_internal.h"

#include <pthread.h>

#include "base/mem.h"
#include "net/job.h"
#include "sys/sys.h"

#define FIRST_RETRY_MS 1000
#define LONGEST_RETRY_MS 60000
#define FETCH_ARENA_BYTES ((size_t)4 * 1024 * 1024)

const struct dw_keys_pace dw_keys_usual_pace = {
    .tick_ms = 500,
    .refresh_ms = 10 * 60 * 1000,
    .cooldown_ms = 10 * 1000,
    .early_ms = 1000,
    .early_fetches = 3,
    .unknown_kid_ms = 60 * 1000,
    .stale_ms = (int64_t)24 * 60 * 60 * 1000,
};

/* Those of one loop who wait; touched on that loop only. */
struct waiting_room {
    struct dw_issuer_keys *keys;
    struct dw_loop *loop;
    struct dw_keys_wait waits;    /* ring head */
    _Atomic bool is_call_pending; /* a wake-up could not be posted: the tick tries again */
};

/* A `kid` that a fetch did not bring. */
struct unknown_kid {
    uint64_t hash;
    int64_t until_ms; /* 0: never used */
};

struct dw_issuer_keys {
    struct dw_net *net;
    struct dw_arena *config_arena;
    struct dw_issuer_config config;
    struct dw_timer *tick;
    struct waiting_room *rooms; /* one a loop */
    _Atomic uint64_t generation;
    struct dw_hash_seed seed;
    struct dw_keys_pace pace;

    pthread_mutex_t lock; /* guards the rest */
    struct dw_jwks *set;
    struct dw_slice set_json; /* heap; what `set` was made of */
    bool is_fetching;
    int64_t fetched_at_ms;   /* monotonic; 0: never */
    int64_t attempted_at_ms; /* the last fetch began */
    unsigned early_count;    /* fetches since then and before, each within the cool-down */
    int64_t retry_ms;        /* the next one begins this long after a failed one */
    bool has_failed;         /* the last fetch */
    struct unknown_kid unknown_kids[DW_KEYS_UNKNOWN_KIDS]; /* the oldest is replaced */
    size_t next_unknown_kid;

    /* the fetch under way; only its job touches it */
    struct dw_arena *fetch_arena;
    struct dw_jwks *fetched;
    struct dw_slice fetched_json;
    struct dw_error fetch_error;
    size_t skipped_keys;
};

struct dw_jwks *dw_issuer_keys_get(struct dw_issuer_keys *keys)
{
    struct dw_jwks *set;

    pthread_mutex_lock(&keys->lock);
    set = keys->set ? dw_jwks_ref(keys->set) : NULL;
    pthread_mutex_unlock(&keys->lock);
    return set;
}

uint64_t dw_issuer_keys_generation(const struct dw_issuer_keys *keys)
{
    return atomic_load_explicit(&keys->generation, memory_order_acquire);
}

/* Wakes everybody of this loop; who needs to wait again joins a new ring. */
static void wake_room(void *user)
{
    struct waiting_room *room = user;
    struct dw_keys_wait ring;

    if (room->waits.next == &room->waits)
        return;
    ring = room->waits;
    ring.next->previous = &ring;
    ring.previous->next = &ring;
    room->waits.next = room->waits.previous = &room->waits;
    while (ring.next != &ring) {
        struct dw_keys_wait *wait = ring.next;

        dw_keys_wait_cancel(wait);
        wait->wake(wait);
    }
}

static void call_rooms(struct dw_issuer_keys *keys)
{
    for (unsigned i = 0; i < dw_net_loop_count(keys->net); i++)
        atomic_store(&keys->rooms[i].is_call_pending,
                     !dw_loop_post(keys->rooms[i].loop, wake_room, &keys->rooms[i]));
}

/* With the lock held. The set and its text change hands; an unchanged set keeps its number. */
static void adopt(struct dw_issuer_keys *keys, struct dw_jwks *set, struct dw_slice json,
                  int64_t now_ms)
{
    keys->fetched_at_ms = now_ms;
    if (keys->set && json.ptr && dw_slice_eq(json, keys->set_json)) {
        dw_jwks_unref(set);
        dw_mem_free((void *)(uintptr_t)json.ptr);
        return;
    }
    dw_jwks_unref(keys->set);
    dw_mem_free((void *)(uintptr_t)keys->set_json.ptr);
    keys->set = set;
    keys->set_json = json;
    atomic_fetch_add_explicit(&keys->generation, 1, memory_order_release);
}

/* With the lock held: an issuer that has been silent for a day is not believed any more. */
static void forget_if_too_old(struct dw_issuer_keys *keys, int64_t now_ms)
{
    if (!keys->set || now_ms - keys->fetched_at_ms < keys->pace.stale_ms)
        return;
    dw_jwks_unref(keys->set);
    dw_mem_free((void *)(uintptr_t)keys->set_json.ptr);
    keys->set = NULL;
    keys->set_json = DW_EMPTY;
    keys->set_json.ptr = NULL;
    atomic_fetch_add_explicit(&keys->generation, 1, memory_order_release);
}

static struct dw_slice copy_to_heap(struct dw_slice bytes)
{
    char *copy = dw_mem_alloc(bytes.len);

    if (copy && bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    return dw_slice_from(copy, copy ? bytes.len : 0);
}

static void fetch(void *user) /* on a worker */
{
    struct dw_issuer_keys *keys = user;
    struct dw_slice json;

    keys->fetched = NULL;
    keys->fetch_arena = dw_arena_new(FETCH_ARENA_BYTES);
    if (!keys->fetch_arena) {
        (void)!dw_fail(&keys->fetch_error, DW_NO_MEMORY, "out of memory");
        return;
    }
    if (!dw_keys_fetch(&keys->config, keys->fetch_arena, &json, &keys->fetch_error))
        return;
    keys->fetched = dw_jwks_parse(json, &keys->skipped_keys, &keys->fetch_error);
    if (!keys->fetched)
        return;
    keys->fetched_json = copy_to_heap(json);
}

static void log_fetch(const struct dw_issuer_keys *keys, struct dw_loop *loop, bool is_done)
{
    dw_metrics_add(dw_loop_metrics(loop),
                   is_done ? DW_METRIC_KEY_FETCHES_OK : DW_METRIC_KEY_FETCHES_FAILED, 1);
    if (is_done)
        dw_log(dw_loop_log(loop), DW_LOG_INFO, "issuer_keys_fetched",
               DW_S("issuer", keys->config.issuer), DW_I("keys", (int64_t)dw_jwks_count(keys->set)),
               DW_I("skipped", (int64_t)keys->skipped_keys));
    else
        dw_log(dw_loop_log(loop), DW_LOG_WARN, "issuer_keys_not_fetched",
               DW_S("issuer", keys->config.issuer),
               DW_S("message", dw_slice_from_text(keys->fetch_error.message)),
               DW_S("cause", dw_slice_from_text(keys->fetch_error.cause)),
               DW_B("has_older_keys", keys->set != NULL));
}

static void finish_fetch(void *user) /* on the loop that began it */
{
    struct dw_issuer_keys *keys = user;
    struct dw_loop *loop = dw_loop_here();
    bool is_done = keys->fetched != NULL;

    dw_arena_free(keys->fetch_arena);
    keys->fetch_arena = NULL;
    pthread_mutex_lock(&keys->lock);
    if (is_done)
        adopt(keys, keys->fetched, keys->fetched_json, dw_loop_now_ms(loop));
    else
        keys->retry_ms = keys->has_failed && keys->retry_ms < LONGEST_RETRY_MS / 2
                             ? keys->retry_ms * 2
                         : keys->has_failed ? LONGEST_RETRY_MS
                                            : FIRST_RETRY_MS;
    keys->has_failed = !is_done;
    keys->is_fetching = false;
    log_fetch(keys, loop, is_done);
    pthread_mutex_unlock(&keys->lock);
    call_rooms(keys);
}

/* With the lock held. False: the fetch pool is full; the tick tries again. */
static bool begin_fetch(struct dw_issuer_keys *keys, struct dw_loop *loop)
{
    struct dw_error error;

    if (keys->is_fetching)
        return true;
    keys->attempted_at_ms = dw_loop_now_ms(loop);
    keys->is_fetching = dw_job_run(loop, DW_POOL_FETCH, fetch, finish_fetch, keys, &error);
    return keys->is_fetching;
}

static void ask_source(struct dw_issuer_keys *keys, int64_t now_ms)
{
    const struct dw_key_source *source = keys->config.key_source;
    struct dw_jwks *set = source->keys(source->user);

    pthread_mutex_lock(&keys->lock);
    if (set && set != keys->set)
        adopt(keys, set, dw_slice_from(NULL, 0), now_ms);
    else
        dw_jwks_unref(set);
    pthread_mutex_unlock(&keys->lock);
}

static bool is_fetch_due(const struct dw_issuer_keys *keys, int64_t now_ms)
{
    if (keys->has_failed)
        return now_ms - keys->attempted_at_ms >= keys->retry_ms;
    return !keys->set || now_ms - keys->fetched_at_ms >= keys->pace.refresh_ms;
}

static void tick(void *user) /* on loop 0 */
{
    struct dw_issuer_keys *keys = user;
    struct dw_loop *loop = dw_loop_here();
    int64_t now_ms = dw_loop_now_ms(loop);

    if (keys->config.key_source) {
        ask_source(keys, now_ms);
        return;
    }
    pthread_mutex_lock(&keys->lock);
    forget_if_too_old(keys, now_ms);
    if (is_fetch_due(keys, now_ms))
        (void)!begin_fetch(keys, loop);
    pthread_mutex_unlock(&keys->lock);
    for (unsigned i = 0; i < dw_net_loop_count(keys->net); i++)
        if (atomic_exchange(&keys->rooms[i].is_call_pending, false))
            call_rooms(keys);
}

/* With the lock held. */
static bool is_known_to_lack(const struct dw_issuer_keys *keys, struct dw_slice kid, int64_t now_ms)
{
    uint64_t hash = dw_hash(&keys->seed, kid);

    for (size_t i = 0; kid.len && i < DW_KEYS_UNKNOWN_KIDS; i++)
        if (keys->unknown_kids[i].hash == hash && keys->unknown_kids[i].until_ms > now_ms)
            return true;
    return false;
}

void dw_issuer_keys_lacks(struct dw_issuer_keys *keys, struct dw_loop *loop, struct dw_slice kid)
{
    int64_t now_ms = dw_loop_now_ms(loop);

    pthread_mutex_lock(&keys->lock);
    if (kid.len && !keys->has_failed && !is_known_to_lack(keys, kid, now_ms)) {
        keys->unknown_kids[keys->next_unknown_kid] =
            (struct unknown_kid){dw_hash(&keys->seed, kid), now_ms + keys->pace.unknown_kid_ms};
        keys->next_unknown_kid = (keys->next_unknown_kid + 1) % DW_KEYS_UNKNOWN_KIDS;
    }
    pthread_mutex_unlock(&keys->lock);
}

/* With the lock held: whether the last attempt is long enough ago. */
static bool may_fetch_again(struct dw_issuer_keys *keys, int64_t now_ms)
{
    int64_t pause_ms = keys->set ? keys->pace.cooldown_ms : FIRST_RETRY_MS;
    int64_t passed_ms = now_ms - keys->attempted_at_ms;

    if (!keys->attempted_at_ms || passed_ms >= pause_ms) {
        keys->early_count = 0;
        return true;
    }
    if (keys->early_count >= keys->pace.early_fetches || passed_ms < keys->pace.early_ms)
        return false;
    keys->early_count++;
    return true;
}

/* With the lock held: whether a fetch is under way, or one could be begun. */
static bool is_fetch_coming(struct dw_issuer_keys *keys, struct dw_loop *loop, struct dw_slice kid)
{
    int64_t now_ms = dw_loop_now_ms(loop);

    if (keys->set && is_known_to_lack(keys, kid, now_ms))
        return false;
    if (keys->is_fetching)
        return true;
    return may_fetch_again(keys, now_ms) && begin_fetch(keys, loop);
}

bool dw_issuer_keys_want(struct dw_issuer_keys *keys, struct dw_loop *loop, struct dw_slice kid,
                         struct dw_keys_wait *wait)
{
    struct waiting_room *room = &keys->rooms[dw_loop_index(loop)];
    bool is_coming;

    if (keys->config.key_source) {
        uint64_t before = dw_issuer_keys_generation(keys);

        ask_source(keys, dw_loop_now_ms(loop));
        if (dw_issuer_keys_generation(keys) == before)
            return false;
        is_coming = dw_loop_post(loop, wake_room, room);
    } else {
        pthread_mutex_lock(&keys->lock);
        is_coming = is_fetch_coming(keys, loop, kid);
        pthread_mutex_unlock(&keys->lock);
    }
    if (!is_coming)
        return false;
    wait->previous = room->waits.previous;
    wait->next = &room->waits;
    wait->previous->next = wait;
    room->waits.previous = wait;
    return true;
}

void dw_keys_wait_cancel(struct dw_keys_wait *wait)
{
    wait->previous->next = wait->next;
    wait->next->previous = wait->previous;
    wait->next = wait->previous = wait;
}

/* Copies what the fetches read; the caller's configuration may go. */
static bool copy_config(struct dw_issuer_keys *keys, const struct dw_issuer_config *config)
{
    keys->config_arena = dw_arena_new(64 * 1024);
    if (!keys->config_arena)
        return false;
    keys->config = *config;
    keys->config.provider = dw_arena_copy(keys->config_arena, config->provider);
    keys->config.issuer = dw_arena_copy(keys->config_arena, config->issuer);
    keys->config.jwks_uri = dw_arena_copy(keys->config_arena, config->jwks_uri);
    return keys->config.provider.ptr && keys->config.issuer.ptr && keys->config.jwks_uri.ptr;
}

static bool make_rooms(struct dw_issuer_keys *keys)
{
    unsigned count = dw_net_loop_count(keys->net);

    keys->rooms = dw_mem_new(count * sizeof *keys->rooms);
    if (!keys->rooms)
        return false;
    for (unsigned i = 0; i < count; i++) {
        struct waiting_room *room = &keys->rooms[i];

        room->keys = keys;
        room->loop = dw_net_loop(keys->net, i);
        room->waits.next = room->waits.previous = &room->waits;
    }
    return true;
}

struct dw_issuer_keys *dw_issuer_keys_new(struct dw_net *net, const struct dw_issuer_config *config,
                                          const struct dw_keys_pace *pace, struct dw_error *reterr)
{
    struct dw_issuer_keys *keys = dw_mem_new(sizeof *keys);

    if (!keys || pthread_mutex_init(&keys->lock, NULL) != 0) {
        dw_mem_free(keys);
        (void)!dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    keys->net = net;
    keys->seed = dw_sys_hash_seed();
    keys->pace = *pace;
    if (copy_config(keys, config) && make_rooms(keys))
        keys->tick = dw_timer_new(dw_net_loop(net, 0), 0, pace->tick_ms, tick, keys);
    if (!keys->tick) {
        dw_issuer_keys_free(keys);
        (void)!dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (config->key_source)
        ask_source(keys, 0);
    return keys;
}

void dw_issuer_keys_free(struct dw_issuer_keys *keys)
{
    if (!keys)
        return;
    if (keys->tick)
        dw_timer_free(keys->tick);
    dw_jwks_unref(keys->set);
    dw_mem_free((void *)(uintptr_t)keys->set_json.ptr);
    dw_arena_free(keys->fetch_arena);
    dw_arena_free(keys->config_arena);
    dw_mem_free(keys->rooms);
    pthread_mutex_destroy(&keys->lock);
    dw_mem_free(keys);
}
