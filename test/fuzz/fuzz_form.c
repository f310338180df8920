/* What was read from a form, written again, reads the same. */
#include "fuzz_http.h"
#include "http/form.h"

static void require_round_trip(const struct dw_form *form, struct dw_arena *arena)
{
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_slice text;
    struct dw_error error;
    struct dw_form again;

    for (size_t i = 0; i < form->count; i++)
        dw_form_add(&buf, form->items[i].name, form->items[i].value);
    REQUIRE(dw_buf_finish(&buf, &text, &error));
    REQUIRE(dw_form_parse(text, arena, &again, &error));
    REQUIRE(again.count == form->count);
    for (size_t i = 0; i < form->count; i++) {
        REQUIRE(dw_slice_eq(form->items[i].name, again.items[i].name));
        REQUIRE(dw_slice_eq(form->items[i].value, again.items[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_arena *arena = dw_arena_new((size_t)64 * 1024 * 1024);
    struct dw_slice text = dw_slice_from((const char *)data, size);
    struct dw_error error = {0};
    struct dw_form form;

    if (!dw_form_parse(text, arena, &form, &error)) {
        REQUIRE(error.code == DW_INVALID_REQUEST);
    } else {
        REQUIRE(form.count <= DW_FORM_MAX_FIELDS);
        if (!dw_form_check_doubles(&form, (struct dw_slices){NULL, 0}, &error))
            REQUIRE(error.code == DW_INVALID_REQUEST && form.count > 1);
        require_round_trip(&form, arena);
    }
    dw_arena_free(arena);
    return 0;
}
