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

static const char consonants[] = "BCDFGHJKLMNPQRSTVWXZ";
static const char digits[] = "0123456789";

bool dw_user_code_make(const struct dw_user_code_format *format,
                       const unsigned char random[static DW_USER_CODE_RANDOM_BYTES],
                       struct dw_arena *arena, struct dw_slice *ret_code, struct dw_error *reterr)
{
    const char *letters = format->is_digits ? digits : consonants;
    unsigned count = (unsigned)strlen(letters);
    char *code = dw_arena_text(arena, format->mask);
    size_t used = 0;

    if (!code)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t at = 0; at < format->mask.len; at++) {
        if (code[at] != '*')
            continue;
        /* Beyond the last whole multiple some letters would be likelier than others. */
        while (used < DW_USER_CODE_RANDOM_BYTES && random[used] >= 256 - 256 % count)
            used++;
        if (used == DW_USER_CODE_RANDOM_BYTES)
            return dw_fail(reterr, DW_UNAVAILABLE, "the random numbers are not random");
        code[at] = letters[random[used++] % count];
    }
    *ret_code = dw_slice_from(code, format->mask.len);
    return true;
}

size_t dw_user_code_letters(const struct dw_user_code_format *format)
{
    size_t count = 0;

    for (size_t at = 0; at < format->mask.len; at++)
        count += format->mask.ptr[at] == '*';
    return count;
}

struct dw_slice dw_user_code_show(const struct dw_user_code_format *format, struct dw_slice letters,
                                  struct dw_arena *arena)
{
    char *code = dw_arena_text(arena, format->mask);
    size_t used = 0;

    for (size_t at = 0; code && at < format->mask.len; at++)
        if (code[at] == '*' && used++ < letters.len)
            code[at] = letters.ptr[used - 1];
    if (!code || used == letters.len)
        return dw_slice_from(code, code ? format->mask.len : 0);
    return dw_arena_copy(arena, letters);
}

bool dw_user_code_normal(struct dw_slice typed, struct dw_arena *arena,
                         struct dw_slice *ret_letters, struct dw_error *reterr)
{
    char code[DW_USER_CODE_MAX];
    size_t count = 0;

    *ret_letters = DW_EMPTY;
    if (typed.len > 2 * DW_USER_CODE_MASK_MAX)
        return true;
    for (size_t at = 0; at < typed.len; at++) {
        char byte = typed.ptr[at];

        if (byte >= 'a' && byte <= 'z')
            byte = (char)(byte - 'a' + 'A');
        if (byte == '-' || byte == ' ')
            continue;
        if (count == DW_USER_CODE_MAX || byte == '\0' ||
            (!strchr(consonants, byte) && !strchr(digits, byte)))
            return true;
        code[count++] = byte;
    }
    if (count < DW_USER_CODE_MIN)
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
