/* Memory that dies together. An arena has a byte limit, so that a peer cannot grow it without end.
 * Not safe to share between threads. */
#ifndef DW_BASE_ARENA_H
#define DW_BASE_ARENA_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/slice.h"

struct dw_arena;

/* limit_bytes  what allocations may add up to; beyond it they return NULL */
struct dw_arena *dw_arena_new(size_t limit_bytes) dw_must_check;
void dw_arena_free(struct dw_arena *arena);
DW_AUTO_FREE(dw_arena_auto_free, struct dw_arena, dw_arena_free)
/* Forgets everything in it. Keeps one small chunk, so that a busy arena allocates nothing. */
void dw_arena_reset(struct dw_arena *arena);

/* Aligned for any type. NULL at the limit or when memory is short. */
void *dw_arena_alloc(struct dw_arena *arena, size_t size) dw_must_check;
/* As dw_arena_alloc, zeroed; also NULL when count * size overflows. */
void *dw_arena_new_array(struct dw_arena *arena, size_t count, size_t size) dw_must_check;
#define DW_ARENA_NEW(arena, type) ((type *)dw_arena_new_array((arena), 1, sizeof(type)))
/* Grows the newest allocation in place where it can, else copies. */
void *dw_arena_resize(struct dw_arena *arena, void *memory, size_t old_size,
                      size_t new_size) dw_must_check;
/* A copy, with a NUL after it that is not counted. ptr is NULL when memory is short. */
struct dw_slice dw_arena_copy(struct dw_arena *arena, struct dw_slice slice);
/* NUL-terminated, for libraries that want text. NULL when memory is short. */
char *dw_arena_text(struct dw_arena *arena, struct dw_slice slice) dw_must_check;
/* printf into the arena. ptr is NULL when memory is short. */
struct dw_slice dw_arena_printf(struct dw_arena *arena, const char *format, ...) dw_printf(2, 3);
size_t dw_arena_used_bytes(const struct dw_arena *arena);

#endif
