/* What every unit test includes: cmocka with the headers it wants first, and checks on our types.
 */
#ifndef DW_TEST_H
#define DW_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/slice.h"

#define S(text) dw_slice_from_text(text)

/* Compares a slice with a C string, showing both. */
#define assert_slice(slice, expected)                                                              \
    do {                                                                                           \
        struct dw_slice seen_ = (slice);                                                           \
        if (!dw_slice_eq(seen_, S(expected))) {                                                    \
            print_error("expected \"%s\", got \"%.*s\"\n", (expected), DW_PRINT(seen_));           \
            fail();                                                                                \
        }                                                                                          \
    } while (0)
/* A call that must be true; shows the error when it is not. */
#define assert_done(call, error)                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            print_error("%s: %s: %s (%s)\n", #call, dw_code_row((error).code)->name,               \
                        (error).message, (error).cause);                                           \
            fail();                                                                                \
        }                                                                                          \
    } while (0)
#define assert_fails(call, error, expected_code)                                                   \
    do {                                                                                           \
        assert_false(call);                                                                        \
        assert_string_equal(dw_code_row((error).code)->name, dw_code_row(expected_code)->name);    \
    } while (0)

/* Runs `body` with allocation 1, 2, 3, ... failing, until a run needs no more. body returns whether
 * it succeeded; it must succeed once nothing fails, and clean up after itself either way. */
static inline void torture(bool (*body)(void))
{
    for (size_t nth = 1; nth < 10000; nth++) {
        bool has_succeeded;

        dw_mem_fail_nth(nth);
        has_succeeded = body();
        if (dw_mem_fail_nth(0) < nth) {
            assert_true(has_succeeded);
            return;
        }
    }
    fail_msg("needs more than 10,000 allocations");
}

#endif
