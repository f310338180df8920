/* What the targets of http/ share. */
#ifndef DW_FUZZ_HTTP_H
#define DW_FUZZ_HTTP_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The first byte says how the rest is cut. */
static inline size_t fuzz_cut(const uint8_t *data, size_t size, struct dw_slice *ret_bytes)
{
    *ret_bytes = dw_slice_from((const char *)data + (size ? 1 : 0), size ? size - 1 : 0);
    return size && data[0] ? data[0] : 1;
}

#endif
