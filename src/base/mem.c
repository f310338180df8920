/* The one door to malloc. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local size_t allocations;
static _Thread_local size_t failing_allocation;

static int is_to_fail(void)
{
    return ++allocations == failing_allocation;
}

size_t dw_mem_fail_nth(size_t nth)
{
    size_t made = allocations;

    allocations = 0;
    failing_allocation = nth;
    return made;
}

void *dw_mem_alloc(size_t size)
{
    return is_to_fail() ? NULL : malloc(size ? size : 1);
}

void *dw_mem_new(size_t size)
{
    return is_to_fail() ? NULL : calloc(1, size ? size : 1);
}

void *dw_mem_resize(void *memory, size_t size)
{
    return is_to_fail() ? NULL : realloc(memory, size ? size : 1);
}

void dw_mem_free(void *memory)
{
    free(memory);
}

void dw_mem_wipe(void *memory, size_t size)
{
    if (size)
        explicit_bzero(memory, size);
}

void dw_mem_free_secret(void *memory, size_t size)
{
    if (memory)
        dw_mem_wipe(memory, size);
    free(memory);
}
