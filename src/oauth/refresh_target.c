/* Multi-resource refresh tokens: which API, and which scopes of it at most. */
#include "oauth/refresh_target.h"

#include "oauth/scope.h"
#include "json/json.h"

static bool fail_form(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_REQUEST,
                   "refresh token policies are a list of {\"audience\", \"scope\":[...]}");
}

static bool read_row(const struct dw_json *item, struct dw_arena *arena,
                     struct dw_refresh_policy_row *ret_row, struct dw_error *reterr)
{
    ret_row->audience = dw_json_text(item, "audience");
    if (ret_row->audience.len == 0)
        return fail_form(reterr);
    if (!dw_json_texts(item, "scope", arena, &ret_row->scopes, reterr))
        return reterr->code == DW_MALFORMED ? fail_form(reterr) : false;
    for (size_t at = 0; at < ret_row->scopes.count; at++)
        if (!dw_scope_is_name(ret_row->scopes.items[at]))
            return fail_form(reterr);
    return ret_row->scopes.count <= DW_SCOPES_MAX || fail_form(reterr);
}

static const struct dw_refresh_policy_row *find_row(const struct dw_refresh_policy_row *rows,
                                                    size_t count, struct dw_slice audience)
{
    for (size_t at = 0; at < count; at++)
        if (dw_slice_eq(rows[at].audience, audience))
            return &rows[at];
    return NULL;
}

bool dw_refresh_policies_parse(struct dw_slice json, struct dw_arena *arena,
                               struct dw_refresh_policy_row **ret_rows, size_t *ret_count,
                               struct dw_error *reterr)
{
    const struct dw_json *document;
    struct dw_error error = {0};

    *ret_rows = NULL;
    *ret_count = 0;
    if (json.len == 0)
        return true;
    if (!dw_json_parse(json, arena, &document, &error))
        return error.code == DW_NO_MEMORY ? dw_fail(reterr, DW_NO_MEMORY, "out of memory")
                                          : fail_form(reterr);
    if (document->type != DW_JSON_ARRAY || document->array.count > DW_REFRESH_POLICIES_MAX)
        return fail_form(reterr);
    *ret_rows = dw_arena_new_array(arena, document->array.count + 1, sizeof **ret_rows);
    if (!*ret_rows)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t at = 0; at < document->array.count; at++) {
        struct dw_refresh_policy_row row;

        if (!read_row(&document->array.items[at], arena, &row, reterr))
            return false;
        if (find_row(*ret_rows, at, row.audience))
            return fail_form(reterr);
        (*ret_rows)[at] = row;
        *ret_count = at + 1;
    }
    return true;
}

/* Those about the user, which belong to no API. */
static bool openid_scopes(struct dw_slices scopes, struct dw_arena *arena,
                          struct dw_slices *ret_scopes, struct dw_error *reterr)
{
    struct dw_slice *items = dw_arena_new_array(arena, scopes.count + 1, sizeof *items);
    size_t count = 0;

    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t at = 0; at < scopes.count; at++)
        if (dw_scope_is_oidc(scopes.items[at]))
            items[count++] = scopes.items[at];
    *ret_scopes = (struct dw_slices){items, count};
    return true;
}

bool dw_refresh_target_choose(const struct dw_refresh_family *family,
                              const struct dw_oauth_client *client,
                              struct dw_slice requested_audience, struct dw_arena *arena,
                              struct dw_refresh_target *ret_target, struct dw_error *reterr)
{
    struct dw_slice audience = requested_audience.len > 0 ? requested_audience : family->audience;
    const struct dw_refresh_policy_row *row = NULL;
    struct dw_refresh_policy_row *rows;
    struct dw_slices about_user;
    size_t count;

    *ret_target = (struct dw_refresh_target){.audience = audience};
    if (client->is_first_party) {
        if (!dw_refresh_policies_parse(client->refresh_policies_json, arena, &rows, &count, reterr))
            return false;
        row = find_row(rows, count, audience);
    }
    if (dw_slice_eq(audience, family->audience)) {
        ret_target->standard = family->scopes;
        ret_target->ceiling = family->scopes;
        return !row ||
               dw_scopes_either(family->scopes, row->scopes, arena, &ret_target->ceiling, reterr);
    }
    if (!row)
        return dw_fail(reterr, DW_INVALID_TARGET, "The grant is not for %.*s.",
                       DW_PRINT(dw_slice_sub(audience, 0, 100)));
    ret_target->is_another_api = true;
    if (!openid_scopes(family->scopes, arena, &about_user, reterr) ||
        !dw_scopes_either(about_user, row->scopes, arena, &ret_target->ceiling, reterr))
        return false;
    ret_target->standard = ret_target->ceiling;
    return true;
}
