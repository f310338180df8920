/* See presented_internal.h. The copy is a secret: it is wiped when another takes its place and when
 * the connection ends. */
#include "guard/presented_internal.h"

#include "base/mem.h"

struct field {
    size_t len, token_at;
    bool is_dpop;
    unsigned char digest[DW_SHA256_BYTES];
    char bytes[];
};

static void forget(void *memory)
{
    struct field *field = memory;

    if (field)
        dw_mem_free_secret(field, sizeof *field + field->len);
}

bool dw_presented_find(const struct dw_kept *kept, struct dw_slice field,
                       struct dw_presented *ret_presented)
{
    const struct field *last = kept ? kept->memory : NULL;

    if (!last ||
        !dw_secret_eq(dw_secret_from(field), dw_secret_from(dw_slice_from(last->bytes, last->len))))
        return false;
    ret_presented->token = dw_slice_sub(field, last->token_at, field.len);
    ret_presented->is_dpop = last->is_dpop;
    memcpy(ret_presented->digest, last->digest, sizeof last->digest);
    return true;
}

void dw_presented_keep(struct dw_kept *kept, struct dw_slice field,
                       const struct dw_presented *presented)
{
    struct field *next = NULL;

    if (!kept)
        return;
    forget(kept->memory);
    if (field.len <= DW_PRESENTED_MAX_BYTES)
        next = dw_mem_alloc(sizeof *next + field.len);
    if (next) {
        next->len = field.len;
        next->token_at = field.len - presented->token.len; /* it is the end of the field */
        next->is_dpop = presented->is_dpop;
        memcpy(next->digest, presented->digest, sizeof next->digest);
        memcpy(next->bytes, field.ptr, field.len);
    }
    *kept = (struct dw_kept){next, forget};
}
