/* The corpus of access tokens (test/corpus/tokens.tsv): reading it, and making its tokens with keys
 * of one's own. For tests only. */
#ifndef DW_TEST_TOOLS_CORPUS_H
#define DW_TEST_TOOLS_CORPUS_H

#include "base/arena.h"
#include "jose/jwt.h"

struct corpus_case {
    struct dw_slice name;
    int status; /* 200, 401 or 400 */
    struct dw_slice signed_by, header, claims, change, why;
};

struct corpus {
    struct corpus_case *cases;
    size_t count;
};

/* The issuer's keys, one for each algorithm with its name as kid, and a stranger's. */
struct corpus_keys {
    struct dw_signing_key *issuer[DW_ALG_COUNT]; /* from DW_ALG_RS256 on */
    struct dw_signing_key *stranger_rsa, *stranger_ec;
};

struct corpus_setting {
    const struct corpus_keys *keys;
    struct dw_slice issuer, audience, scope;
    int64_t now_s;
};

bool dw_must_check corpus_read(const char *path, struct dw_arena *arena, struct corpus *ret_corpus,
                               struct dw_error *reterr);

/* Fresh keys as PEM texts one after the other, and back. */
bool dw_must_check corpus_keys_generate(struct dw_arena *arena, struct dw_slice *ret_pem,
                                        struct dw_error *reterr);
bool dw_must_check corpus_keys_read(struct dw_slice pem, struct corpus_keys *ret_keys,
                                    struct dw_error *reterr);
void corpus_keys_free(struct corpus_keys *keys);
/* What the issuer publishes. */
bool dw_must_check corpus_jwks(const struct corpus_keys *keys, struct dw_arena *arena,
                               struct dw_slice *ret_json, struct dw_error *reterr);

bool dw_must_check corpus_mint(const struct corpus_case *row, const struct corpus_setting *setting,
                               struct dw_arena *arena, struct dw_slice *ret_token,
                               struct dw_error *reterr);

#endif
