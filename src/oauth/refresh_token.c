/* Refresh tokens: when one is good, when it rotates, when it was stolen. */
#include "oauth/refresh_token.h"

#include "base/text.h"
#include "crypto/hmac.h"

static bool is_over(int64_t at_s, int64_t now_s)
{
    return at_s != 0 && now_s >= at_s;
}

static bool has_expired(const struct dw_refresh_family *family, int64_t now_s)
{
    return is_over(family->expires_at_s, now_s) ||
           (family->idle_lifetime_s != 0 &&
            now_s - family->last_used_at_s >= family->idle_lifetime_s);
}

bool dw_refresh_family_is_alive(const struct dw_refresh_family *family, int64_t now_s)
{
    return family->revoked_at_s == 0 && !has_expired(family, now_s);
}

enum dw_refresh_verdict dw_refresh_token_judge(const struct dw_refresh_token *token,
                                               const struct dw_refresh_token *successor,
                                               const struct dw_refresh_family *family,
                                               struct dw_slice client_id, int64_t now_s)
{
    /* RFC 6749 6 MUST: bound to the client. Another client's attempt revokes nothing, or anybody
     * who finds an old token could end a stranger's session. */
    if (!family || !dw_slice_eq(family->client_id, client_id))
        return DW_REFRESH_UNKNOWN;
    if (family->revoked_at_s != 0)
        return DW_REFRESH_REVOKED;
    if (has_expired(family, now_s))
        return DW_REFRESH_EXPIRED;
    if (!family->is_rotating)
        return token ? DW_REFRESH_KEEP : DW_REFRESH_UNKNOWN;
    if (!token) /* its successor was used, or its row would be there */
        return DW_REFRESH_REUSED;
    if (token->spent_at_s == 0)
        return DW_REFRESH_ROTATE;
    /* Two requests of one client that crossed, or an answer that was lost. Only the previous token
     * may come again: once its successor was used, the answer has arrived. */
    if (successor && successor->spent_at_s == 0 && now_s - token->spent_at_s < family->leeway_s)
        return DW_REFRESH_REPEAT;
    return DW_REFRESH_REUSED;
}

bool dw_refresh_verdict_check(enum dw_refresh_verdict verdict, struct dw_error *reterr)
{
    switch (verdict) {
    case DW_REFRESH_ROTATE:
    case DW_REFRESH_REPEAT:
    case DW_REFRESH_KEEP:
        return true;
    case DW_REFRESH_UNKNOWN:
    case DW_REFRESH_REVOKED:
    case DW_REFRESH_EXPIRED:
    case DW_REFRESH_REUSED:
    default:
        return dw_fail(reterr, DW_INVALID_GRANT, "Unknown or invalid refresh token.");
    }
}

void dw_refresh_family_make(const struct dw_authorization_code *code,
                            const struct dw_refresh_policy *policy, int64_t now_s,
                            struct dw_refresh_family *ret_family)
{
    *ret_family = (struct dw_refresh_family){
        .id = code->family_id,
        .client_id = code->client_id,
        .user_id = code->user_id,
        .session_id = code->session_id,
        .scopes = code->scopes,
        .audience = code->audience,
        .organization = code->organization,
        .authenticated_at_s = code->authenticated_at_s,
        .mfa_at_s = code->mfa_at_s,
        .is_rotating = policy->is_rotating,
        .leeway_s = policy->leeway_s,
        .idle_lifetime_s = policy->idle_lifetime_s,
        .expires_at_s = policy->lifetime_s ? now_s + policy->lifetime_s : 0,
        .last_used_at_s = now_s,
        .created_at_s = now_s,
    };
}

#define OWN_BYTES 16
#define OWN_LEN 22 /* in base64url */
#define MAC_LEN 43

/* The purpose keeps the MACs of tokens and of their own bytes apart. */
static bool make_mac(struct dw_secret key, const char *purpose, struct dw_slice bytes,
                     struct dw_arena *arena, unsigned char mac[static DW_HMAC_SHA256_BYTES],
                     struct dw_error *reterr)
{
    struct dw_slice message = dw_arena_printf(arena, "%s %.*s", purpose, DW_PRINT(bytes));

    return message.ptr ? dw_hmac_sha256(key, message, mac, reterr)
                       : dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_refresh_token_first(struct dw_secret key, struct dw_slice family_id,
                            const unsigned char random[static 16], struct dw_arena *arena,
                            struct dw_secret *ret_token, struct dw_error *reterr)
{
    struct dw_slice own = dw_text_base64url(arena, dw_slice_from((const char *)random, OWN_BYTES));
    struct dw_slice head = dw_arena_printf(arena, "%.*s%.*s", DW_PRINT(family_id), DW_PRINT(own));
    unsigned char mac[DW_HMAC_SHA256_BYTES];
    struct dw_slice tail;

    if (!own.ptr || !head.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!make_mac(key, "token", head, arena, mac, reterr))
        return false;
    tail = dw_text_base64url(arena, dw_slice_from((const char *)mac, sizeof mac));
    *ret_token = dw_secret_from(dw_arena_printf(arena, "%.*s%.*s", DW_PRINT(head), DW_PRINT(tail)));
    return (tail.ptr && ret_token->hidden.ptr) || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_refresh_token_successor(struct dw_secret key, struct dw_slice family_id,
                                struct dw_secret presented, struct dw_arena *arena,
                                struct dw_secret *ret_token, struct dw_error *reterr)
{
    unsigned char own[DW_HMAC_SHA256_BYTES];

    return make_mac(key, "after", presented.hidden, arena, own, reterr) &&
           dw_refresh_token_first(key, family_id, own, arena, ret_token, reterr);
}

bool dw_refresh_token_family(struct dw_secret key, struct dw_secret presented,
                             struct dw_arena *arena, struct dw_slice *ret_family_id,
                             struct dw_error *reterr)
{
    struct dw_slice text = presented.hidden, head, tail;
    unsigned char mac[DW_HMAC_SHA256_BYTES];

    *ret_family_id = DW_EMPTY;
    if (text.len <= OWN_LEN + MAC_LEN || text.len > DW_REFRESH_TOKEN_MAX_BYTES)
        return true;
    head = dw_slice_sub(text, 0, text.len - MAC_LEN);
    if (!make_mac(key, "token", head, arena, mac, reterr))
        return false;
    tail = dw_text_base64url(arena, dw_slice_from((const char *)mac, sizeof mac));
    if (!tail.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (dw_secret_eq(dw_secret_from(tail), dw_secret_from(dw_slice_sub(text, head.len, text.len))))
        *ret_family_id = dw_slice_sub(head, 0, head.len - OWN_LEN);
    return true;
}
