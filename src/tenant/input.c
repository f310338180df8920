/* Small things every endpoint needs: parameters of a body, random texts, digests, own URLs. */
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "http/field.h"
#include "oauth/token_request.h"
#include "sys/sys.h"
#include "tenant/tenant_internal.h"

/* RFC 8707 section 2: the only parameter that may come more than once. */
static const struct dw_slice repeatable[] = {{"resource", 8}};

bool dw_call_parameters(struct dw_tenant_call *call, struct dw_form *ret_form,
                        struct dw_error *reterr)
{
    return dw_token_form_parse(dw_http_field(call->fields, "content-type"), call->body, call->arena,
                               ret_form, reterr) &&
           dw_form_check_doubles(ret_form, (struct dw_slices){repeatable, 1}, reterr);
}

bool dw_call_form(struct dw_tenant_call *call, struct dw_form *ret_form, struct dw_error *reterr)
{
    if (!dw_http_media_type_is(dw_http_field(call->fields, "content-type"),
                               "application/x-www-form-urlencoded"))
        return dw_fail(reterr, DW_UNSUPPORTED_MEDIA,
                       "this address takes application/x-www-form-urlencoded only");
    return dw_form_parse(call->body, call->arena, ret_form, reterr) &&
           dw_form_check_doubles(ret_form, (struct dw_slices){NULL, 0}, reterr);
}

struct dw_slice dw_tenant_url(const struct dw_tenant *tenant, struct dw_arena *arena,
                              const char *path)
{
    return dw_arena_printf(arena, "%.*s%s", DW_PRINT(tenant->config.issuer), path);
}

static struct dw_slice random_text(struct dw_arena *arena, const char *prefix, size_t bytes,
                                   struct dw_slice (*encode)(struct dw_arena *arena,
                                                             struct dw_slice bytes))
{
    char random[64];
    struct dw_slice text;

    if (bytes > sizeof random)
        bytes = sizeof random;
    dw_sys_random(random, bytes);
    text = encode(arena, dw_slice_from(random, bytes));
    dw_mem_wipe(random, sizeof random);
    return text.ptr && prefix[0] != '\0' ? dw_arena_printf(arena, "%s%.*s", prefix, DW_PRINT(text))
                                         : text;
}

struct dw_slice dw_tenant_random_text(struct dw_arena *arena, const char *prefix, size_t bytes)
{
    return random_text(arena, prefix, bytes, dw_text_base64url);
}

struct dw_slice dw_tenant_random_hex(struct dw_arena *arena, const char *prefix, size_t bytes)
{
    return random_text(arena, prefix, bytes, dw_text_hex);
}

struct dw_slice dw_tenant_random_id(struct dw_arena *arena, const char *prefix, size_t chars)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_slice text;

    dw_buf_add(&buf, dw_slice_from_text(prefix));
    for (size_t made = 0; made < chars;) {
        unsigned char random[32];

        dw_sys_random(random, sizeof random);
        for (size_t i = 0; i < sizeof random && made < chars; i++)
            if (random[i] < 4 * 62) { /* the rest would make some letters likelier */
                dw_buf_add_byte(&buf, alphabet[random[i] % 62]);
                made++;
            }
    }
    return dw_buf_finish(&buf, &text, NULL) ? text : (struct dw_slice){0};
}

void dw_tenant_client_lifetimes(const struct dw_tenant *tenant, struct dw_oauth_client *client)
{
    const struct dw_tenant_config *config = &tenant->config;

    client->refresh = (struct dw_refresh_policy){
        .is_rotating = true,
        .leeway_s = config->refresh_token_leeway_s,
        .lifetime_s = config->refresh_token_ttl_s,
        .idle_lifetime_s = config->refresh_token_idle_ttl_s,
    };
    client->id_token_lifetime_s = config->id_token_ttl_s;
}

bool dw_tenant_digest(struct dw_slice secret, struct dw_arena *arena, struct dw_slice *ret_digest,
                      struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];

    if (!dw_sha256(secret, digest, reterr))
        return false;
    *ret_digest = dw_arena_copy(arena, dw_slice_from((const char *)digest, sizeof digest));
    return ret_digest->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}
