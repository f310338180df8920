/* The rules of second factors; see mfa.h. */
#include "oauth/mfa.h"

#include "json/json_writer.h"

const char *const dw_authenticator_type_names[] = {
    [DW_AUTHENTICATOR_TOTP] = "totp",     [DW_AUTHENTICATOR_EMAIL] = "email",
    [DW_AUTHENTICATOR_SMS] = "sms",       [DW_AUTHENTICATOR_RECOVERY_CODE] = "recovery-code",
    [DW_AUTHENTICATOR_TYPE_COUNT] = NULL,
};

const char *const dw_mfa_factor_names[] = {
    [DW_AUTHENTICATOR_TOTP] = "otp",      [DW_AUTHENTICATOR_EMAIL] = "email",
    [DW_AUTHENTICATOR_SMS] = "sms",       [DW_AUTHENTICATOR_RECOVERY_CODE] = "recovery-code",
    [DW_AUTHENTICATOR_TYPE_COUNT] = NULL,
};

const char *const dw_mfa_policy_names[] = {
    [DW_MFA_NEVER] = "never",
    [DW_MFA_ALL_APPLICATIONS] = "all-applications",
    [DW_MFA_CONFIDENCE_SCORE] = "confidence-score",
    [DW_MFA_POLICY_COUNT] = NULL,
};

static const struct dw_slice standard_factors[] = {{"otp", 3}, {"recovery-code", 13}};
const struct dw_mfa_settings dw_mfa_standard_settings = {DW_MFA_NEVER, {standard_factors, 2}};

bool dw_mfa_has_factor(const struct dw_mfa_settings *settings, enum dw_authenticator_type type)
{
    return dw_slices_have(settings->factors, dw_slice_from_text(dw_mfa_factor_names[type]));
}

enum dw_mfa_need dw_mfa_decide(const struct dw_mfa_question *question)
{
    bool is_due =
        question->is_requested ||
        (question->settings->policy == DW_MFA_ALL_APPLICATIONS && !question->is_remembered);

    if (!is_due || question->is_shown)
        return DW_MFA_NOTHING;
    return question->is_enrolled ? DW_MFA_CHALLENGE : DW_MFA_ENROL;
}

bool dw_mfa_is_enrolled(const struct dw_authenticator *authenticators, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (authenticators[i].confirmed_at_s != 0 &&
            authenticators[i].type != DW_AUTHENTICATOR_RECOVERY_CODE)
            return true;
    return false;
}

const struct dw_authenticator *dw_mfa_find(const struct dw_authenticator *authenticators,
                                           size_t count, const struct dw_mfa_settings *settings,
                                           enum dw_authenticator_type type)
{
    for (size_t i = 0; i < count; i++)
        if (authenticators[i].confirmed_at_s != 0 && authenticators[i].type == type &&
            dw_mfa_has_factor(settings, type))
            return &authenticators[i];
    return NULL;
}

/* "a**" of "ada", "e******.com" of "example.com": the first letter and what is after the last dot.
 */
static void add_masked(struct dw_buf *out, struct dw_slice part, bool keeps_end)
{
    size_t end = part.len;

    while (keeps_end && end > 1 && part.ptr[end - 1] != '.')
        end--;
    if (keeps_end && end > 1)
        end--;
    else
        end = part.len;
    for (size_t i = 0; i < part.len; i++)
        dw_buf_add_byte(out, i == 0 || i >= end ? part.ptr[i] : '*');
}

bool dw_authenticator_is_oob(enum dw_authenticator_type type)
{
    return type == DW_AUTHENTICATOR_EMAIL || type == DW_AUTHENTICATOR_SMS;
}

#define PHONE_DIGITS_SHOWN 4

struct dw_slice dw_mask_address(struct dw_arena *arena, struct dw_slice address)
{
    struct dw_buf out = dw_buf_in(arena);
    size_t at = dw_slice_index(address, '@');
    struct dw_slice text = DW_EMPTY;

    if (at == address.len) /* a phone number */
        for (size_t i = 0; i < address.len; i++)
            dw_buf_add_byte(&out, i + PHONE_DIGITS_SHOWN < address.len ? '*' : address.ptr[i]);
    else {
        add_masked(&out, dw_slice_sub(address, 0, at), false);
        dw_buf_add_byte(&out, '@');
        add_masked(&out, dw_slice_sub(address, at + 1, address.len), true);
    }
    return dw_buf_finish(&out, &text, NULL) ? text : (struct dw_slice){0};
}

void dw_authenticator_write(const struct dw_authenticator *authenticator, bool shows_address,
                            struct dw_buf *out)
{
    static const char *const types[] = {
        [DW_AUTHENTICATOR_TOTP] = "otp",
        [DW_AUTHENTICATOR_EMAIL] = "oob",
        [DW_AUTHENTICATOR_SMS] = "oob",
        [DW_AUTHENTICATOR_RECOVERY_CODE] = "recovery-code",
    };
    struct dw_json_writer json = dw_json_writer_to(out);
    struct dw_slice name = shows_address ? authenticator->address
                                         : dw_mask_address(out->arena, authenticator->address);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "id", authenticator->id);
    dw_json_put_text(&json, "authenticator_type", dw_slice_from_text(types[authenticator->type]));
    dw_json_put_bool(&json, "active", authenticator->confirmed_at_s != 0);
    if (dw_authenticator_is_oob(authenticator->type)) {
        dw_json_put_text(&json, "oob_channel",
                         dw_slice_from_text(dw_mfa_factor_names[authenticator->type]));
        dw_json_put_text(&json, "name", name.ptr ? name : DW_EMPTY);
    }
    dw_json_write_object_end(&json);
}

struct dw_slice dw_recovery_code_plain(struct dw_arena *arena, struct dw_slice typed)
{
    char *plain = dw_arena_alloc(arena, DW_RECOVERY_CODE_LEN + 1);
    size_t len = 0;

    for (size_t i = 0; plain && i < typed.len && len <= DW_RECOVERY_CODE_LEN; i++) {
        char byte = typed.ptr[i];

        if (byte != ' ' && byte != '-')
            plain[len++] = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
    }
    return plain ? dw_slice_from(plain, len) : (struct dw_slice){0};
}
