/* Memory that dies together: chunks in a list, the newest first. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

/* What a quiet stream keeps: small, because ten thousand of them may be idle; and enough for a
 * usual request, so that a busy one allocates nothing. */
#define FIRST_CHUNK_BYTES 4000
#define LARGEST_CHUNK_BYTES ((size_t)256 * 1024)

struct chunk {
    struct chunk *next;
    size_t size; /* of bytes */
    size_t used;
    alignas(max_align_t) char bytes[];
};

struct dw_arena {
    struct chunk *newest;
    size_t limit_bytes;
    size_t used_bytes;
    size_t next_chunk_bytes;
};

struct dw_arena *dw_arena_new(size_t limit_bytes)
{
    struct dw_arena *arena = dw_mem_new(sizeof *arena);

    if (!arena)
        return NULL;
    arena->limit_bytes = limit_bytes;
    arena->next_chunk_bytes = FIRST_CHUNK_BYTES;
    return arena;
}

void dw_arena_reset(struct dw_arena *arena)
{
    struct chunk *chunk = arena->newest;
    struct chunk *kept = NULL;

    while (chunk) {
        struct chunk *next = chunk->next;

        if (!next && chunk->size <= FIRST_CHUNK_BYTES)
            kept = chunk;
        else
            dw_mem_free(chunk);
        chunk = next;
    }
    if (kept)
        kept->used = 0;
    arena->newest = kept;
    arena->used_bytes = 0;
    arena->next_chunk_bytes = kept ? 2 * FIRST_CHUNK_BYTES : FIRST_CHUNK_BYTES;
}

void dw_arena_free(struct dw_arena *arena)
{
    if (!arena)
        return;
    dw_arena_reset(arena);
    dw_mem_free(arena->newest);
    dw_mem_free(arena);
}

static bool add_chunk(struct dw_arena *arena, size_t at_least)
{
    size_t size = arena->next_chunk_bytes > at_least ? arena->next_chunk_bytes : at_least;
    struct chunk *chunk = dw_mem_alloc(sizeof *chunk + size);

    if (!chunk)
        return false;
    chunk->next = arena->newest;
    chunk->size = size;
    chunk->used = 0;
    arena->newest = chunk;
    if (arena->next_chunk_bytes < LARGEST_CHUNK_BYTES)
        arena->next_chunk_bytes *= 2;
    return true;
}

/* For dw_arena_alloc, when there is no room; out of its way. */
static __attribute__((noinline)) void *alloc_in_new_chunk(struct dw_arena *arena, size_t size)
{
    return add_chunk(arena, size) ? dw_arena_alloc(arena, size) : NULL;
}

void *dw_arena_alloc(struct dw_arena *arena, size_t size)
{
    struct chunk *chunk = arena->newest;
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    void *memory;

    if (size > arena->limit_bytes || rounded > arena->limit_bytes - arena->used_bytes)
        return NULL;
    if (!chunk || rounded > chunk->size - chunk->used)
        return alloc_in_new_chunk(arena, rounded);
    memory = chunk->bytes + chunk->used;
    chunk->used += rounded;
    arena->used_bytes += rounded;
    return memory;
}

void *dw_arena_new_array(struct dw_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    void *memory;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    memory = dw_arena_alloc(arena, bytes);
    if (memory && bytes)
        memset(memory, 0, bytes);
    return memory;
}

void *dw_arena_resize(struct dw_arena *arena, void *memory, size_t old_size, size_t new_size)
{
    size_t old_rounded = (old_size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    void *moved;

    if (memory && arena->newest && old_rounded <= arena->newest->used &&
        (char *)memory == arena->newest->bytes + arena->newest->used - old_rounded) {
        struct chunk *chunk = arena->newest;

        if (new_size <= old_rounded)
            return memory;
        chunk->used -= old_rounded;
        arena->used_bytes -= old_rounded;
        if (new_size <= chunk->size - chunk->used)
            moved = dw_arena_alloc(arena, new_size);
        else
            moved = NULL;
        if (moved)
            return moved;
        chunk->used += old_rounded;
        arena->used_bytes += old_rounded;
    }
    moved = dw_arena_alloc(arena, new_size);
    if (moved && memory)
        memcpy(moved, memory, old_size < new_size ? old_size : new_size);
    return moved;
}

char *dw_arena_text(struct dw_arena *arena, struct dw_slice slice)
{
    char *text = slice.len < SIZE_MAX ? dw_arena_alloc(arena, slice.len + 1) : NULL;

    if (!text)
        return NULL;
    if (slice.len)
        memcpy(text, slice.ptr, slice.len);
    text[slice.len] = '\0';
    return text;
}

struct dw_slice dw_arena_copy(struct dw_arena *arena, struct dw_slice slice)
{
    char *text = dw_arena_text(arena, slice);

    return dw_slice_from(text, text ? slice.len : 0);
}

/* Printed right where it will be when the newest chunk has the room, which it mostly has. */
struct dw_slice dw_arena_printf(struct dw_arena *arena, const char *format, ...)
{
    size_t room = arena->newest ? arena->newest->size - arena->newest->used : 0;
    char *place = room ? arena->newest->bytes + arena->newest->used : NULL;
    va_list arguments;
    char *text;
    int length;

    va_start(arguments, format);
    length = vsnprintf(place, room, format, arguments);
    va_end(arguments);
    text = length < 0 ? NULL : dw_arena_alloc(arena, (size_t)length + 1);
    if (!text || (text == place && (size_t)length < room))
        return dw_slice_from(text, text ? (size_t)length : 0);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return dw_slice_from(text, (size_t)length);
}

size_t dw_arena_used_bytes(const struct dw_arena *arena)
{
    return arena->used_bytes;
}
