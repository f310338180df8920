/* Sealing and opening requestState; who needs one is decided in call_ask.c. */
#include "sdk/state_internal.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "json/json_writer.h"

/* MCP 2026-07-28 multi-round-trip requests, "requestState" SHOULD: bound to principal, method and
 * parameters. */
static bool binding(const struct dw_state_owner *owner, unsigned char digest[DW_SHA256_BYTES],
                    struct dw_error *reterr)
{
    struct dw_slice parts[] = {DW_LIT("doorward requestState 1"), owner->principal, owner->method,
                               owner->name, owner->arguments};

    return dw_sha256_parts((struct dw_slices){parts, sizeof(parts) / sizeof(parts[0])}, digest,
                           reterr);
}

bool dw_state_seal(const unsigned char key[static DW_SEAL_KEY_BYTES],
                   const unsigned char nonce[static DW_SEAL_NONCE_BYTES],
                   const struct dw_state_owner *owner, struct dw_slice kept,
                   struct dw_slice answers, int64_t now_s, struct dw_arena *arena,
                   struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    unsigned char digest[DW_SHA256_BYTES];
    struct dw_slice plain, sealed;

    if (kept.len + answers.len > DW_STATE_MAX_BYTES)
        return dw_fail(reterr, DW_TOO_LARGE, "the state of this call is larger than %d bytes",
                       DW_STATE_MAX_BYTES);
    dw_json_write_object_start(&writer);
    dw_json_put_int(&writer, "expires", now_s + DW_STATE_LIFETIME_S);
    if (kept.len)
        dw_json_put_raw(&writer, "kept", kept);
    if (answers.len)
        dw_json_put_raw(&writer, "answers", answers);
    dw_json_write_object_end(&writer);

    if (!binding(owner, digest, reterr) || !dw_buf_finish(&out, &plain, reterr) ||
        !dw_seal(dw_secret_from(dw_slice_from((const char *)key, DW_SEAL_KEY_BYTES)), nonce,
                 dw_slice_from((const char *)digest, sizeof(digest)), dw_secret_from(plain), arena,
                 &sealed, reterr))
        return false;
    *ret_text = dw_text_base64url(arena, sealed);
    return ret_text->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool refuse(const struct dw_error *why, struct dw_error *reterr)
{
    if (why->code == DW_NO_MEMORY) {
        if (reterr)
            *reterr = *why;
        return false;
    }
    return dw_fail(reterr, DW_INVALID_PARAMS,
                   "requestState is not one this server gave you for this call, or it has expired");
}

bool dw_state_open(const unsigned char key[static DW_SEAL_KEY_BYTES],
                   const struct dw_state_owner *owner, struct dw_slice text, int64_t now_s,
                   struct dw_arena *arena, struct dw_state *ret_state, struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];
    struct dw_error error = {0};
    const struct dw_json *document;
    struct dw_slice sealed;
    struct dw_secret plain;
    int64_t expires_at_s = 0;

    if (!binding(owner, digest, reterr))
        return false;
    if (!dw_text_unbase64url(text, arena, &sealed, &error) ||
        !dw_unseal(dw_secret_from(dw_slice_from((const char *)key, DW_SEAL_KEY_BYTES)),
                   dw_slice_from((const char *)digest, sizeof(digest)), sealed, arena, &plain,
                   &error) ||
        !dw_json_parse(plain.hidden, arena, &document, &error))
        return refuse(&error, reterr);
    if (!dw_json_int(document, "expires", &expires_at_s) || now_s >= expires_at_s)
        return refuse(&error, reterr);
    *ret_state = (struct dw_state){.kept = dw_json_get(document, "kept"),
                                   .answers = dw_json_get(document, "answers")};
    return true;
}
