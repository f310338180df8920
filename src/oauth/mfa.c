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

/* The first `shown` bytes, and a mark for each of the others. */
static void add_masked(struct dw_buf *out, struct dw_slice part, size_t shown, char mark)
{
    for (size_t i = 0; i < part.len; i++)
        dw_buf_add_byte(out, i < shown ? part.ptr[i] : mark);
}

bool dw_authenticator_is_oob(enum dw_authenticator_type type)
{
    return type == DW_AUTHENTICATOR_EMAIL || type == DW_AUTHENTICATOR_SMS;
}

#define PHONE_DIGITS_SHOWN 4
#define DOMAIN_SHOWN 4
#define MAILBOX_HIDDEN 4 /* at least, and half of it */

/* As Auth0 does: "XXXXXXXX0100", "ada.lo******@exam*******". */
struct dw_slice dw_mask_address(struct dw_arena *arena, struct dw_slice address)
{
    struct dw_buf out = dw_buf_in(arena);
    size_t at = dw_slice_index(address, '@');
    size_t hidden = at / 2 > MAILBOX_HIDDEN ? at / 2 : MAILBOX_HIDDEN;
    struct dw_slice text = DW_EMPTY;

    if (at == address.len) { /* a phone number */
        size_t end = address.len > PHONE_DIGITS_SHOWN ? address.len - PHONE_DIGITS_SHOWN : 0;

        add_masked(&out, dw_slice_sub(address, 0, end), 0, 'X');
        dw_buf_add(&out, dw_slice_sub(address, end, address.len));
    } else {
        add_masked(&out, dw_slice_sub(address, 0, at), at > hidden ? at - hidden : 0, '*');
        dw_buf_add_byte(&out, '@');
        add_masked(&out, dw_slice_sub(address, at + 1, address.len), DOMAIN_SHOWN, '*');
    }
    return dw_buf_finish(&out, &text, NULL) ? text : DW_EMPTY;
}

void dw_authenticator_write(const struct dw_authenticator *authenticator, bool names_type,
                            struct dw_buf *out)
{
    static const struct {
        const char *authenticator_type, *type;
    } names[] = {
        [DW_AUTHENTICATOR_TOTP] = {"otp", "otp"},
        [DW_AUTHENTICATOR_EMAIL] = {"oob", "email"},
        [DW_AUTHENTICATOR_SMS] = {"oob", "phone"},
        [DW_AUTHENTICATOR_RECOVERY_CODE] = {"recovery-code", "recovery-code"},
    };
    struct dw_json_writer json = dw_json_writer_to(out);
    struct dw_slice name = dw_mask_address(out->arena, authenticator->address);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "id", authenticator->id);
    dw_json_put_text(&json, "authenticator_type",
                     dw_slice_from_text(names[authenticator->type].authenticator_type));
    dw_json_put_bool(&json, "active", authenticator->confirmed_at_s != 0);
    if (dw_authenticator_is_oob(authenticator->type)) {
        dw_json_put_text(&json, "oob_channel",
                         dw_slice_from_text(dw_mfa_factor_names[authenticator->type]));
        dw_json_put_text(&json, "name", name);
    }
    if (names_type)
        dw_json_put_text(&json, "type", dw_slice_from_text(names[authenticator->type].type));
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
