/* The WWW-Authenticate value of a refusal, and the protected resource's metadata. */
#include "guard/challenge_internal.h"

#include "base/buf.h"
#include "http/url.h"
#include "oauth/dpop.h"
#include "json/json_writer.h"

#define WELL_KNOWN "/.well-known/oauth-protected-resource"

/* RFC 6750 section 3 gives error_description and scope a smaller alphabet than quoted-string has:
 * no quote, no backslash, only printable ASCII. So nothing is ever escaped, and nothing can break
 * out. */
static void add_parameter(struct dw_buf *out, const char *name, struct dw_slice value)
{
    if (!value.len)
        return;
    dw_buf_printf(out, "%s%s=\"", dw_slice_contains(dw_buf_view(out), ' ') ? ", " : " ", name);
    for (size_t i = 0; i < value.len; i++) {
        char byte = value.ptr[i];

        if (byte == '"')
            byte = '\'';
        else if (byte < 0x20 || byte > 0x7e || byte == '\\')
            byte = '?';
        dw_buf_add_byte(out, byte);
    }
    dw_buf_add_byte(out, '"');
}

static struct dw_slice join(struct dw_slices scopes, struct dw_arena *arena)
{
    struct dw_buf out = dw_buf_in(arena);

    for (size_t i = 0; i < scopes.count; i++) {
        if (i)
            dw_buf_add_byte(&out, ' ');
        dw_buf_add(&out, scopes.items[i]);
    }
    return out.has_failed ? DW_EMPTY : dw_buf_view(&out);
}

/* Which refusals another token could turn into a yes. */
static bool is_about_the_token(enum dw_code code)
{
    return code == DW_NO_TOKEN || code == DW_INVALID_TOKEN || code == DW_INSUFFICIENT_SCOPE ||
           code == DW_INVALID_REQUEST || code == DW_DPOP_PROOF_REFUSED;
}

struct dw_slice dw_challenge_render(const struct dw_challenge *challenge,
                                    const struct dw_error *error, struct dw_slices needed,
                                    struct dw_arena *arena)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice value;

    if (!is_about_the_token(error->code))
        return DW_EMPTY;
    if (error->code != DW_INSUFFICIENT_SCOPE && needed.count == 0)
        needed = challenge->scopes;
    /* RFC 9449 section 7.1: who came with the DPoP scheme hears about the proof. */
    dw_buf_add(&out, error->code == DW_DPOP_PROOF_REFUSED ? DW_LIT("DPoP") : DW_LIT("Bearer"));
    /* RFC 6750 section 3.1: without credentials there is no error to name. */
    if (error->code != DW_NO_TOKEN) {
        add_parameter(&out, "error", dw_slice_from_text(dw_code_row(error->code)->oauth_error));
        add_parameter(&out, "error_description", dw_slice_from_text(error->message));
    }
    if (error->code == DW_DPOP_PROOF_REFUSED)
        add_parameter(&out, "algs", DW_LIT(DW_DPOP_ALGS));
    if (error->code != DW_INVALID_REQUEST)
        add_parameter(&out, "scope", join(needed, arena));
    add_parameter(&out, "resource_metadata", challenge->metadata_url);
    return dw_buf_finish(&out, &value, NULL) ? value : dw_slice_from(NULL, 0);
}

bool dw_resource_metadata_render(const struct dw_resource_metadata *metadata,
                                 struct dw_arena *arena, struct dw_slice *ret_json,
                                 struct dw_error *reterr)
{
    static const struct dw_slice header = {"header", 6};
    struct dw_slice algs = DW_LIT(DW_DPOP_ALGS), alg;
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "resource", metadata->protected_resource);
    dw_json_put_texts(&json, "authorization_servers", metadata->authorization_servers);
    if (metadata->scopes.count)
        dw_json_put_texts(&json, "scopes_supported", metadata->scopes);
    dw_json_put_texts(&json, "bearer_methods_supported", (struct dw_slices){&header, 1});
    dw_json_write_key(&json, DW_LIT("dpop_signing_alg_values_supported"));
    dw_json_write_array_start(&json);
    while (dw_slice_split(&algs, ' ', &alg))
        dw_json_write_text(&json, alg);
    dw_json_write_array_end(&json);
    if (metadata->name.len)
        dw_json_put_text(&json, "resource_name", metadata->name);
    dw_json_write_object_end(&json);
    return dw_buf_finish(&out, ret_json, reterr);
}

bool dw_resource_metadata_place(struct dw_slice protected_resource, struct dw_arena *arena,
                                struct dw_slice *ret_url, struct dw_slice *ret_path,
                                struct dw_error *reterr)
{
    struct dw_url url;
    struct dw_slice before_path, path;

    if (!dw_url_parse(protected_resource, &url, NULL) ||
        (!dw_url_has_scheme(&url, "https") && !dw_url_has_scheme(&url, "http")) ||
        url.has_userinfo || url.has_query || url.has_fragment)
        return dw_fail(reterr, DW_CONFIG,
                       "the public URL must be http(s)://host[:port][/path] and nothing more, not "
                       "\"%.*s\"",
                       DW_PRINT(dw_slice_sub(protected_resource, 0, 64)));
    path = url.path;
    before_path = dw_slice_sub(protected_resource, 0, protected_resource.len - path.len);
    /* RFC 9728 section 3.1: a slash that ends the host is dropped first. */
    if (dw_slice_eq(path, DW_LIT("/")))
        path = DW_EMPTY;
    *ret_path = dw_arena_printf(arena, WELL_KNOWN "%.*s", DW_PRINT(path));
    *ret_url =
        dw_arena_printf(arena, "%.*s" WELL_KNOWN "%.*s", DW_PRINT(before_path), DW_PRINT(path));
    if (!ret_path->ptr || !ret_url->ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return true;
}
