/* Views of bytes: comparing, cutting, walking. Allocates nothing. */
#include "base/slice.h"

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The bits in which eight bytes differ, without the one that is the case of a letter. */
static inline uint64_t difference_of(uint64_t a, uint64_t b)
{
    uint64_t low = (a & EIGHT(0x7f)) | EIGHT(0x20);
    /* The high bit of each byte that is a letter: 'a' or more, not more than 'z', and ASCII. */
    uint64_t letters =
        (low + EIGHT(0x80 - 'a')) & ~(low + EIGHT(0x7f - 'z')) & ~a & EIGHT(UINT64_C(0x80));

    return (a ^ b) & ~(letters >> 2);
}

static inline uint64_t eight_bytes(const char *at)
{
    uint64_t bytes;

    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

/* The first four and the last four of 4 to 7 bytes. */
static inline uint64_t two_fours(const char *at, size_t len)
{
    uint32_t first, last;

    memcpy(&first, at, sizeof first);
    memcpy(&last, at + len - sizeof last, sizeof last);
    return (uint64_t)first << 32 | last;
}

/* Field names are compared dozens of times a request, so eight bytes at a time; the last may
 * overlap the ones before. */
bool dw_bytes_eq_nocase(const char *a, const char *b, size_t len)
{
    if (len < 4) {
        for (size_t i = 0; i < len; i++)
            if (difference_of((unsigned char)a[i], (unsigned char)b[i]) != 0)
                return false;
        return true;
    }
    if (len < 8)
        return difference_of(two_fours(a, len), two_fours(b, len)) == 0;
    for (size_t i = 0; i + 8 < len; i += 8)
        if (difference_of(eight_bytes(a + i), eight_bytes(b + i)) != 0)
            return false;
    return difference_of(eight_bytes(a + len - 8), eight_bytes(b + len - 8)) == 0;
}

int dw_slice_compare(struct dw_slice a, struct dw_slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool dw_slice_ends_with(struct dw_slice slice, struct dw_slice suffix)
{
    return slice.len >= suffix.len &&
           dw_slice_eq(dw_slice_sub(slice, slice.len - suffix.len, suffix.len), suffix);
}

bool dw_slice_eat(struct dw_slice *slice, struct dw_slice prefix)
{
    if (!dw_slice_starts_with(*slice, prefix))
        return false;
    *slice = dw_slice_sub(*slice, prefix.len, slice->len);
    return true;
}

bool dw_slice_eat_nocase(struct dw_slice *slice, struct dw_slice prefix)
{
    if (!dw_slice_eq_nocase(dw_slice_sub(*slice, 0, prefix.len), prefix))
        return false;
    *slice = dw_slice_sub(*slice, prefix.len, slice->len);
    return true;
}

bool dw_slice_has(struct dw_slice slice, struct dw_slice part)
{
    return part.len == 0 ||
           (slice.len > 0 && memmem(slice.ptr, slice.len, part.ptr, part.len) != NULL);
}

struct dw_slice dw_slice_trim(struct dw_slice slice)
{
    while (slice.len && (slice.ptr[0] == ' ' || slice.ptr[0] == '\t'))
        slice = dw_slice_sub(slice, 1, slice.len);
    while (slice.len && (slice.ptr[slice.len - 1] == ' ' || slice.ptr[slice.len - 1] == '\t'))
        slice.len--;
    return slice;
}

bool dw_slice_split(struct dw_slice *rest, char separator, struct dw_slice *ret_part)
{
    size_t at;

    if (!rest->ptr || rest->len == 0)
        return false;
    at = dw_slice_index(*rest, separator);
    *ret_part = dw_slice_sub(*rest, 0, at);
    *rest = dw_slice_sub(*rest, at + 1, rest->len);
    return true;
}

bool dw_slices_have(struct dw_slices list, struct dw_slice wanted)
{
    for (size_t i = 0; i < list.count; i++)
        if (dw_slice_eq(list.items[i], wanted))
            return true;
    return false;
}

typedef unsigned char block __attribute__((vector_size(32)));

/* Whole tokens are compared for every request, so a block at a time. */
bool dw_secret_eq(struct dw_secret a, struct dw_secret b)
{
    static const block none;
    size_t len = a.hidden.len, at = 0;
    block left, right, found = none;
    volatile bool is_equal;

    if (len != b.hidden.len || len == 0)
        return false;
    for (; at + sizeof left <= len; at += sizeof left) {
        memcpy(&left, a.hidden.ptr + at, sizeof left);
        memcpy(&right, b.hidden.ptr + at, sizeof right);
        found |= left ^ right;
    }
    left = right = none;
    memcpy(&left, a.hidden.ptr + at, len - at);
    memcpy(&right, b.hidden.ptr + at, len - at);
    found |= left ^ right;
    is_equal = memcmp(&found, &none, sizeof found) == 0;
    return is_equal;
}
