/* A filled store that all tests of a file share: cmocka_run_group_tests(tests, store_start,
 * store_end), or a test each. */
#ifndef DW_TEST_STORE_SHARED_FIXTURE_H
#define DW_TEST_STORE_SHARED_FIXTURE_H

#include "fixture.h"

static struct fixture fixture;
static struct dw_error error;

static int store_start(void **state)
{
    (void)state;
    fixture_start(&fixture);
    fixture_fill(&fixture);
    return 0;
}

static int store_end(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

#endif
