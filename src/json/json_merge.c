/* RFC 7396, section 2; see json_merge.h. */
#include "json/json_merge.h"

#include "json/json_writer.h"

struct merging {
    struct dw_json_writer json;
    bool keeps_null; /* both are patches: a removal stays one */
};

static void write_merged(struct merging *merging, const struct dw_json *target,
                         const struct dw_json *patch);

/* The members of an object patch on anything; a target that is no object counts as {}. */
static void write_members(struct merging *merging, const struct dw_json *target,
                          const struct dw_json *patch)
{
    for (size_t i = 0; target && target->type == DW_JSON_OBJECT && i < target->object.count; i++) {
        const struct dw_json_member *member = &target->object.members[i];
        const struct dw_json *change = dw_json_get_slice(patch, member->key);

        if (change && change->type == DW_JSON_NULL && !merging->keeps_null)
            continue;
        dw_json_write_key(&merging->json, member->key);
        if (change)
            write_merged(merging, &member->value, change);
        else
            dw_json_write_raw(&merging->json, member->value.raw);
    }
    for (size_t i = 0; i < patch->object.count; i++) {
        const struct dw_json_member *member = &patch->object.members[i];

        if ((member->value.type == DW_JSON_NULL && !merging->keeps_null) ||
            dw_json_get_slice(target, member->key))
            continue;
        dw_json_write_key(&merging->json, member->key);
        write_merged(merging, NULL, &member->value);
    }
}

/* Depth is bounded: the reader lets no more than DW_JSON_MAX_DEPTH through. */
static void write_merged(struct merging *merging, const struct dw_json *target,
                         const struct dw_json *patch)
{
    if (patch->type != DW_JSON_OBJECT) {
        dw_json_write_raw(&merging->json, patch->raw);
        return;
    }
    dw_json_write_object_start(&merging->json);
    write_members(merging, target, patch);
    dw_json_write_object_end(&merging->json);
}

static bool merge(struct dw_slice target, struct dw_slice patch, bool keeps_null,
                  struct dw_arena *arena, struct dw_slice *ret_json, struct dw_error *reterr)
{
    const struct dw_json *old = NULL, *change = NULL;
    struct dw_buf buf = dw_buf_in(arena);
    struct merging merging = {dw_json_writer_to(&buf), keeps_null};

    if (!dw_json_parse(target, arena, &old, reterr) ||
        !dw_json_parse(patch, arena, &change, reterr))
        return false;
    write_merged(&merging, old, change);
    return dw_buf_finish(&buf, ret_json, reterr);
}

bool dw_json_merge(struct dw_slice target, struct dw_slice patch, struct dw_arena *arena,
                   struct dw_slice *ret_json, struct dw_error *reterr)
{
    return merge(target, patch, false, arena, ret_json, reterr);
}

bool dw_json_patch_join(struct dw_slice patch, struct dw_slice next, struct dw_arena *arena,
                        struct dw_slice *ret_patch, struct dw_error *reterr)
{
    return merge(patch, next, true, arena, ret_patch, reterr);
}

bool dw_json_patch_of(struct dw_slice path, struct dw_slice value, struct dw_arena *arena,
                      struct dw_slice *ret_patch, struct dw_error *reterr)
{
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_json_writer json = dw_json_writer_to(&buf);
    const struct dw_json *parsed = NULL;
    struct dw_slice name;
    size_t depth = 0;

    while (dw_slice_split(&path, '.', &name)) {
        if (name.len == 0 || depth == DW_JSON_MAX_DEPTH / 2)
            return dw_fail(reterr, DW_MALFORMED, "a part of the name is empty");
        dw_json_write_object_start(&json);
        dw_json_write_key(&json, name);
        depth++;
    }
    if (depth == 0)
        return dw_fail(reterr, DW_MALFORMED, "the name is empty");
    if (dw_json_parse(value, arena, &parsed, NULL))
        dw_json_write_raw(&json, parsed->raw);
    else
        dw_json_write_text(&json, value);
    while (depth-- > 0)
        dw_json_write_object_end(&json);
    return dw_buf_finish(&buf, ret_patch, reterr);
}
