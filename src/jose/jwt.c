/* Taking signed tokens apart, and verifying them. */
#include "jose/jwt.h"

#include "base/buf.h"
#include "base/text.h"
#include "jose/algorithm_internal.h"
#include "jose/jwk_internal.h"
#include "jose/jwt_internal.h"
#include "json/json_writer.h"

#define PARTS_OF_JWE 5

static bool fail_encrypted(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_TOKEN,
                   "this is an encrypted token (JWE): Auth0 issues one when the client sent no "
                   "`audience`; request the token with this API's audience");
}

bool dw_jwt_split(struct dw_slice token, struct dw_slice ret_parts[static 3],
                  struct dw_error *reterr)
{
    struct dw_slice rest = token;
    size_t dots = 0;

    if (token.len > DW_JWT_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token has more than %d bytes",
                       DW_JWT_MAX_BYTES);
    for (size_t i = 0; i < token.len; i++)
        dots += token.ptr[i] == '.';
    if (dots == 0)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "this is an opaque token, not a JWT: Auth0 issues one when the client sent "
                       "no `audience`; request the token with this API's audience");
    if (dots == PARTS_OF_JWE - 1)
        return fail_encrypted(reterr);
    if (dots != 2)
        return dw_fail(reterr, DW_INVALID_TOKEN, "a JWT has three parts, this token has %zu",
                       dots + 1);
    for (size_t i = 0; i < 3; i++) {
        size_t len = dw_slice_index(rest, '.');

        ret_parts[i] = dw_slice_sub(rest, 0, len);
        rest = dw_slice_sub(rest, len + 1, rest.len);
        if (len == 0 && i < 2) /* of an empty signature the header says more: alg "none" */
            return dw_fail(reterr, DW_INVALID_TOKEN, "part %zu of the token is empty", i + 1);
    }
    return true;
}

bool dw_jwt_read_part(struct dw_slice part, const char *what, struct dw_arena *arena,
                      const struct dw_json **ret_object, struct dw_error *reterr)
{
    struct dw_slice json;
    struct dw_error cause = {.code = DW_OK};

    if (!dw_text_unbase64url(part, arena, &json, &cause) ||
        !dw_json_parse(json, arena, ret_object, &cause)) {
        if (cause.code == DW_NO_MEMORY)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token's %s: %s", what, cause.message);
    }
    if ((*ret_object)->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token's %s: not a JSON object", what);
    return true;
}

/* A text of the header; empty when it is absent. */
static bool header_text(const struct dw_json *header, const char *name, struct dw_slice *ret_text,
                        struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(header, name);

    *ret_text = DW_EMPTY;
    if (!value)
        return true;
    if (value->type != DW_JSON_TEXT || value->text.len > DW_KID_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_TOKEN, "\"%s\" in the token's header is no short text",
                       name);
    *ret_text = value->text;
    return true;
}

bool dw_jwt_check_header(const struct dw_json *header, struct dw_error *reterr)
{
    if (dw_json_get(header, "enc"))
        return fail_encrypted(reterr);
    /* RFC 7515 4.1.11 MUST: refuse what is critical and not understood; we understand none. The
     * same for b64 of RFC 7797, with or without its crit. */
    return (!dw_json_get(header, "crit") && !dw_json_get(header, "b64")) ||
           dw_fail(reterr, DW_INVALID_TOKEN,
                   "the token's header asks for an extension (crit) that is not known here");
}

static bool read_header(struct dw_jwt *jwt, struct dw_error *reterr)
{
    struct dw_slice alg;

    if (!dw_jwt_check_header(jwt->header, reterr) ||
        !header_text(jwt->header, "alg", &alg, reterr) ||
        !header_text(jwt->header, "kid", &jwt->kid, reterr) ||
        !header_text(jwt->header, "typ", &jwt->typ, reterr))
        return false;
    jwt->alg = dw_jose_alg_from(alg);
    if (jwt->alg == DW_ALG_UNKNOWN)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the algorithm \"%.*s\" is not accepted; use RS256 or another with a public "
                       "key",
                       DW_PRINT(dw_slice_sub(alg, 0, 16)));
    return true;
}

bool dw_jwt_parse(struct dw_slice token, struct dw_arena *arena, struct dw_jwt *ret_unverified,
                  struct dw_error *reterr)
{
    struct dw_jwt *jwt = ret_unverified;
    struct dw_slice parts[3];
    struct dw_error cause = {.code = DW_OK};

    *jwt = (struct dw_jwt){.alg = DW_ALG_UNKNOWN, .kid = DW_EMPTY, .typ = DW_EMPTY};
    if (!dw_jwt_split(token, parts, reterr) ||
        !dw_jwt_read_part(parts[0], "header", arena, &jwt->header, reterr) ||
        !read_header(jwt, reterr) ||
        !dw_jwt_read_part(parts[1], "claims", arena, &jwt->claims, reterr))
        return false;
    if (parts[2].len == 0)
        return dw_fail(reterr, DW_INVALID_TOKEN, "part 3 of the token is empty: it is not signed");
    if (!dw_text_unbase64url(parts[2], arena, &jwt->signature, &cause))
        return dw_fail(reterr, cause.code == DW_NO_MEMORY ? DW_NO_MEMORY : DW_INVALID_TOKEN,
                       "the signature of the token is not base64url");
    jwt->signed_part = dw_slice_sub(token, 0, parts[0].len + 1 + parts[1].len);
    return true;
}

/* Whether the token chose this key, or, without kid, may have been made with it. */
static bool is_candidate(const struct dw_jwk *jwk, const struct dw_jwt *jwt)
{
    if (jwt->kid.len > 0 && !dw_slice_eq(jwk->kid, jwt->kid))
        return false;
    return (jwk->algs & (1u << jwt->alg)) != 0 &&
           dw_key_type(jwk->key) == dw_jose_alg_row(jwt->alg)->key_type;
}

bool dw_jwt_verify(const struct dw_jwt *unverified, const struct dw_jwks *keys,
                   dw_jose_algs allowed, bool *ret_kid_is_unknown, struct dw_error *reterr)
{
    const struct dw_jwt *jwt = unverified;
    size_t count, tries = 0;
    const struct dw_jwk *items = dw_jwks_items(keys, &count);

    *ret_kid_is_unknown = false;
    if (jwt->alg == DW_ALG_UNKNOWN || (allowed & DW_ALGS_ALL & (1u << jwt->alg)) == 0)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token is signed with %s, which is not accepted here",
                       dw_jose_alg_name(jwt->alg));
    if (jwt->kid.len > 0 && !dw_jwks_has_kid(keys, jwt->kid)) {
        *ret_kid_is_unknown = true;
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token is signed with a key (kid \"%.*s\") that its issuer does not "
                       "publish",
                       DW_PRINT(dw_slice_sub(jwt->kid, 0, 40)));
    }
    for (size_t i = 0; i < count && tries < DW_JWT_MAX_TRIES; i++) {
        bool is_valid;

        if (!is_candidate(&items[i], jwt))
            continue;
        tries++;
        if (!dw_sign_verify(items[i].key, dw_jose_alg_row(jwt->alg)->scheme, jwt->signed_part,
                            jwt->signature, &is_valid, reterr))
            return false;
        if (is_valid)
            return true;
    }
    if (tries == 0)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the issuer's key is not one for %s",
                       dw_jose_alg_name(jwt->alg));
    return dw_fail(reterr, DW_INVALID_TOKEN, "the signature of the token is wrong");
}

struct dw_slice dw_jwt_join(struct dw_arena *arena, struct dw_slice left, struct dw_slice right)
{
    size_t len = left.len + 1 + right.len;
    char *text = left.ptr && right.ptr ? dw_arena_alloc(arena, len) : NULL;

    if (!text)
        return dw_slice_from(NULL, 0);
    memcpy(text, left.ptr, left.len);
    text[left.len] = '.';
    memcpy(text + left.len + 1, right.ptr, right.len);
    return dw_slice_from(text, len);
}

bool dw_jwt_sign(const struct dw_signing_key *key, const char *header_typ, struct dw_slice claims,
                 struct dw_arena *arena, struct dw_slice *ret_token, struct dw_error *reterr)
{
    const struct dw_jose_alg_row *row = dw_jose_alg_row(dw_signing_key_alg(key));
    struct dw_buf header = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&header);
    struct dw_slice header_json, signature;
    struct dw_slice parts[3];
    struct dw_slice signed_part;

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "alg", dw_slice_from_text(row->name));
    dw_json_put_text(&writer, "typ", dw_slice_from_text(header_typ));
    dw_json_put_text(&writer, "kid", dw_signing_key_kid(key));
    dw_json_write_object_end(&writer);
    if (!dw_buf_finish(&header, &header_json, reterr))
        return false;
    parts[0] = dw_text_base64url(arena, header_json);
    parts[1] = dw_text_base64url(arena, claims);
    signed_part = dw_jwt_join(arena, parts[0], parts[1]);
    if (!signed_part.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_sign_make(dw_signing_key_key(key), row->scheme, signed_part, arena, &signature, reterr))
        return false;
    parts[2] = dw_text_base64url(arena, signature);
    *ret_token = dw_jwt_join(arena, signed_part, parts[2]);
    return ret_token->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}
