/* Private keys with their kid and certificate, and the JWK Set of their public halves. */
#include "jose/signing_key.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "jose/algorithm_internal.h"
#include "jose/jwk.h"
#include "json/json_writer.h"

#define MAX_CERTIFICATE_BYTES (16 * 1024)

struct dw_signing_key {
    atomic_uint references;
    struct dw_arena *arena; /* kid and certificate */
    struct dw_key *key;
    enum dw_jose_alg alg;
    struct dw_slice kid;
    struct dw_slice certificate_der;
};

static const char *crv_of(enum dw_key_type type)
{
    static const char *const names[DW_KEY_TYPE_COUNT] = {[DW_KEY_P256] = "P-256",
                                                         [DW_KEY_P384] = "P-384",
                                                         [DW_KEY_P521] = "P-521",
                                                         [DW_KEY_ED25519] = "Ed25519"};

    return names[type];
}

static bool put_base64url(struct dw_json_writer *writer, const char *name, struct dw_slice bytes,
                          struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slice text = dw_text_base64url(arena, bytes);

    if (!text.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    dw_json_put_text(writer, name, text);
    return true;
}

/* The members that make the key, in the order and form RFC 7638 3.2 wants: by name, nothing else.
 */
static bool write_parts(struct dw_json_writer *writer, const struct dw_key_parts *parts,
                        struct dw_arena *arena, struct dw_error *reterr)
{
    if (parts->type == DW_KEY_RSA) {
        if (!put_base64url(writer, "e", parts->e, arena, reterr))
            return false;
        dw_json_put_text(writer, "kty", DW_LIT("RSA"));
        return put_base64url(writer, "n", parts->n, arena, reterr);
    }
    dw_json_put_text(writer, "crv", dw_slice_from_text(crv_of(parts->type)));
    dw_json_put_text(writer, "kty", parts->type == DW_KEY_ED25519 ? DW_LIT("OKP") : DW_LIT("EC"));
    return put_base64url(writer, "x", parts->x, arena, reterr) &&
           (parts->type == DW_KEY_ED25519 || put_base64url(writer, "y", parts->y, arena, reterr));
}

bool dw_jwk_thumbprint(const struct dw_key *key, struct dw_arena *arena,
                       struct dw_slice *ret_thumbprint, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_key_parts parts;
    struct dw_slice json;

    if (!dw_key_parts(key, arena, &parts, reterr))
        return false;
    dw_json_write_object_start(&writer);
    if (!write_parts(&writer, &parts, arena, reterr))
        return false;
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, &json, reterr) &&
           dw_sha256_base64url(json, arena, ret_thumbprint, reterr);
}

static bool set(struct dw_signing_key *signing_key, struct dw_slice kid,
                struct dw_slice certificate_der, struct dw_error *reterr)
{
    if (!signing_key->arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (kid.len == 0 && !dw_jwk_thumbprint(signing_key->key, signing_key->arena, &kid, reterr))
        return false;
    signing_key->kid = dw_arena_copy(signing_key->arena, kid);
    signing_key->certificate_der = dw_arena_copy(signing_key->arena, certificate_der);
    if (!signing_key->kid.ptr || !signing_key->certificate_der.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return true;
}

struct dw_signing_key *dw_signing_key_new(struct dw_key *key, enum dw_jose_alg alg,
                                          struct dw_slice kid, struct dw_slice certificate_der,
                                          struct dw_error *reterr)
{
    struct dw_signing_key *signing_key;

    if (!dw_key_is_private(key) || dw_jose_alg_row(alg)->key_type != dw_key_type(key)) {
        dw_fail(reterr, DW_CONFIG, "signing with %s needs a private key of its type",
                dw_jose_alg_name(alg));
        return NULL;
    }
    if (kid.len > DW_KID_MAX_BYTES || certificate_der.len > MAX_CERTIFICATE_BYTES) {
        dw_fail(reterr, DW_CONFIG, "the kid or the certificate of a signing key is too long");
        return NULL;
    }
    signing_key = dw_mem_new(sizeof *signing_key);
    if (!signing_key) {
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    atomic_init(&signing_key->references, 1);
    signing_key->key = dw_key_ref(key);
    signing_key->alg = alg;
    signing_key->arena = dw_arena_new(2 * MAX_CERTIFICATE_BYTES);
    if (!set(signing_key, kid, certificate_der, reterr)) {
        dw_signing_key_unref(signing_key);
        return NULL;
    }
    return signing_key;
}

struct dw_signing_key *dw_signing_key_ref(struct dw_signing_key *key)
{
    atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void dw_signing_key_unref(struct dw_signing_key *key)
{
    if (!key || atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) != 1)
        return;
    dw_key_unref(key->key);
    if (key->arena)
        dw_arena_free(key->arena);
    dw_mem_free(key);
}

struct dw_slice dw_signing_key_kid(const struct dw_signing_key *key)
{
    return key->kid;
}

enum dw_jose_alg dw_signing_key_alg(const struct dw_signing_key *key)
{
    return key->alg;
}

const struct dw_key *dw_signing_key_key(const struct dw_signing_key *key)
{
    return key->key;
}

struct dw_slice dw_signing_key_certificate(const struct dw_signing_key *key)
{
    return key->certificate_der;
}

bool dw_signing_key_pem(const struct dw_signing_key *key, struct dw_arena *arena,
                        struct dw_secret *ret_pem, struct dw_error *reterr)
{
    return dw_key_to_pem(key->key, arena, ret_pem, reterr);
}

/* RFC 7517 4.7 and 4.8. */
static bool write_certificate(struct dw_json_writer *writer, struct dw_slice der,
                              struct dw_arena *arena, struct dw_error *reterr)
{
    unsigned char digest[DW_DIGEST_MAX_BYTES];
    struct dw_slice chain;

    if (der.len == 0)
        return true;
    chain = dw_text_base64(arena, der);
    if (!chain.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_digest(DW_SHA1, der, digest, reterr) ||
        !put_base64url(writer, "x5t", dw_slice_from((const char *)digest, dw_digest_size(DW_SHA1)),
                       arena, reterr))
        return false;
    dw_json_put_texts(writer, "x5c", (struct dw_slices){&chain, 1});
    return true;
}

static bool write_public_parts(struct dw_json_writer *writer, const struct dw_key_parts *parts,
                               struct dw_arena *arena, struct dw_error *reterr)
{
    if (parts->type == DW_KEY_RSA)
        return put_base64url(writer, "n", parts->n, arena, reterr) &&
               put_base64url(writer, "e", parts->e, arena, reterr);
    dw_json_put_text(writer, "crv", dw_slice_from_text(crv_of(parts->type)));
    return put_base64url(writer, "x", parts->x, arena, reterr) &&
           (parts->type == DW_KEY_ED25519 || put_base64url(writer, "y", parts->y, arena, reterr));
}

static const char *kty_of(enum dw_key_type type)
{
    return type == DW_KEY_RSA ? "RSA" : type == DW_KEY_ED25519 ? "OKP" : "EC";
}

/* The members of a JWK, up to what else the caller has to say. In Auth0's order. */
static bool write_public(struct dw_json_writer *writer, const struct dw_key *key,
                         enum dw_jose_alg alg, struct dw_slice kid, struct dw_arena *arena,
                         struct dw_error *reterr)
{
    struct dw_key_parts parts;

    if (!dw_key_parts(key, arena, &parts, reterr))
        return false;
    dw_json_put_text(writer, "kty", dw_slice_from_text(kty_of(parts.type)));
    dw_json_put_text(writer, "use", DW_LIT("sig"));
    dw_json_put_text(writer, "alg", dw_slice_from_text(dw_jose_alg_name(alg)));
    if (!write_public_parts(writer, &parts, arena, reterr))
        return false;
    dw_json_put_text(writer, "kid", kid);
    return true;
}

bool dw_jwk_write(const struct dw_key *key, enum dw_jose_alg alg, struct dw_slice kid,
                  struct dw_arena *arena, struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    dw_json_write_object_start(&writer);
    if (!write_public(&writer, key, alg, kid, arena, reterr))
        return false;
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_json, reterr);
}

static bool write_jwk(struct dw_json_writer *writer, const struct dw_signing_key *key,
                      struct dw_arena *arena, struct dw_error *reterr)
{
    dw_json_write_object_start(writer);
    if (!write_public(writer, key->key, key->alg, key->kid, arena, reterr) ||
        !write_certificate(writer, key->certificate_der, arena, reterr))
        return false;
    dw_json_write_object_end(writer);
    return true;
}

bool dw_signing_keys_jwks(struct dw_signing_key *const *keys, size_t count, struct dw_arena *arena,
                          struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    dw_json_write_object_start(&writer);
    dw_json_write_key(&writer, DW_LIT("keys"));
    dw_json_write_array_start(&writer);
    for (size_t i = 0; i < count; i++)
        if (!write_jwk(&writer, keys[i], arena, reterr))
            return false;
    dw_json_write_array_end(&writer);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_json, reterr);
}
