/* Any JSON as the claims of an assertion, and as a chain of actors: what is taken says who, until
 * when and is for us alone; a chain only grows by one, to five at most, and stays JSON. */
#include <stdlib.h>

#include "oauth/token_exchange.h"

#define NOW_S INT64_C(1800000000)
#define ISSUER "https://tenant.example/"

static size_t depth_of(const struct dw_json *act)
{
    size_t depth = 0;

    for (; act; act = dw_json_get(act, "act"))
        depth++;
    return depth;
}

static void check_chain(const struct dw_json *act, struct dw_arena *arena)
{
    struct dw_error error = {.code = DW_OK};
    const struct dw_json *longer;
    struct dw_slice json;

    if (!dw_act_extend(DW_LIT("now"), DW_LIT("before"), act, arena, &json, &error)) {
        if (error.code != DW_INVALID_REQUEST && error.code != DW_NO_MEMORY)
            abort();
        return;
    }
    if (!dw_json_parse(json, arena, &longer, &error))
        abort();
    if (depth_of(longer) < 1 || depth_of(longer) > DW_ACT_MAX_DEPTH ||
        !dw_slice_eq(dw_json_text(longer, "sub"), DW_LIT("now")))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(16 << 20);
    struct dw_error error = {.code = DW_OK};
    struct dw_external_subject subject;
    struct dw_jwt jwt = {.typ = DW_LIT("oauth-id-jag+jwt")};
    struct dw_slice audience;

    if (!arena)
        abort();
    if (!dw_json_parse(dw_slice_from((const char *)data, size), arena, &jwt.claims, &error) ||
        jwt.claims->type != DW_JSON_OBJECT)
        return 0;
    check_chain(dw_json_get(jwt.claims, "act"), arena);
    if (!dw_id_jag_check(&jwt, DW_LIT("https://idp.example"), DW_LIT(ISSUER), DW_LIT("agent"),
                         NOW_S, arena, &subject, &error)) {
        if (error.code != DW_INVALID_GRANT && error.code != DW_NO_MEMORY)
            abort();
        return 0;
    }
    if (subject.subject.len == 0 || subject.token_id.len == 0 || subject.expires_at_s <= NOW_S ||
        subject.expires_at_s > NOW_S + DW_EXTERNAL_TOKEN_MAX_LIFETIME_S)
        abort();
    if (dw_id_jag_audience(&subject, DW_LIT("https://api"), &audience, &error) &&
        !dw_slice_eq(audience, DW_LIT("https://api")))
        abort();
    return 0;
}
