/* Views of bytes, and the type of secrets. A slice never owns, is never freed and is not
 * NUL-terminated; whoever made the bytes says how long they live. */
#ifndef DW_BASE_SLICE_H
#define DW_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <doorward/slice.h> /* struct dw_slice */

#include "base/attributes.h"

/* A list of views; the array belongs to whoever the function that made it says. */
struct dw_slices {
    const struct dw_slice *items;
    size_t count;
};

/* Bytes that must not reach logs, errors or metrics, nor be compared with == or memcmp. */
struct dw_secret {
    struct dw_slice hidden;
};

#define DW_LIT(literal) ((struct dw_slice){("" literal), sizeof(literal) - 1})
#define DW_EMPTY ((struct dw_slice){"", 0})
/* For printf's "%.*s". */
#define DW_PRINT(slice) (int)((slice).len > INT32_MAX ? INT32_MAX : (slice).len), (slice).ptr

static inline struct dw_slice dw_slice_from(const char *ptr, size_t len)
{
    return (struct dw_slice){ptr, len};
}

/* NULL becomes the empty slice. */
static inline struct dw_slice dw_slice_from_text(const char *text)
{
    return text ? (struct dw_slice){text, strlen(text)} : DW_EMPTY;
}

static inline bool dw_slice_is_empty(struct dw_slice slice)
{
    return slice.len == 0;
}

/* b: the literal, when one is: its length is known when this is compiled, so nothing is called. */
static inline bool dw_slice_eq(struct dw_slice a, struct dw_slice b)
{
    return a.len == b.len && (b.len == 0 || memcmp(a.ptr, b.ptr, b.len) == 0);
}

/* What dw_slice_eq_nocase asks when the lengths are equal. */
bool dw_bytes_eq_nocase(const char *a, const char *b, size_t len);

/* ASCII case only. */
static inline bool dw_slice_eq_nocase(struct dw_slice a, struct dw_slice b)
{
    return a.len == b.len && dw_bytes_eq_nocase(a.ptr, b.ptr, a.len);
}

/* From `start` for at most `len` bytes, clamped to what is there. */
static inline struct dw_slice dw_slice_sub(struct dw_slice slice, size_t start, size_t len)
{
    if (start > slice.len)
        start = slice.len;
    if (len > slice.len - start)
        len = slice.len - start;
    /* NULL + 0 is undefined in C, and an empty slice may have no bytes. */
    return dw_slice_from(start ? slice.ptr + start : slice.ptr, len);
}

/* As memcmp; of two that begin alike the shorter comes first. */
int dw_slice_compare(struct dw_slice a, struct dw_slice b);

static inline bool dw_slice_starts_with(struct dw_slice slice, struct dw_slice prefix)
{
    return slice.len >= prefix.len && dw_slice_eq(dw_slice_sub(slice, 0, prefix.len), prefix);
}

bool dw_slice_ends_with(struct dw_slice slice, struct dw_slice suffix);
/* Advances *slice past the prefix when it is there. */
bool dw_slice_eat(struct dw_slice *slice, struct dw_slice prefix);
bool dw_slice_eat_nocase(struct dw_slice *slice, struct dw_slice prefix);

/* Index of the first `byte`, or slice.len when there is none. */
static inline size_t dw_slice_index(struct dw_slice slice, char byte)
{
    const char *found = slice.len ? (const char *)memchr(slice.ptr, byte, slice.len) : NULL;

    return found ? (size_t)(found - slice.ptr) : slice.len;
}

static inline bool dw_slice_contains(struct dw_slice slice, char byte)
{
    return dw_slice_index(slice, byte) < slice.len;
}

/* Whether `part` stands in it somewhere; the empty one does. */
bool dw_slice_has(struct dw_slice slice, struct dw_slice part);
/* Removes spaces and tabs at both ends (RFC 9110 section 5.6.3, OWS). */
struct dw_slice dw_slice_trim(struct dw_slice slice);
/* Takes the next part before `separator` off the front. False when nothing is left; "a,,b" has an
 * empty part in the middle, and "" has none. */
bool dw_slice_split(struct dw_slice *rest, char separator, struct dw_slice *ret_part);
/* Whether one of the items is byte-equal. */
bool dw_slices_have(struct dw_slices list, struct dw_slice wanted);

static inline struct dw_secret dw_secret_from(struct dw_slice bytes)
{
    return (struct dw_secret){bytes};
}

/* Time depends on the lengths only. Empty secrets are equal to nothing, not even to each other. */
bool dw_secret_eq(struct dw_secret a, struct dw_secret b);

#endif
