/* base/map.h: the hash table, against a plain array. */
#include "test.h"

#include <stdio.h>

#include "base/map.h"

#define KEYS 3000

static const struct dw_hash_seed seed = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};

static void it_finds_what_was_put_and_nothing_else(void **state)
{
    struct dw_map *map = dw_map_new(&seed, KEYS);
    static int values[KEYS];
    bool is_in[KEYS] = {false};
    unsigned random = 1;
    size_t count = 0;

    (void)state;
    for (int step = 0; step < 60000; step++) {
        unsigned pick;
        char key[16];

        random = random * 1103515245 + 12345;
        pick = (random >> 8) % KEYS;
        snprintf(key, sizeof key, "key%u", pick);
        if (random >> 31) {
            assert_true(dw_map_put(map, S(key), &values[pick]));
            count += !is_in[pick];
            is_in[pick] = true;
        } else {
            assert_ptr_equal(dw_map_take(map, S(key)), is_in[pick] ? &values[pick] : NULL);
            count -= is_in[pick];
            is_in[pick] = false;
        }
        assert_int_equal(dw_map_count(map), count);
    }
    for (int i = 0; i < KEYS; i++) {
        char key[16];

        snprintf(key, sizeof key, "key%d", i);
        assert_ptr_equal(dw_map_get(map, S(key)), is_in[i] ? &values[i] : NULL);
    }
    dw_map_free(map);
}

static void it_refuses_more_than_its_limit(void **state)
{
    struct dw_map *map = dw_map_new(&seed, 2);
    int value;

    (void)state;
    assert_true(dw_map_put(map, S("a"), &value));
    assert_true(dw_map_put(map, S(""), &value));
    assert_false(dw_map_put(map, S("c"), &value));
    assert_true(dw_map_put(map, S("a"), &value)); /* replacing is no growth */
    assert_ptr_equal(dw_map_take(map, S("")), &value);
    assert_true(dw_map_put(map, S("c"), &value));
    dw_map_free(map);
}

static void walking_meets_every_entry_once(void **state)
{
    struct dw_map *map = dw_map_new(&seed, 100);
    int values[50] = {0};
    size_t cursor = 0;
    struct dw_slice key;
    void *value;

    (void)state;
    for (int i = 0; i < 50; i++) {
        char text[8];

        snprintf(text, sizeof text, "%d", i);
        assert_true(dw_map_put(map, S(text), &values[i]));
    }
    while (dw_map_next(map, &cursor, &key, &value))
        ++*(int *)value;
    for (int i = 0; i < 50; i++)
        assert_int_equal(values[i], 1);
    dw_map_free(map);
}

static bool fill_a_map(void)
{
    struct dw_map *map = dw_map_new(&seed, 100);
    int value;
    bool is_full = true;

    if (!map)
        return false;
    for (int i = 0; i < 40 && is_full; i++) {
        char text[8];

        snprintf(text, sizeof text, "%d", i);
        is_full = dw_map_put(map, S(text), &value);
        assert_int_equal(dw_map_get(map, S(text)) != NULL, is_full);
    }
    dw_map_free(map);
    return is_full;
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    torture(fill_a_map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_finds_what_was_put_and_nothing_else),
        cmocka_unit_test(it_refuses_more_than_its_limit),
        cmocka_unit_test(walking_meets_every_entry_once),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
