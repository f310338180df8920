/* What anybody may read: discovery, the keys, health, and a page at "/". */
#include "crypto/digest.h"
#include "http/field.h"
#include "oauth/avatar.h"
#include "oauth/metadata.h"
#include "tenant/endpoints_internal.h"

/* Clients and gateways look again after it; a rotation publishes the new key at once, and an
 * unknown kid makes them ask before. */
#define KEYS_CACHE_CONTROL "public, max-age=300"
#define DISCOVERY_CACHE_CONTROL "public, max-age=60"

/* The scopes of all APIs of the first page: a client that knows nothing else asks for them. */
static bool api_scopes(struct dw_tenant_call *call, struct dw_slices *ret_scopes,
                       struct dw_error *reterr)
{
    struct dw_api *apis;
    size_t count, used = 0;
    struct dw_slice *names;

    if (!dw_store_apis(call->tenant->store, (struct dw_page){0}, call->arena, &apis, &count, NULL,
                       reterr))
        return false;
    names = dw_arena_new_array(call->arena, DW_SCOPES_MAX, sizeof *names);
    if (!names)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; !apis[i].is_system && k < apis[i].scope_count; k++)
            if (used < DW_SCOPES_MAX &&
                !dw_slices_have((struct dw_slices){names, used}, apis[i].scopes[k].value))
                names[used++] = apis[i].scopes[k].value;
    *ret_scopes = (struct dw_slices){names, used};
    return true;
}

bool dw_endpoint_discovery(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_slices scopes;

    if (!api_scopes(call, &scopes, reterr))
        return false;
    dw_metadata_write(call->tenant->config.issuer, call->settings, scopes, &out);
    return dw_answer_json(call, 200, &out, reterr) &&
           dw_answer_field(call, "Cache-Control", DW_LIT(DISCOVERY_CACHE_CONTROL), reterr);
}

/* RFC 9110 section 13.1.2: any of the listed tags, weak or not. */
static bool is_known(struct dw_http_fields fields, struct dw_slice tag)
{
    struct dw_slice rest = dw_http_field(fields, "if-none-match");
    struct dw_slice element;

    while (dw_http_list_next(&rest, &element)) {
        (void)dw_slice_eat(&element, DW_LIT("W/"));
        if (dw_slice_eq(element, tag) || dw_slice_eq(element, DW_LIT("*")))
            return true;
    }
    return false;
}

/* Auth0 flags.remove_alg_from_jwks: for clients that would take a key with an `alg` for nothing
 * else. */
static bool remove_alg(struct dw_tenant_call *call, struct dw_slice *json, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    const struct dw_json *document, *keys;

    if (!dw_json_parse(*json, call->arena, &document, reterr))
        return false;
    keys = dw_json_get(document, "keys");
    dw_json_write_object_start(&writer);
    dw_json_write_key(&writer, DW_LIT("keys"));
    dw_json_write_array_start(&writer);
    for (size_t i = 0; keys && i < keys->array.count; i++) {
        const struct dw_json *key = &keys->array.items[i];

        dw_json_write_object_start(&writer);
        for (size_t k = 0; k < key->object.count; k++)
            if (!dw_slice_eq(key->object.members[k].key, DW_LIT("alg"))) {
                dw_json_write_key(&writer, key->object.members[k].key);
                dw_json_write_raw(&writer, key->object.members[k].value.raw);
            }
        dw_json_write_object_end(&writer);
    }
    dw_json_write_array_end(&writer);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, json, reterr);
}

bool dw_endpoint_jwks(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_slice json, digest, tag;

    if (!dw_keyring_json(call->tenant->keyring, call->arena, &json, reterr) ||
        (call->settings->removes_alg_from_keys && !remove_alg(call, &json, reterr)) ||
        !dw_sha256_base64url(json, call->arena, &digest, reterr))
        return false;
    tag = dw_arena_printf(call->arena, "\"%.*s\"", DW_PRINT(digest));
    if (!dw_answer_field(call, "ETag", tag, reterr) ||
        !dw_answer_field(call, "Cache-Control", DW_LIT(KEYS_CACHE_CONTROL), reterr))
        return false;
    if (is_known(call->fields, tag)) {
        call->status = 304;
        return true;
    }
    call->status = 200;
    call->answer = json;
    return dw_answer_field(call, "Content-Type", DW_LIT("application/json; charset=utf-8"), reterr);
}

bool dw_endpoint_health(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    if (call->tenant->store_was_good_at_s != call->now_s) {
        if (!dw_store_check(call->tenant->store, reterr))
            return false;
        call->tenant->store_was_good_at_s = call->now_s;
    }
    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "status", DW_LIT("ok"));
    dw_json_write_object_end(&json);
    return dw_answer_json(call, 200, &out, reterr);
}

bool dw_endpoint_favicon(struct dw_tenant_call *call, struct dw_error *reterr)
{
    call->status = 200;
    call->answer = DW_LIT(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\" fill=\"none\" "
        "stroke=\"#2f8f6b\" stroke-width=\"3\" stroke-linejoin=\"round\">"
        "<path d=\"M7 36V16a13 13 0 0 1 26 0v20z\"/><path d=\"M14 36V17l12-5v24\"/></svg>\n");
    return dw_answer_field(call, "Content-Type", DW_LIT("image/svg+xml"), reterr) &&
           dw_answer_field(call, "Cache-Control", DW_LIT("public, max-age=86400"), reterr);
}

/* Opened by itself it is a document: one that may do nothing. */
bool dw_endpoint_avatar(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_slice file_name = call->path;
    struct dw_buf out = dw_buf_in(call->arena);

    (void)dw_slice_eat(&file_name, DW_LIT("/" DW_AVATAR_PATH));
    if (!dw_avatar_write(file_name, &out, reterr) || !dw_buf_finish(&out, &call->answer, reterr))
        return false;
    call->status = 200;
    return dw_answer_field(call, "Content-Type", DW_LIT("image/svg+xml"), reterr) &&
           dw_answer_field(call, "Content-Security-Policy", DW_LIT("default-src 'none'"), reterr) &&
           dw_answer_field(call, "Cache-Control", DW_LIT("public, max-age=86400"), reterr);
}

bool dw_endpoint_home(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "title", .key = "home.title"},
        {.name = "lead", .key = "home.lead"},
        {.name = "code",
         .text = dw_tenant_url(call->tenant, call->arena, ".well-known/openid-configuration")},
    };

    return dw_answer_html(call, 200, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}
