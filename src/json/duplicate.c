/* Finding two members with the same key. Two parsers that meet one disagree about which counts, so
 * such an object is refused. */
#include "json/json_internal.h"

#include "base/mem.h"

/* Up to here comparing each with each is faster than sorting. */
#define FEW_MEMBERS 16

struct entry {
    uint64_t prefix; /* the first eight bytes, so that most comparisons stay in this array */
    const struct dw_json_member *member;
};

static const struct dw_json_member *find_among_few(const struct dw_json_member *members,
                                                   size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (members[i].key.len == members[j].key.len &&
                memcmp(members[i].key.ptr, members[j].key.ptr, members[i].key.len) == 0)
                return &members[i];
    return NULL;
}

static int compare(const struct entry *a, const struct entry *b)
{
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    return dw_slice_compare(a->member->key, b->member->key);
}

/* Merges the sorted runs [0, middle) and [middle, count). */
static void merge(const struct entry *from, size_t middle, size_t count, struct entry *to)
{
    size_t left = 0, right = middle;

    for (size_t i = 0; i < count; i++) {
        bool takes_left =
            right == count || (left < middle && compare(&from[left], &from[right]) <= 0);

        to[i] = takes_left ? from[left++] : from[right++];
    }
}

/* Returns whichever of the two arrays the sorted entries are in. */
static struct entry *sort(struct entry *entries, struct entry *spare, size_t count)
{
    for (size_t run = 1; run < count; run *= 2) {
        struct entry *sorted = spare;

        for (size_t at = 0; at < count; at += 2 * run) {
            size_t rest = count - at;

            merge(entries + at, run < rest ? run : rest, 2 * run < rest ? 2 * run : rest,
                  spare + at);
        }
        spare = entries;
        entries = sorted;
    }
    return entries;
}

bool dw_json_find_duplicate(const struct dw_json_member *members, size_t count,
                            const struct dw_json_member **ret_duplicate)
{
    dw_auto(dw_mem_auto_free) struct entry *entries = NULL;
    struct entry *sorted;

    *ret_duplicate = NULL;
    if (count <= FEW_MEMBERS) {
        *ret_duplicate = find_among_few(members, count);
        return true;
    }
    entries = dw_mem_alloc(2 * count * sizeof *entries); /* count is below 2^31 */
    if (!entries)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t len = members[i].key.len < 8 ? members[i].key.len : 8;

        entries[i] = (struct entry){.member = &members[i]};
        memcpy(&entries[i].prefix, members[i].key.ptr, len);
    }
    sorted = sort(entries, entries + count, count);
    for (size_t i = 1; i < count && !*ret_duplicate; i++)
        if (compare(&sorted[i - 1], &sorted[i]) == 0)
            *ret_duplicate = sorted[i].member;
    return true;
}
