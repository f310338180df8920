/* A hash table: open addressing, linear probing, deletion by shifting back. */
#include "base/map.h"

#include "base/mem.h"

#define FIRST_SLOTS 16

struct slot {
    char *key; /* NULL: free */
    size_t key_len;
    uint64_t hash;
    void *value;
};

struct dw_map {
    struct dw_hash_seed seed;
    struct slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
    size_t max_entries;
};

#define ROTATE(word, by) (((word) << (by)) | ((word) >> (64 - (by))))

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = ROTATE(v[1], 13) ^ v[0];
    v[0] = ROTATE(v[0], 32);
    v[2] += v[3];
    v[3] = ROTATE(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = ROTATE(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = ROTATE(v[1], 17) ^ v[2];
    v[2] = ROTATE(v[2], 32);
}

static uint64_t word_at(const void *bytes, size_t len)
{
    uint64_t word = 0;

    memcpy(&word, bytes, len);
    return word;
}

uint64_t dw_hash(const struct dw_hash_seed *seed, struct dw_slice bytes)
{
    uint64_t k0 = word_at(seed->bytes, 8), k1 = word_at(seed->bytes + 8, 8);
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                     k1 ^ 0x7465646279746573u};
    size_t at = 0;
    uint64_t last;

    for (; bytes.len - at >= 8; at += 8) {
        uint64_t word = word_at(bytes.ptr + at, 8);

        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    last = (uint64_t)bytes.len << 56;
    if (bytes.len > at)
        last |= word_at(bytes.ptr + at, bytes.len - at);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct dw_map *dw_map_new(const struct dw_hash_seed *seed, size_t max_entries)
{
    struct dw_map *map = dw_mem_new(sizeof *map);

    if (!map)
        return NULL;
    map->seed = *seed;
    map->max_entries = max_entries;
    return map;
}

void dw_map_free(struct dw_map *map)
{
    if (!map)
        return;
    for (size_t i = 0; i < map->slot_count; i++)
        dw_mem_free(map->slots[i].key);
    dw_mem_free(map->slots);
    dw_mem_free(map);
}

/* The slot that has the key, or the free one where it would go. */
static struct slot *find(struct slot *slots, size_t slot_count, uint64_t hash, struct dw_slice key)
{
    size_t at = (size_t)hash & (slot_count - 1);

    while (slots[at].key && (slots[at].hash != hash ||
                             !dw_slice_eq(dw_slice_from(slots[at].key, slots[at].key_len), key)))
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

void *dw_map_get(const struct dw_map *map, struct dw_slice key)
{
    struct slot *slot;

    if (!map->count)
        return NULL;
    slot = find(map->slots, map->slot_count, dw_hash(&map->seed, key), key);
    return slot->key ? slot->value : NULL;
}

static bool grow(struct dw_map *map)
{
    size_t wanted = map->slot_count ? map->slot_count * 2 : FIRST_SLOTS;
    struct slot *slots;
    size_t bytes;

    if (__builtin_mul_overflow(wanted, sizeof *slots, &bytes))
        return false;
    slots = dw_mem_new(bytes);
    if (!slots)
        return false;
    for (size_t i = 0; i < map->slot_count; i++) {
        struct slot *old = &map->slots[i];

        if (old->key)
            *find(slots, wanted, old->hash, dw_slice_from(old->key, old->key_len)) = *old;
    }
    dw_mem_free(map->slots);
    map->slots = slots;
    map->slot_count = wanted;
    return true;
}

bool dw_map_put(struct dw_map *map, struct dw_slice key, void *value)
{
    uint64_t hash = dw_hash(&map->seed, key);
    struct slot *slot;
    char *copy;

    if (map->count) {
        slot = find(map->slots, map->slot_count, hash, key);
        if (slot->key) {
            slot->value = value;
            return true;
        }
    }
    if (map->count >= map->max_entries)
        return false;
    /* Three quarters full at most, so that a probe ends soon. */
    if ((map->count + 1) * 4 > map->slot_count * 3 && !grow(map))
        return false;
    copy = dw_mem_alloc(key.len);
    if (!copy)
        return false;
    if (key.len)
        memcpy(copy, key.ptr, key.len);
    slot = find(map->slots, map->slot_count, hash, key);
    *slot = (struct slot){copy, key.len, hash, value};
    map->count++;
    return true;
}

void *dw_map_take(struct dw_map *map, struct dw_slice key)
{
    struct slot *slot;
    size_t hole, at, mask = map->slot_count - 1;
    void *value;

    if (!map->count)
        return NULL;
    slot = find(map->slots, map->slot_count, dw_hash(&map->seed, key), key);
    if (!slot->key)
        return NULL;
    value = slot->value;
    dw_mem_free(slot->key);
    slot->key = NULL;
    map->count--;
    hole = (size_t)(slot - map->slots);
    for (at = (hole + 1) & mask; map->slots[at].key; at = (at + 1) & mask) {
        size_t home = (size_t)map->slots[at].hash & mask;

        if (((at - home) & mask) < ((at - hole) & mask))
            continue; /* it would move before its home */
        map->slots[hole] = map->slots[at];
        map->slots[at].key = NULL;
        hole = at;
    }
    return value;
}

size_t dw_map_count(const struct dw_map *map)
{
    return map->count;
}

bool dw_map_next(const struct dw_map *map, size_t *cursor, struct dw_slice *ret_key,
                 void **ret_value)
{
    for (; *cursor < map->slot_count; ++*cursor) {
        const struct slot *slot = &map->slots[*cursor];

        if (!slot->key)
            continue;
        *ret_key = dw_slice_from(slot->key, slot->key_len);
        *ret_value = slot->value;
        ++*cursor;
        return true;
    }
    return false;
}
