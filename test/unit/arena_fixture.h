/* The arena and the error that all tests of a file share:
 * cmocka_run_group_tests(tests, arena_start, arena_end). */
#ifndef DW_TEST_ARENA_FIXTURE_H
#define DW_TEST_ARENA_FIXTURE_H

#include "test.h"

static struct dw_arena *arena;
static struct dw_error error;

static int arena_start(void **state)
{
    (void)state;
    arena = dw_arena_new(8u << 20);
    return arena ? 0 : -1;
}

static int arena_end(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

#endif
