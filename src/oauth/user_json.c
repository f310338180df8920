/* Users as JSON; see user_json.h. */
#include "oauth/user_json.h"

#include "base/text.h"
#include "oauth/identifier.h"
#include "json/json_merge.h"
#include "json/json_writer.h"

#define TEXT_MAX_BYTES 300
#define URL_MAX_BYTES 2048

static const struct {
    const char *name;
    size_t offset, max;
} texts[] = {
    {"email", offsetof(struct dw_user, email), 254},
    {"username", offsetof(struct dw_user, username), 128},
    {"phone_number", offsetof(struct dw_user, phone_number), 16},
    {"name", offsetof(struct dw_user, name), TEXT_MAX_BYTES},
    {"given_name", offsetof(struct dw_user, given_name), TEXT_MAX_BYTES},
    {"family_name", offsetof(struct dw_user, family_name), TEXT_MAX_BYTES},
    {"nickname", offsetof(struct dw_user, nickname), TEXT_MAX_BYTES},
    {"picture", offsetof(struct dw_user, picture), URL_MAX_BYTES},
};
#define TEXT_COUNT (sizeof texts / sizeof *texts)

static const struct {
    const char *name;
    size_t offset;
} switches[] = {
    {"email_verified", offsetof(struct dw_user, is_email_verified)},
    {"phone_verified", offsetof(struct dw_user, is_phone_verified)},
    {"blocked", offsetof(struct dw_user, is_blocked)},
};
#define SWITCH_COUNT (sizeof switches / sizeof *switches)

static const struct {
    const char *name;
    size_t offset;
} objects[] = {
    {"user_metadata", offsetof(struct dw_user, user_metadata_json)},
    {"app_metadata", offsetof(struct dw_user, app_metadata_json)},
};
#define OBJECT_COUNT (sizeof objects / sizeof *objects)

static const struct {
    const char *name;
    size_t offset;
} times[] = {
    {"created_at", offsetof(struct dw_user, created_at_s)},
    {"updated_at", offsetof(struct dw_user, updated_at_s)},
    {"last_login", offsetof(struct dw_user, last_login_at_s)},
    {"last_password_reset", offsetof(struct dw_user, last_password_reset_at_s)},
};

static const void *member_of(const struct dw_user *user, size_t offset)
{
    return (const char *)user + offset;
}

/* ---- showing ---- */

void dw_user_identities_write(const struct dw_user *user, struct dw_json_writer *json)
{
    struct dw_slice id = user->id, provider;

    (void)dw_slice_split(&id, '|', &provider);
    dw_json_write_key(json, DW_LIT("identities"));
    dw_json_write_array_start(json);
    dw_json_write_object_start(json);
    dw_json_put_text(json, "connection", user->connection);
    dw_json_put_text(json, "user_id", id);
    dw_json_put_text(json, "provider", provider);
    dw_json_put_bool(json, "isSocial", false);
    dw_json_write_object_end(json);
    dw_json_write_array_end(json);
}

static void write_times(const struct dw_user *user, struct dw_json_writer *json)
{
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t at_s = *(const int64_t *)member_of(user, times[i].offset);
        char text[DW_TEXT_TIME_SIZE];

        if (at_s == 0)
            continue;
        dw_text_time(at_s * 1000, text);
        dw_json_put_text(json, times[i].name, dw_slice_from_text(text));
    }
}

/* Auth0 shows whether an address is verified when there is one, and blocked when it is. */
static void write_switches(const struct dw_user *user, struct dw_json_writer *json)
{
    if (user->email.len > 0)
        dw_json_put_bool(json, "email_verified", user->is_email_verified);
    if (user->phone_number.len > 0)
        dw_json_put_bool(json, "phone_verified", user->is_phone_verified);
    if (user->is_blocked)
        dw_json_put_bool(json, "blocked", true);
}

bool dw_user_to_json(const struct dw_user *user, struct dw_arena *arena, struct dw_slice *ret_json,
                     struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "user_id", user->id);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const struct dw_slice *text = member_of(user, texts[i].offset);

        if (text->len > 0)
            dw_json_put_text(&json, texts[i].name, *text);
    }
    write_switches(user, &json);
    dw_user_identities_write(user, &json);
    for (size_t i = 0; i < OBJECT_COUNT; i++)
        dw_json_put_raw(&json, objects[i].name,
                        *(const struct dw_slice *)member_of(user, objects[i].offset));
    write_times(user, &json);
    if (user->last_ip.len > 0)
        dw_json_put_text(&json, "last_ip", user->last_ip);
    dw_json_put_int(&json, "logins_count", user->logins_count);
    dw_json_write_object_end(&json);
    return dw_buf_finish(&out, ret_json, reterr);
}

/* ---- changing ---- */

static bool fail_member(struct dw_slice name, const char *what, struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_REQUEST, "%.*s %s", DW_PRINT(name), what);
}

static bool set_text(struct dw_user *user, size_t i, const struct dw_json_member *member,
                     struct dw_error *reterr)
{
    struct dw_slice *text = (struct dw_slice *)((char *)user + texts[i].offset);

    if (member->value.type == DW_JSON_NULL) {
        *text = DW_EMPTY;
        return true;
    }
    if (member->value.type != DW_JSON_TEXT || member->value.text.len > texts[i].max)
        return fail_member(member->key, "must be a text, and not so long", reterr);
    *text = member->value.text;
    return true;
}

static bool set_object(struct dw_user *user, size_t i, const struct dw_json_member *member,
                       struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slice *json = (struct dw_slice *)((char *)user + objects[i].offset);

    if (member->value.type == DW_JSON_NULL) {
        *json = DW_LIT("{}");
        return true;
    }
    if (member->value.type != DW_JSON_OBJECT)
        return fail_member(member->key, "must be an object", reterr);
    if (!dw_json_merge(*json, member->value.raw, arena, json, reterr))
        return false;
    return json->len <= DW_USER_METADATA_MAX_BYTES ||
           fail_member(member->key, "has over 32 KB", reterr);
}

static bool apply_member(struct dw_user *user, const struct dw_json_member *member,
                         struct dw_arena *arena, struct dw_error *reterr)
{
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (dw_slice_eq(member->key, dw_slice_from_text(texts[i].name)))
            return set_text(user, i, member, reterr);
    for (size_t i = 0; i < SWITCH_COUNT; i++)
        if (dw_slice_eq(member->key, dw_slice_from_text(switches[i].name))) {
            if (member->value.type != DW_JSON_BOOL)
                return fail_member(member->key, "must be true or false", reterr);
            *(bool *)((char *)user + switches[i].offset) = member->value.boolean;
            return true;
        }
    for (size_t i = 0; i < OBJECT_COUNT; i++)
        if (dw_slice_eq(member->key, dw_slice_from_text(objects[i].name)))
            return set_object(user, i, member, arena, reterr);
    return fail_member(member->key, "is nothing that can be changed", reterr);
}

bool dw_user_apply_json(struct dw_user *user, struct dw_slice patch, struct dw_arena *arena,
                        struct dw_error *reterr)
{
    static const struct dw_identifier_rules any = {.email = DW_IDENTIFIER_OPTIONAL,
                                                   .username = DW_IDENTIFIER_OPTIONAL,
                                                   .phone_number = DW_IDENTIFIER_OPTIONAL,
                                                   .username_min = 1,
                                                   .username_max = 128};
    struct dw_slice email = user->email, phone_number = user->phone_number;
    const struct dw_json *document;

    if (!dw_json_parse(patch, arena, &document, reterr))
        return false;
    if (document->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the patch must be an object");
    for (size_t i = 0; i < document->object.count; i++)
        if (!apply_member(user, &document->object.members[i], arena, reterr))
            return false;
    if (!dw_slice_eq_nocase(email, user->email)) {
        user->awaits_confirmation = false;
        if (!dw_json_get(document, "email_verified"))
            user->is_email_verified = false;
    }
    user->awaits_confirmation &= !user->is_email_verified;
    if (!dw_json_get(document, "phone_verified") && !dw_slice_eq(phone_number, user->phone_number))
        user->is_phone_verified = false;
    return dw_identifier_check(&any, user, reterr);
}
