/* The one door to malloc, so that tests can make any allocation fail (docs/architecture.md,
 * "Torture"). Not a pool: use an arena for things that die together. */
#ifndef DW_BASE_MEM_H
#define DW_BASE_MEM_H

#include <stddef.h>

#include "base/attributes.h"

/* All return NULL when memory is short; the bytes of dw_mem_new are zero. Freed by dw_mem_free. */
void *dw_mem_alloc(size_t size) dw_must_check;
void *dw_mem_new(size_t size) dw_must_check;
void *dw_mem_resize(void *memory, size_t size) dw_must_check;
void dw_mem_free(void *memory);
/* Overwrites before freeing; the compiler cannot leave it out. */
void dw_mem_free_secret(void *memory, size_t size);
void dw_mem_wipe(void *memory, size_t size);

/* For tests: of the allocations this thread makes from now on the nth (from 1) fails, once.
 * 0 switches it off. Returns how many were made since the last call. */
size_t dw_mem_fail_nth(size_t nth);

static inline void dw_mem_auto_free(void *variable)
{
    dw_mem_free(*(void **)variable);
}

#endif
