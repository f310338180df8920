/* DPoP proofs for tests: a P-256 key, and a proof with any header and claims signed by it. */
#ifndef DW_TEST_PROOF_H
#define DW_TEST_PROOF_H

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "jose/jwk.h"
#include "test.h"

struct prover {
    struct dw_key *key;
    const char *jwk; /* the public half */
    struct dw_slice jkt;
};

static inline struct prover prover_new(struct dw_arena *arena)
{
    struct dw_error error = {0};
    struct prover prover = {.key = dw_key_generate(DW_KEY_P256, 0, &error)};
    struct dw_key_parts parts;
    struct dw_slice x, y;

    assert_non_null(prover.key);
    assert_done(dw_key_parts(prover.key, arena, &parts, &error), error);
    x = dw_text_base64url(arena, parts.x);
    y = dw_text_base64url(arena, parts.y);
    prover.jwk = dw_arena_text(
        arena,
        dw_arena_printf(arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%.*s\",\"y\":\"%.*s\"}",
                        DW_PRINT(x), DW_PRINT(y)));
    assert_done(dw_jwk_thumbprint(prover.key, arena, &prover.jkt, &error), error);
    return prover;
}

/* Signs header and claims as they are. */
static inline const char *prove_raw(const struct prover *prover, const char *header,
                                    const char *claims, struct dw_arena *arena)
{
    struct dw_sign_scheme scheme = {DW_SHA256, DW_SIGN_PLAIN};
    struct dw_slice part =
        dw_arena_printf(arena, "%.*s.%.*s", DW_PRINT(dw_text_base64url(arena, S(header))),
                        DW_PRINT(dw_text_base64url(arena, S(claims))));
    struct dw_error error = {0};
    struct dw_slice signature;

    assert_done(dw_sign_make(prover->key, scheme, part, arena, &signature, &error), error);
    return dw_arena_text(arena, dw_arena_printf(arena, "%.*s.%.*s", DW_PRINT(part),
                                                DW_PRINT(dw_text_base64url(arena, signature))));
}

/* A proof with these claims. */
static inline const char *prove(const struct prover *prover, const char *claims,
                                struct dw_arena *arena)
{
    struct dw_slice header =
        dw_arena_printf(arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":%s}", prover->jwk);

    return prove_raw(prover, dw_arena_text(arena, header), claims, arena);
}

#endif
