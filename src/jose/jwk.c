/* Reading JWK Sets. A key is taken or skipped; only what is no set at all fails. */
#include "jose/jwk_internal.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "base/text.h"
#include "jose/algorithm_internal.h"
#include "jose/signing_key.h"

/* A tree of 256 KiB of "[0,0,..." is the worst case. */
#define MAX_TREE_BYTES (64 * DW_JWKS_MAX_BYTES)
#define MAX_NUMBER_BYTES 2048 /* base64url of a modulus: 1,366 for 8,192 bits */

struct dw_jwks {
    atomic_uint references;
    struct dw_arena *arena; /* the kids */
    size_t count;
    struct dw_jwk items[DW_JWKS_MAX_KEYS];
};

/* A base64url member. False when it is absent, no string, or no base64url. */
static bool number(const struct dw_json *jwk, const char *name, struct dw_arena *arena,
                   struct dw_slice *ret_bytes, struct dw_error *reterr)
{
    struct dw_slice text = dw_json_text(jwk, name);

    if (text.len == 0 || text.len > MAX_NUMBER_BYTES)
        return dw_fail(reterr, DW_MALFORMED, "a JWK lacks \"%s\"", name);
    return dw_text_unbase64url(text, arena, ret_bytes, reterr);
}

static enum dw_key_type type_of(const struct dw_json *jwk)
{
    static const struct {
        const char *kty, *crv;
        enum dw_key_type type;
    } rows[] = {
        {"RSA", "", DW_KEY_RSA},
        {"EC", "P-256", DW_KEY_P256},
        {"EC", "P-384", DW_KEY_P384},
        {"EC", "P-521", DW_KEY_P521},
        {"OKP", "Ed25519", DW_KEY_ED25519},
    };
    struct dw_slice kty = dw_json_text(jwk, "kty");
    struct dw_slice crv = dw_json_text(jwk, "crv");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (dw_slice_eq(kty, dw_slice_from_text(rows[i].kty)) &&
            (!*rows[i].crv || dw_slice_eq(crv, dw_slice_from_text(rows[i].crv))))
            return rows[i].type;
    return DW_KEY_UNKNOWN;
}

/* RFC 7517 4.2 and 4.3: a key for something else than signatures is not for us. */
static bool is_for_signatures(const struct dw_json *jwk)
{
    const struct dw_json *use = dw_json_get(jwk, "use");
    const struct dw_json *operations = dw_json_get(jwk, "key_ops");

    if (use && (use->type != DW_JSON_TEXT || !dw_slice_eq(use->text, DW_LIT("sig"))))
        return false;
    if (!operations)
        return true;
    if (operations->type != DW_JSON_ARRAY)
        return false;
    for (size_t i = 0; i < operations->array.count; i++) {
        const struct dw_json *item = &operations->array.items[i];

        if (item->type == DW_JSON_TEXT && dw_slice_eq(item->text, DW_LIT("verify")))
            return true;
    }
    return false;
}

/* What the key may verify; 0 when its `alg` is unknown or of another type of key. */
static dw_jose_algs algs_of(const struct dw_json *jwk, enum dw_key_type type)
{
    const struct dw_json *named = dw_json_get(jwk, "alg");
    dw_jose_algs algs = 0;

    for (enum dw_jose_alg alg = DW_ALG_UNKNOWN + 1; alg < DW_ALG_COUNT; alg++)
        if (dw_jose_alg_row(alg)->key_type == type)
            algs |= 1u << alg;
    if (!named)
        return algs;
    if (named->type != DW_JSON_TEXT)
        return 0;
    return algs & (1u << dw_jose_alg_from(named->text));
}

static struct dw_key *key_of(const struct dw_json *jwk, enum dw_key_type type,
                             struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_key_parts parts = {.type = type};

    if (type == DW_KEY_RSA) {
        if (!number(jwk, "n", arena, &parts.n, reterr) ||
            !number(jwk, "e", arena, &parts.e, reterr))
            return NULL;
    } else if (!number(jwk, "x", arena, &parts.x, reterr) ||
               (type != DW_KEY_ED25519 && !number(jwk, "y", arena, &parts.y, reterr))) {
        return NULL;
    }
    return dw_key_from_parts(&parts, reterr);
}

/* False with DW_MALFORMED: skip it. Any other code: nothing can be told, the set fails. */
static bool add(struct dw_jwks *keys, const struct dw_json *jwk, struct dw_arena *scratch,
                struct dw_error *reterr)
{
    const struct dw_json *kid = dw_json_get(jwk, "kid");
    enum dw_key_type type = type_of(jwk);
    struct dw_jwk item = {.kid = DW_EMPTY, .algs = algs_of(jwk, type)};

    if (keys->count == DW_JWKS_MAX_KEYS || item.algs == 0 || !is_for_signatures(jwk))
        return dw_fail(reterr, DW_MALFORMED, "not a key to verify signatures with");
    if (dw_json_get(jwk, "d") || dw_json_get(jwk, "k"))
        return dw_fail(reterr, DW_MALFORMED, "a key whose private half is published");
    if (kid && (kid->type != DW_JSON_TEXT || kid->text.len > DW_KID_MAX_BYTES))
        return dw_fail(reterr, DW_MALFORMED, "a kid that is no short text");
    if (kid && kid->text.len > 0 && dw_jwks_has_kid(keys, kid->text))
        return dw_fail(reterr, DW_MALFORMED, "a kid that another key has");
    if (kid)
        item.kid = dw_arena_copy(keys->arena, kid->text);
    if (!item.kid.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    item.key = key_of(jwk, type, scratch, reterr);
    if (!item.key)
        return false;
    keys->items[keys->count++] = item;
    return true;
}

static bool fill(struct dw_jwks *keys, struct dw_slice json, struct dw_arena *scratch,
                 size_t *ret_skipped, struct dw_error *reterr)
{
    const struct dw_json *document;
    const struct dw_json *list;

    if (json.len > DW_JWKS_MAX_BYTES)
        return dw_fail(reterr, DW_MALFORMED, "a JWK Set of more than %d bytes", DW_JWKS_MAX_BYTES);
    if (!dw_json_parse(json, scratch, &document, reterr))
        return false;
    list = dw_json_get(document, "keys");
    if (!list || list->type != DW_JSON_ARRAY)
        return dw_fail(reterr, DW_MALFORMED, "not a JWK Set: it has no array \"keys\"");
    for (size_t i = 0; i < list->array.count; i++) {
        struct dw_error skipped = {.code = DW_OK};

        if (add(keys, &list->array.items[i], scratch, &skipped))
            continue;
        if (skipped.code != DW_MALFORMED) {
            if (reterr)
                *reterr = skipped;
            return false;
        }
        ++*ret_skipped;
    }
    return true;
}

static struct dw_jwks *new_set(struct dw_error *reterr)
{
    struct dw_jwks *keys = dw_mem_new(sizeof *keys);

    if (keys) {
        atomic_init(&keys->references, 1);
        keys->arena = dw_arena_new(DW_JWKS_MAX_KEYS * (DW_KID_MAX_BYTES + 64));
    }
    if (keys && keys->arena)
        return keys;
    dw_jwks_unref(keys);
    dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return NULL;
}

struct dw_jwks *dw_jwks_parse(struct dw_slice json, size_t *ret_skipped, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *scratch = dw_arena_new(MAX_TREE_BYTES);
    struct dw_jwks *keys = new_set(reterr);
    size_t skipped = 0;

    if (!keys)
        return NULL;
    if (!scratch) {
        dw_jwks_unref(keys);
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (!fill(keys, json, scratch, &skipped, reterr)) {
        dw_jwks_unref(keys);
        return NULL;
    }
    if (ret_skipped)
        *ret_skipped = skipped;
    return keys;
}

struct dw_jwks *dw_jwks_of_one(const struct dw_json *jwk, struct dw_arena *arena,
                               struct dw_slice *ret_thumbprint, struct dw_error *reterr)
{
    struct dw_jwks *keys = new_set(reterr);

    if (!keys)
        return NULL;
    if (add(keys, jwk, arena, reterr) &&
        dw_jwk_thumbprint(keys->items[0].key, arena, ret_thumbprint, reterr))
        return keys;
    dw_jwks_unref(keys);
    return NULL;
}

struct dw_jwks *dw_jwks_ref(struct dw_jwks *keys)
{
    atomic_fetch_add_explicit(&keys->references, 1, memory_order_relaxed);
    return keys;
}

void dw_jwks_unref(struct dw_jwks *keys)
{
    if (!keys || atomic_fetch_sub_explicit(&keys->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < keys->count; i++)
        dw_key_unref(keys->items[i].key);
    dw_arena_free(keys->arena);
    dw_mem_free(keys);
}

size_t dw_jwks_count(const struct dw_jwks *keys)
{
    return keys->count;
}

const struct dw_jwk *dw_jwks_items(const struct dw_jwks *keys, size_t *ret_count)
{
    *ret_count = keys->count;
    return keys->items;
}

bool dw_jwks_has_kid(const struct dw_jwks *keys, struct dw_slice kid)
{
    for (size_t i = 0; i < keys->count; i++)
        if (dw_slice_eq(keys->items[i].kid, kid))
            return true;
    return false;
}
