/* Identifiers of users; see identifier.h. */
#include "oauth/identifier.h"

#define EMAIL_MAX_BYTES 254 /* RFC 5321 section 4.5.3.1.3, without the brackets */
#define EMAIL_LOCAL_MAX_BYTES 64
#define PHONE_MIN_DIGITS 7
#define PHONE_MAX_DIGITS 15
#define USERNAME_MAX 128

static bool is_alphanumeric(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

/* RFC 5322 section 3.2.3 atext. */
static bool is_atom_byte(char byte)
{
    return is_alphanumeric(byte) || (byte && strchr("!#$%&'*+-/=?^_`{|}~", byte));
}

static bool is_domain_byte(char byte)
{
    return is_alphanumeric(byte) || byte == '-';
}

/* Atoms with single dots between them. */
static bool is_dotted(struct dw_slice text, bool (*is_good)(char byte))
{
    char before = '.';

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' ? before == '.' : !is_good(text.ptr[i]))
            return false;
        before = text.ptr[i];
    }
    return before != '.';
}

bool dw_identifier_is_email(struct dw_slice text)
{
    size_t at = dw_slice_index(text, '@');
    struct dw_slice domain = dw_slice_sub(text, at + 1, text.len);

    return text.len <= EMAIL_MAX_BYTES && at <= EMAIL_LOCAL_MAX_BYTES && at < text.len &&
           is_dotted(dw_slice_sub(text, 0, at), is_atom_byte) && is_dotted(domain, is_domain_byte);
}

bool dw_identifier_is_phone_number(struct dw_slice text)
{
    if (!dw_slice_eat(&text, DW_LIT("+")) || text.len < PHONE_MIN_DIGITS ||
        text.len > PHONE_MAX_DIGITS || text.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return true;
}

/* Letters, digits and ^$.!`#+-~_@' (Auth0's), with no '@' that would make it an address, of the
 * length the rules say. */
static bool is_username(struct dw_slice text, const struct dw_identifier_rules *rules)
{
    if ((int64_t)text.len < rules->username_min || (int64_t)text.len > rules->username_max ||
        dw_identifier_is_email(text) || dw_identifier_is_phone_number(text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_alphanumeric(text.ptr[i]) && !(text.ptr[i] && strchr("^$.!`#+-~_@'", text.ptr[i])))
            return false;
    return true;
}

/* ---- rules ---- */

/* {"identifier":{"active":true},"signup":{"status":"required"}} */
static enum dw_identifier_use read_attribute(const struct dw_json *attribute)
{
    struct dw_slice status = dw_json_text(dw_json_get(attribute, "signup"), "status");
    bool is_active = false;

    if (dw_slice_eq(status, DW_LIT("required")))
        return DW_IDENTIFIER_REQUIRED;
    if (dw_slice_eq(status, DW_LIT("inactive")))
        return DW_IDENTIFIER_UNUSED;
    (void)dw_json_bool(dw_json_get(attribute, "identifier"), "active", &is_active);
    return is_active || dw_slice_eq(status, DW_LIT("optional")) ? DW_IDENTIFIER_OPTIONAL
                                                                : DW_IDENTIFIER_UNUSED;
}

static void read_length(const struct dw_json *limits, struct dw_identifier_rules *rules)
{
    int64_t min, max;

    /* Auth0 has them as numbers, and in older connections as texts. */
    if (dw_json_int(limits, "min", &min) || dw_json_int(limits, "min_length", &min))
        rules->username_min = min < 1 ? 1 : min;
    if (dw_json_int(limits, "max", &max) || dw_json_int(limits, "max_length", &max))
        rules->username_max = max > USERNAME_MAX ? USERNAME_MAX : max;
}

void dw_identifier_rules_read(const struct dw_json *options, struct dw_identifier_rules *ret_rules)
{
    const struct dw_json *attributes = dw_json_get(options, "attributes");
    const struct dw_json *email = dw_json_get(attributes, "email");
    const struct dw_json *username = dw_json_get(attributes, "username");
    bool requires_username = false;

    *ret_rules = (struct dw_identifier_rules){
        .email = DW_IDENTIFIER_REQUIRED, .username_min = 1, .username_max = 15};
    read_length(dw_json_get(dw_json_get(options, "validation"), "username"), ret_rules);
    (void)dw_json_bool(options, "requires_username", &requires_username);
    if (requires_username)
        ret_rules->username = DW_IDENTIFIER_REQUIRED;
    if (!attributes || attributes->type != DW_JSON_OBJECT)
        return;
    ret_rules->email = read_attribute(email);
    (void)dw_json_bool(dw_json_path(email, "signup", "verification", NULL), "active",
                       &ret_rules->confirms_email);
    /* An account without an address would never be confirmed. */
    ret_rules->confirms_email &= ret_rules->email == DW_IDENTIFIER_REQUIRED;
    ret_rules->confirms_by_link =
        dw_slice_eq(dw_json_text(email, "verification_method"), DW_LIT("link"));
    ret_rules->phone_number = read_attribute(dw_json_get(attributes, "phone_number"));
    if (username)
        ret_rules->username = read_attribute(username);
    read_length(dw_json_get(username, "validation"), ret_rules);
}

static bool check_one(enum dw_identifier_use use, struct dw_slice *text, bool is_good,
                      const char *name, struct dw_error *reterr)
{
    if (use == DW_IDENTIFIER_UNUSED)
        *text = DW_EMPTY;
    if (text->len == 0)
        return use != DW_IDENTIFIER_REQUIRED ||
               dw_fail(reterr, DW_INVALID_REQUEST, "%s is required", name);
    return is_good || dw_fail(reterr, DW_INVALID_REQUEST, "%s is not valid", name);
}

bool dw_identifier_check(const struct dw_identifier_rules *rules, struct dw_user *user,
                         struct dw_error *reterr)
{
    if (!check_one(rules->email, &user->email, dw_identifier_is_email(user->email), "email",
                   reterr) ||
        !check_one(rules->username, &user->username, is_username(user->username, rules), "username",
                   reterr) ||
        !check_one(rules->phone_number, &user->phone_number,
                   dw_identifier_is_phone_number(user->phone_number), "phone_number", reterr))
        return false;
    return user->email.len + user->username.len + user->phone_number.len > 0 ||
           dw_fail(reterr, DW_INVALID_REQUEST, "an identifier is required");
}

bool dw_signup_metadata_check(const struct dw_json *metadata, struct dw_error *reterr)
{
    if (!metadata || metadata->type == DW_JSON_NULL)
        return true;
    if (metadata->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_REQUEST, "user_metadata must be an object");
    if (metadata->object.count > DW_METADATA_MAX_MEMBERS)
        return dw_fail(reterr, DW_INVALID_REQUEST, "user_metadata has over %d properties",
                       DW_METADATA_MAX_MEMBERS);
    for (size_t i = 0; i < metadata->object.count; i++) {
        const struct dw_json_member *member = &metadata->object.members[i];

        if (member->key.len > DW_METADATA_NAME_MAX_BYTES || member->value.type != DW_JSON_TEXT ||
            member->value.text.len > DW_METADATA_VALUE_MAX_BYTES)
            return dw_fail(reterr, DW_INVALID_REQUEST,
                           "a property of user_metadata must be a text of at most %d bytes, its "
                           "name at most %d",
                           DW_METADATA_VALUE_MAX_BYTES, DW_METADATA_NAME_MAX_BYTES);
    }
    return true;
}
