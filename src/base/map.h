/* A hash table from bytes to a pointer, with a limit on its size. Keys are copied. Seeded, so that
 * a peer who chooses keys cannot make them collide. Not safe to share between threads. */
#ifndef DW_BASE_MAP_H
#define DW_BASE_MAP_H

#include "base/slice.h"

struct dw_map;

/* 16 random bytes; one set a process is enough. */
struct dw_hash_seed {
    unsigned char bytes[16];
};

/* SipHash-1-3. */
uint64_t dw_hash(const struct dw_hash_seed *seed, struct dw_slice bytes);

/* max_entries  dw_map_put refuses beyond it. NULL when memory is short. */
struct dw_map *dw_map_new(const struct dw_hash_seed *seed, size_t max_entries) dw_must_check;
/* The values stay the caller's: walk and free them first. */
void dw_map_free(struct dw_map *map);

/* NULL when absent. */
void *dw_map_get(const struct dw_map *map, struct dw_slice key);
/* Sets or replaces; value must not be NULL. False: full, or out of memory; nothing has changed. */
bool dw_must_check dw_map_put(struct dw_map *map, struct dw_slice key, void *value);
/* The value that was there, or NULL. */
void *dw_map_take(struct dw_map *map, struct dw_slice key);
size_t dw_map_count(const struct dw_map *map);
/* Walks in no particular order; start with *cursor = 0. The map must not change meanwhile, except
 * that the entry just returned may be taken (some entry may then be met twice or not at all). */
bool dw_map_next(const struct dw_map *map, size_t *cursor, struct dw_slice *ret_key,
                 void **ret_value);

#endif
