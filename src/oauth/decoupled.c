/* The rules of the device flow and of CIBA; see decoupled.h. */
#include "oauth/decoupled.h"

#include "json/json.h"

const char *const dw_decoupled_kind_names[] = {"device", "ciba", NULL};
const char *const dw_decoupled_phase_names[] = {"pending", "approved", "denied", "used", NULL};

_Static_assert(sizeof dw_decoupled_kind_names / sizeof(char *) == DW_DECOUPLED_KIND_COUNT + 1, "");
_Static_assert(sizeof dw_decoupled_phase_names / sizeof(char *) == DW_DECOUPLED_PHASE_COUNT + 1,
               "");

/* --- polling ------------------------------------------------------------------------------------
 */

enum dw_decoupled_verdict dw_decoupled_judge(const struct dw_decoupled_request *request,
                                             enum dw_decoupled_kind kind, struct dw_slice client_id,
                                             int64_t now_s)
{
    if (!request || request->kind != kind || !dw_slice_eq(request->client_id, client_id) ||
        request->phase == DW_DECOUPLED_USED)
        return DW_DECOUPLED_UNKNOWN;
    if (now_s >= request->expires_at_s)
        return DW_DECOUPLED_EXPIRED;
    if (request->phase == DW_DECOUPLED_DENIED)
        return DW_DECOUPLED_REFUSED;
    if (request->phase == DW_DECOUPLED_APPROVED)
        return DW_DECOUPLED_GIVE;
    if (request->last_polled_at_s > 0 &&
        now_s - request->last_polled_at_s < DW_DECOUPLED_INTERVAL_S) /* RFC 8628 3.5 */
        return DW_DECOUPLED_SLOW_DOWN;
    return DW_DECOUPLED_WAIT;
}

struct answer {
    enum dw_code code;
    const char *text;
};

bool dw_decoupled_verdict_check(enum dw_decoupled_verdict verdict, enum dw_decoupled_kind kind,
                                struct dw_error *reterr)
{
    static const struct answer answers[][DW_DECOUPLED_KIND_COUNT] = {
        [DW_DECOUPLED_UNKNOWN] = {{DW_INVALID_GRANT, "Invalid or expired device code."},
                                  {DW_INVALID_GRANT, "Invalid or expired auth_req_id."}},
        [DW_DECOUPLED_WAIT] = {{DW_AUTHORIZATION_PENDING, "User has yet to authorize device code."},
                               {DW_CIBA_PENDING, "The end-user authorization is pending"}},
        [DW_DECOUPLED_SLOW_DOWN] =
            {{DW_SLOW_DOWN, "You are polling faster than the specified interval of 5 seconds."},
             {DW_SLOW_DOWN, "You are polling faster than allowed. Try again in 5 seconds."}},
        [DW_DECOUPLED_REFUSED] = {{DW_ACCESS_DENIED, "User cancelled the confirmation prompt."},
                                  {DW_ACCESS_DENIED,
                                   "The end-user denied the authorization request "
                                   "or it has been expired"}},
        [DW_DECOUPLED_EXPIRED] = {{DW_EXPIRED_TOKEN, "The device code has expired."},
                                  {DW_EXPIRED_TOKEN, "The auth_req_id has expired."}},
    };
    const struct answer *answer;

    if (verdict == DW_DECOUPLED_GIVE)
        return true;
    answer = &answers[verdict][kind];
    return dw_fail(reterr, answer->code, "%s", answer->text);
}

void dw_decoupled_code(const struct dw_decoupled_request *request,
                       struct dw_authorization_code *ret_code)
{
    *ret_code = (struct dw_authorization_code){
        .client_id = request->client_id,
        .user_id = request->user_id,
        .session_id = request->session_id,
        .family_id = request->family_id,
        .scopes = request->granted,
        .audience = request->audience,
        .organization = request->organization,
        .max_age_s = -1,
        .authenticated_at_s = request->authenticated_at_s,
        .mfa_at_s = request->mfa_at_s,
        .created_at_s = request->created_at_s,
        .expires_at_s = request->expires_at_s,
    };
}

/* --- user codes ---------------------------------------------------------------------------------
 */

static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ";
#define LETTER_COUNT (sizeof letters - 1)

bool dw_user_code_make(const unsigned char random[static DW_USER_CODE_RANDOM_BYTES],
                       struct dw_arena *arena, struct dw_slice *ret_code, struct dw_error *reterr)
{
    char code[DW_USER_CODE_LETTERS];
    size_t count = 0;

    /* 240 is a multiple of 20: every letter is as likely as the others. */
    for (size_t at = 0; at < DW_USER_CODE_RANDOM_BYTES && count < DW_USER_CODE_LETTERS; at++)
        if (random[at] < 256 - 256 % LETTER_COUNT)
            code[count++] = letters[random[at] % LETTER_COUNT];
    if (count < DW_USER_CODE_LETTERS)
        return dw_fail(reterr, DW_UNAVAILABLE, "the random numbers are not random");
    *ret_code = dw_arena_printf(arena, "%.4s-%.4s", code, code + 4);
    return ret_code->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_user_code_normal(struct dw_slice typed, struct dw_arena *arena,
                         struct dw_slice *ret_letters, struct dw_error *reterr)
{
    char code[DW_USER_CODE_LETTERS];
    size_t count = 0;

    *ret_letters = DW_EMPTY;
    if (typed.len > 4 * DW_USER_CODE_LETTERS)
        return true;
    for (size_t at = 0; at < typed.len; at++) {
        char byte = typed.ptr[at];

        if (byte >= 'a' && byte <= 'z')
            byte = (char)(byte - 'a' + 'A');
        if (byte == '-' || byte == ' ')
            continue;
        if (count == DW_USER_CODE_LETTERS || byte == '\0' || !strchr(letters, byte))
            return true;
        code[count++] = byte;
    }
    if (count < DW_USER_CODE_LETTERS)
        return true;
    *ret_letters = dw_arena_copy(arena, dw_slice_from(code, count));
    return ret_letters->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* --- CIBA ---------------------------------------------------------------------------------------
 */

bool dw_ciba_login_hint(struct dw_slice login_hint, struct dw_slice issuer, struct dw_arena *arena,
                        struct dw_slice *ret_user_id, struct dw_error *reterr)
{
    const struct dw_json *hint;
    struct dw_error error = {0};

    if (!dw_json_parse(login_hint, arena, &hint, &error)) {
        if (error.code == DW_NO_MEMORY)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return dw_fail(reterr, DW_UNKNOWN_USER, "User ID is malformed or unknown");
    }
    *ret_user_id = dw_json_text(hint, "sub");
    if (!dw_slice_eq(dw_json_text(hint, "format"), DW_LIT("iss_sub")) ||
        !dw_slice_eq(dw_json_text(hint, "iss"), issuer) || ret_user_id->len == 0)
        return dw_fail(reterr, DW_UNKNOWN_USER, "User ID is malformed or unknown");
    return true;
}

bool dw_ciba_check_binding_message(struct dw_slice message, struct dw_error *reterr)
{
    bool is_good = message.len > 0 && message.len <= DW_BINDING_MESSAGE_MAX_BYTES;

    for (size_t at = 0; is_good && at < message.len; at++) {
        char byte = message.ptr[at];

        is_good = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                  (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("+-_.,:# ", byte));
    }
    return is_good || dw_fail(reterr, DW_INVALID_BINDING_MESSAGE,
                              "binding_message must be 1 to %d letters, digits, spaces and "
                              "+ - _ . , : #",
                              DW_BINDING_MESSAGE_MAX_BYTES);
}
