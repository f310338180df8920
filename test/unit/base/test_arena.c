/* base/arena.h and base/buf.h: memory that dies together. */
#include "test.h"

#include "base/buf.h"

static void an_arena_keeps_its_limit(void **state)
{
    struct dw_arena *arena = dw_arena_new(1000);

    (void)state;
    assert_non_null(dw_arena_alloc(arena, 600));
    assert_null(dw_arena_alloc(arena, 600));
    assert_null(dw_arena_alloc(arena, SIZE_MAX));
    assert_null(dw_arena_new_array(arena, SIZE_MAX / 2, 4));
    assert_non_null(dw_arena_alloc(arena, 300));
    dw_arena_reset(arena);
    assert_int_equal(dw_arena_used_bytes(arena), 0);
    assert_non_null(dw_arena_alloc(arena, 1000 - 1000 % 16));
    dw_arena_free(arena);
}

static void growing_keeps_the_bytes(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_error error;
    struct dw_slice bytes;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        if (i % 7 == 0)
            assert_non_null(dw_arena_alloc(arena, 24)); /* so that it must move at times */
        dw_buf_add_byte(&buf, (char)('a' + i % 26));
    }
    assert_done(dw_buf_finish(&buf, &bytes, &error), error);
    assert_int_equal(bytes.len, 5000);
    for (size_t i = 0; i < bytes.len; i++)
        assert_int_equal(bytes.ptr[i], 'a' + i % 26);
    dw_arena_free(arena);
}

static void a_failure_sticks_to_the_buffer(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_buf buf = {.arena = arena, .limit_bytes = 8};
    struct dw_error error;
    struct dw_slice bytes;

    (void)state;
    dw_buf_add(&buf, S("1234567890"));
    dw_buf_add(&buf, S("x"));
    assert_fails(dw_buf_finish(&buf, &bytes, &error), error, DW_NO_MEMORY);
    dw_arena_free(arena);
}

static void numbers_are_written_in_full(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_buf buf = dw_buf_in(arena);

    (void)state;
    dw_buf_add_int(&buf, INT64_MIN);
    dw_buf_add(&buf, S(" "));
    dw_buf_add_int(&buf, 0);
    dw_buf_printf(&buf, " %s", "end");
    assert_slice(dw_buf_view(&buf), "-9223372036854775808 0 end");
    dw_arena_free(arena);
}

static bool write_into_an_arena(void)
{
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_buf buf;
    struct dw_slice bytes = DW_EMPTY;
    bool is_done;

    if (!arena)
        return false;
    buf = dw_buf_in(arena);
    for (int i = 0; i < 4000; i++)
        dw_buf_add(&buf, S("0123456789"));
    is_done = dw_buf_finish(&buf, &bytes, NULL);
    if (is_done)
        assert_int_equal(bytes.len, 40000);
    dw_arena_free(arena);
    return is_done;
}

static void running_out_of_memory_is_reported(void **state)
{
    (void)state;
    torture(write_into_an_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_keeps_its_limit),
        cmocka_unit_test(growing_keeps_the_bytes),
        cmocka_unit_test(a_failure_sticks_to_the_buffer),
        cmocka_unit_test(numbers_are_written_in_full),
        cmocka_unit_test(running_out_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
