/* Signing keys and their records in the store: made, certified, sealed, opened. */
#include "crypto/seal.h"
#include "crypto/x509.h"
#include "sys/sys.h"
#include "tenant/keys_internal.h"
#include "tenant/tenant_internal.h"

#define RSA_BITS 2048
#define CERTIFICATE_LIFETIME_S ((int64_t)10 * 365 * 86400)
#define KID_LETTERS 21 /* as Auth0's */

static struct dw_slice seal_context(struct dw_arena *arena, struct dw_slice kid)
{
    return dw_arena_printf(arena, "signing-key:%.*s", DW_PRINT(kid));
}

/* The one member of {"keys":[...]}. */
static bool public_jwk(struct dw_signing_key *key, struct dw_arena *arena,
                       struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_slice set;
    const struct dw_json *document, *keys;

    if (!dw_signing_keys_jwks(&key, 1, arena, &set, reterr) ||
        !dw_json_parse(set, arena, &document, reterr))
        return false;
    keys = dw_json_get(document, "keys");
    if (!keys || keys->type != DW_JSON_ARRAY || keys->array.count != 1)
        return dw_fail(reterr, DW_INTERNAL, "a JWK Set of one key has another form");
    *ret_json = keys->array.items[0].raw;
    return true;
}

static bool self_sign(struct dw_slice host, const struct dw_key *key, int64_t now_s,
                      struct dw_arena *arena, struct dw_slice *ret_der, struct dw_error *reterr)
{
    struct dw_x509_request request = {
        .common_name = host,
        .not_before_s = now_s - 3600,
        .not_after_s = now_s + CERTIFICATE_LIFETIME_S,
    };

    dw_sys_random(request.serial, sizeof request.serial);
    return dw_x509_self_sign(key, &request, arena, ret_der, reterr);
}

bool dw_key_record_make(const struct dw_key_sealer *sealer, enum dw_jose_alg alg,
                        enum dw_signing_key_phase phase, int64_t now_s, struct dw_arena *arena,
                        struct dw_signing_key_record *ret_record, struct dw_error *reterr)
{
    dw_auto(dw_key_auto_unref) struct dw_key *key =
        dw_key_generate(dw_jose_alg_key_type(alg), RSA_BITS, reterr);
    dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *signing_key = NULL;
    unsigned char nonce[DW_SEAL_NONCE_BYTES];
    struct dw_secret pem;

    if (!key)
        return false;
    dw_sys_random(nonce, sizeof nonce);
    *ret_record = (struct dw_signing_key_record){
        .kid = dw_tenant_random_id(arena, "", KID_LETTERS),
        .alg = alg,
        .phase = phase,
        .created_at_s = now_s,
        .current_since_s = phase == DW_SIGNING_KEY_CURRENT ? now_s : 0,
    };
    if (!ret_record->kid.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!self_sign(sealer->host, key, now_s, arena, &ret_record->certificate_der, reterr))
        return false;
    signing_key =
        dw_signing_key_new(key, alg, ret_record->kid, ret_record->certificate_der, reterr);
    return signing_key && public_jwk(signing_key, arena, &ret_record->public_jwk_json, reterr) &&
           dw_signing_key_pem(signing_key, arena, &pem, reterr) &&
           dw_seal(sealer->master_key, nonce, seal_context(arena, ret_record->kid), pem, arena,
                   &ret_record->sealed_private_key, reterr);
}

struct dw_signing_key *dw_key_record_open(const struct dw_key_sealer *sealer,
                                          const struct dw_signing_key_record *record,
                                          struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_secret pem;
    struct dw_key *key;
    struct dw_signing_key *signing_key;

    if (!dw_unseal(sealer->master_key, seal_context(arena, record->kid), record->sealed_private_key,
                   arena, &pem, reterr)) {
        (void)dw_fail(reterr, DW_CONFIG,
                      "the signing keys in the store were sealed under another key; start with the "
                      "DOORWARD_KEY or key file it was made with");
        return NULL;
    }
    key = dw_key_from_pem(pem, reterr);
    if (!key)
        return NULL;
    signing_key =
        dw_signing_key_new(key, record->alg, record->kid, record->certificate_der, reterr);
    dw_key_unref(key);
    return signing_key;
}
