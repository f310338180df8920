/* Between the files of the corpus tools. */
#ifndef DW_TEST_TOOLS_CORPUS_INTERNAL_H
#define DW_TEST_TOOLS_CORPUS_INTERNAL_H

#include "base/buf.h"
#include "corpus.h"

/* Whether text begins with prefix and goes on with a number; *ret_number is that number. */
bool corpus_number_after(struct dw_slice text, struct dw_slice prefix, int64_t *ret_number);
/* A signature of signed_part as `signed_by` of the corpus says. */
bool dw_must_check corpus_sign(struct dw_slice signed_by, const struct corpus_keys *keys,
                               struct dw_slice signed_part, struct dw_arena *arena,
                               struct dw_slice *ret_signature, struct dw_error *reterr);
/* The public JWK of a key, as JSON. */
bool dw_must_check corpus_jwk(struct dw_signing_key *key, struct dw_arena *arena,
                              struct dw_slice *ret_json, struct dw_error *reterr);

#endif
