/* A good token's principal, packed into one allocation. The same code runs twice: first to count
 * the bytes, then to write them. */
#include "base/mem.h"
#include "guard/token_cache_internal.h"

struct packer {
    char *to; /* NULL: counting */
    size_t used;
    struct dw_slice raw;  /* the claims as they were written: most texts are parts of them */
    const char *raw_copy; /* where they are now */
};

static void *take(struct packer *packer, size_t size)
{
    void *place = packer->to ? packer->to + packer->used : NULL;

    packer->used += (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    return place;
}

static struct dw_slice pack_text(struct packer *packer, struct dw_slice text)
{
    char *place;

    if (text.len == 0)
        return DW_EMPTY;
    if (packer->raw_copy && text.ptr >= packer->raw.ptr &&
        text.ptr + text.len <= packer->raw.ptr + packer->raw.len)
        return dw_slice_from(packer->raw_copy + (text.ptr - packer->raw.ptr), text.len);
    place = take(packer, text.len);
    if (place)
        memcpy(place, text.ptr, text.len);
    return dw_slice_from(place, text.len);
}

static struct dw_slices pack_texts(struct packer *packer, struct dw_slices texts)
{
    struct dw_slice *items = take(packer, texts.count * sizeof *items);

    for (size_t i = 0; i < texts.count; i++) {
        struct dw_slice text = pack_text(packer, texts.items[i]);

        if (items)
            items[i] = text;
    }
    return (struct dw_slices){items, texts.count};
}

/* The depth is bounded by DW_JSON_MAX_DEPTH. */
static struct dw_json pack_json(struct packer *packer, const struct dw_json *value)
{
    struct dw_json copy = *value;

    copy.raw = pack_text(packer, value->raw);
    if (value->type == DW_JSON_TEXT) {
        copy.text = pack_text(packer, value->text);
    } else if (value->type == DW_JSON_ARRAY) {
        struct dw_json *items = take(packer, value->array.count * sizeof *items);

        for (size_t i = 0; i < value->array.count; i++) {
            struct dw_json item = pack_json(packer, &value->array.items[i]);

            if (items)
                items[i] = item;
        }
        copy.array.items = items;
    } else if (value->type == DW_JSON_OBJECT) {
        struct dw_json_member *members = take(packer, value->object.count * sizeof *members);

        for (size_t i = 0; i < value->object.count; i++) {
            struct dw_json_member member = {.key = pack_text(packer, value->object.members[i].key),
                                            .value =
                                                pack_json(packer, &value->object.members[i].value)};

            if (members)
                members[i] = member;
        }
        copy.object.members = members;
    }
    return copy;
}

static struct dw_access_token pack_token(struct packer *packer, const struct dw_access_token *token)
{
    struct dw_access_token copy = *token;
    struct dw_json *claims;
    struct dw_json packed;
    char *raw = take(packer, token->claims->raw.len);

    if (raw)
        memcpy(raw, token->claims->raw.ptr, token->claims->raw.len);
    packer->raw = token->claims->raw;
    packer->raw_copy = raw ? raw : packer->raw.ptr; /* counting: only that it is there matters */
    claims = take(packer, sizeof *claims);
    packed = pack_json(packer, token->claims);
    if (claims)
        *claims = packed;
    copy.claims = claims;
    copy.issuer = pack_text(packer, token->issuer);
    copy.subject = pack_text(packer, token->subject);
    copy.client_id = pack_text(packer, token->client_id);
    copy.organization_id = pack_text(packer, token->organization_id);
    copy.token_id = pack_text(packer, token->token_id);
    copy.dpop_jkt = pack_text(packer, token->dpop_jkt);
    copy.audiences = pack_texts(packer, token->audiences);
    copy.scopes = pack_texts(packer, token->scopes);
    return copy;
}

struct dw_verdict *dw_verdict_new(const struct dw_access_token *token, struct dw_slice key)
{
    struct packer packer = {.to = NULL};
    struct dw_verdict *verdict;

    (void)pack_token(&packer, token);
    (void)pack_text(&packer, key);
    verdict = dw_mem_new(sizeof *verdict + packer.used);
    if (!verdict)
        return NULL;
    packer = (struct packer){.to = verdict->packed};
    verdict->token = pack_token(&packer, token);
    verdict->principal.token = &verdict->token;
    verdict->principal.key = pack_text(&packer, key);
    verdict->references = 1;
    return verdict;
}

struct dw_verdict *dw_verdict_ref(struct dw_verdict *verdict)
{
    verdict->references++;
    return verdict;
}

void dw_verdict_unref(struct dw_verdict *verdict)
{
    if (verdict && --verdict->references == 0)
        dw_mem_free(verdict);
}
