/* Users from a file; see user_import_internal.h. Parse one, look whether it is there, store it. */
#include "tenant/account/user_import_internal.h"

#include "base/text.h"
#include "oauth/imported_password.h"
#include "tenant/factor/mfa_internal.h"

#define USER_ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define NAME_MAX_BYTES 300
#define MAX_FACTORS 10

struct one {
    const struct dw_user_import *import;
    const struct dw_account_home *home;
    const struct dw_json *json;
    struct dw_arena *arena; /* of this user alone */
    struct dw_user *user;   /* what is stored */
    struct dw_secret hash;  /* empty: the file has none */
    const char *path;       /* of what was wrong */
    const char *code;
    bool is_there;
};

static bool fail_one(struct one *one, const char *path, const char *message,
                     struct dw_error *reterr)
{
    one->path = path;
    one->code = "INVALID_FORMAT";
    return dw_fail(reterr, DW_INVALID_REQUEST, "%s", message);
}

/* ---- reading ---- */

static bool read_text(struct one *one, const char *name, size_t max, struct dw_slice *text,
                      struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(one->json, name);

    if (!value || value->type == DW_JSON_NULL)
        return true;
    if (value->type != DW_JSON_TEXT || value->text.len > max)
        return fail_one(one, name, "must be a text, and not so long", reterr);
    *text = value->text;
    return true;
}

static bool read_bool(struct one *one, const char *name, bool *value, struct dw_error *reterr)
{
    return !dw_json_get(one->json, name) || dw_json_bool(one->json, name, value) ||
           fail_one(one, name, "must be true or false", reterr);
}

static bool read_metadata(struct one *one, const char *name, struct dw_slice *json,
                          struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(one->json, name);

    if (!value)
        return true;
    if (value->type != DW_JSON_OBJECT || value->raw.len > DW_IMPORT_METADATA_MAX_BYTES)
        return fail_one(one, name, "must be an object of at most 32 KB", reterr);
    *json = value->raw;
    return true;
}

/* Auth0's list: what the profile itself says would be hidden, or contradicted. */
static bool check_app_metadata(struct one *one, struct dw_error *reterr)
{
    static const char *const reserved[] = {
        "__tenant",         "_id",        "blocked",        "clientID",
        "created_at",       "email",      "email_verified", "globalClientID",
        "global_client_id", "identities", "lastIP",         "lastLogin",
        "loginsCount",      "metadata",   "multifactor",    "multifactor_last_modified",
        "updated_at",       "user_id"};
    const struct dw_json *value = dw_json_get(one->json, "app_metadata");

    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (dw_json_get(value, reserved[i]))
            return fail_one(one, "app_metadata", "has a member with a reserved name", reterr);
    return true;
}

static bool read_hash(struct one *one, struct dw_error *reterr)
{
    const struct dw_json *custom = dw_json_get(one->json, "custom_password_hash");
    struct dw_slice bcrypt = dw_json_text(one->json, "password_hash");
    struct dw_buf out = dw_buf_in(one->arena);
    struct dw_imported_hash hash;

    if (!custom && !dw_json_get(one->json, "password_hash"))
        return true;
    if (custom && bcrypt.ptr)
        return fail_one(one, "custom_password_hash", "only one of the two hashes may be there",
                        reterr);
    if (custom)
        dw_buf_add(&out, custom->raw);
    else
        dw_imported_password_from_bcrypt(bcrypt, &out);
    one->path = custom ? "custom_password_hash" : "password_hash";
    one->code = "INVALID_FORMAT";
    if (!dw_imported_password_parse(dw_buf_view(&out), one->arena, &hash, reterr))
        return false;
    if (one->is_there && !custom)
        return true; /* of new users alone */
    return dw_buf_finish(&out, &one->hash.hidden, reterr);
}

static const char known_members[] =
    " email email_verified user_id username given_name family_name name nickname picture blocked "
    "password_hash custom_password_hash app_metadata user_metadata mfa_factors phone_number "
    "phone_verified ";

static bool check_members(struct one *one, struct dw_error *reterr)
{
    if (one->json->type != DW_JSON_OBJECT)
        return fail_one(one, "", "must be an object", reterr);
    for (size_t i = 0; i < one->json->object.count; i++) {
        struct dw_slice key = one->json->object.members[i].key;
        struct dw_slice word = dw_arena_printf(one->arena, " %.*s ", DW_PRINT(key));

        if (!word.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (dw_slice_contains(key, ' ') || !dw_slice_has(dw_slice_from_text(known_members), word)) {
            one->path = "";
            one->code = "OBJECT_ADDITIONAL_PROPERTIES";
            return dw_fail(reterr, DW_INVALID_REQUEST, "Additional properties not allowed: %.*s",
                           DW_PRINT(key));
        }
    }
    return true;
}

/* Over what is there, or over an empty record. */
static bool read_members(struct one *one, struct dw_error *reterr)
{
    struct dw_user *user = one->user;

    return read_text(one, "email", 254, &user->email, reterr) &&
           read_text(one, "username", 128, &user->username, reterr) &&
           read_text(one, "phone_number", 16, &user->phone_number, reterr) &&
           read_text(one, "given_name", NAME_MAX_BYTES, &user->given_name, reterr) &&
           read_text(one, "family_name", NAME_MAX_BYTES, &user->family_name, reterr) &&
           read_text(one, "name", NAME_MAX_BYTES, &user->name, reterr) &&
           read_text(one, "nickname", NAME_MAX_BYTES, &user->nickname, reterr) &&
           read_text(one, "picture", 2048, &user->picture, reterr) &&
           read_bool(one, "email_verified", &user->is_email_verified, reterr) &&
           read_bool(one, "phone_verified", &user->is_phone_verified, reterr) &&
           read_bool(one, "blocked", &user->is_blocked, reterr) &&
           check_app_metadata(one, reterr) &&
           read_metadata(one, "app_metadata", &user->app_metadata_json, reterr) &&
           read_metadata(one, "user_metadata", &user->user_metadata_json, reterr);
}

/* Over who is there already, a file writes only what Auth0 upserts: not how they log in, nor
 * whether they may. And what it says of another address is not said of theirs. */
static bool read_upsert(struct one *one, struct dw_error *reterr)
{
    const struct dw_user before = *one->user;

    if (!read_members(one, reterr))
        return false;
    if (!dw_slice_eq_nocase(one->user->email, before.email))
        one->user->is_email_verified = before.is_email_verified;
    if (!dw_slice_eq(one->user->phone_number, before.phone_number))
        one->user->is_phone_verified = before.is_phone_verified;
    one->user->email = before.email;
    one->user->username = before.username;
    one->user->phone_number = before.phone_number;
    one->user->is_blocked = before.is_blocked;
    one->user->awaits_confirmation &= !one->user->is_email_verified;
    return true;
}

/* Whatever the connection asks of strangers: an operator's file needs only something to log in
 * with. */
static bool check_identifiers(struct one *one, struct dw_error *reterr)
{
    const struct dw_identifier_rules rules = {.email = DW_IDENTIFIER_OPTIONAL,
                                              .username = DW_IDENTIFIER_OPTIONAL,
                                              .phone_number = DW_IDENTIFIER_OPTIONAL,
                                              .username_min = 1,
                                              .username_max = 128};

    one->path = "email";
    one->code = "INVALID_FORMAT";
    return dw_identifier_check(&rules, one->user, reterr);
}

/* ---- who is there already ---- */

static bool user_id_of(struct one *one, struct dw_slice *ret_id, struct dw_error *reterr)
{
    struct dw_slice id = DW_EMPTY;

    *ret_id = DW_EMPTY;
    if (!read_text(one, "user_id", 128, &id, reterr))
        return false;
    if (id.len == 0)
        return true;
    if (!dw_text_is_printable_ascii(id) || dw_slice_contains(id, '|') || dw_slice_contains(id, ' '))
        return fail_one(one, "user_id", "must be printable, without blanks and |", reterr);
    *ret_id = dw_arena_printf(one->arena, "auth0|%.*s", DW_PRINT(id));
    return ret_id->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool find_user(struct one *one, struct dw_slice id, struct dw_error *reterr)
{
    static const char *const names[] = {"email", "username", "phone_number"};
    struct dw_store *store = one->import->tenant->store;
    struct dw_user *found = NULL;

    if (id.len > 0 && !dw_store_user(store, id, one->arena, &found, reterr))
        return false;
    for (size_t i = 0; !found && i < sizeof names / sizeof *names; i++) {
        struct dw_slice text = dw_json_text(one->json, names[i]);

        if (text.len > 0 && !dw_store_user_by_login(store, one->home->connection->name, text,
                                                    one->arena, &found, reterr))
            return false;
    }
    one->is_there = found != NULL;
    if (found && !dw_slice_eq(found->connection, one->home->connection->name))
        return fail_one(one, "user_id", "this user lives in another connection", reterr);
    if (found)
        one->user = found;
    return true;
}

static bool fresh_user(struct one *one, struct dw_slice id, struct dw_error *reterr)
{
    int64_t now_s = one->import->tenant->now_s();

    one->user = DW_ARENA_NEW(one->arena, struct dw_user);
    if (!one->user)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *one->user = (struct dw_user){
        .id = id.len > 0 ? id : dw_tenant_random_hex(one->arena, "auth0|", 12),
        .connection = one->home->connection->name,
        .app_metadata_json = DW_LIT("{}"),
        .user_metadata_json = DW_LIT("{}"),
        .created_at_s = now_s,
    };
    return one->user->id.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* ---- storing ---- */

static void complete_names(struct dw_user *user)
{
    struct dw_slice first = user->email.len > 0      ? user->email
                            : user->username.len > 0 ? user->username
                                                     : user->phone_number;

    if (user->name.len == 0)
        user->name = first;
    if (user->nickname.len == 0)
        user->nickname = dw_slice_sub(first, 0, dw_slice_index(first, '@'));
}

/* A hash from a file does not replace a password that somebody has used here. */
static bool set_hash(struct one *one, struct dw_error *reterr)
{
    struct dw_slice old = one->user->password_hash.hidden;

    if (one->hash.hidden.len == 0)
        return true;
    if (old.len > 0 && !dw_imported_password_is(old)) {
        one->code = "PASSWORD_HASH_NOT_UPDATED";
        one->path = "custom_password_hash";
        return dw_fail(reterr, DW_CONFLICT, "the user has a password of their own by now");
    }
    one->user->password_hash = one->hash;
    return true;
}

static bool store_user(struct one *one, struct dw_error *reterr)
{
    struct dw_store *store = one->import->tenant->store;

    one->user->updated_at_s = one->import->tenant->now_s();
    complete_names(one->user);
    if (!set_hash(one, reterr))
        return false;
    one->path = "email";
    one->code = "DUPLICATED_USER";
    return one->is_there ? dw_store_update_user(store, one->user, reterr)
                         : dw_store_add_user(store, one->user, reterr);
}

/* ---- second factors ---- */

/* Auth0's schema: an object with one member, which says the kind. */
static bool read_factor(struct one *one, const struct dw_json *factor,
                        struct dw_mfa_import *ret_factor, struct dw_error *reterr)
{
    const struct dw_json *totp = dw_json_get(factor, "totp");
    const struct dw_json *phone = dw_json_get(factor, "phone");
    const struct dw_json *email = dw_json_get(factor, "email");
    struct dw_slice secret = dw_json_text(totp, "secret");

    *ret_factor = (struct dw_mfa_import){0};
    if (factor->type != DW_JSON_OBJECT || factor->object.count != 1 || !(totp || phone || email))
        return fail_one(one, "mfa_factors", "a factor is one of totp, phone and email", reterr);
    if (totp) {
        ret_factor->type = DW_AUTHENTICATOR_TOTP;
        return (secret.len > 0 &&
                dw_text_unbase32(secret, one->arena, &ret_factor->secret.hidden, NULL)) ||
               fail_one(one, "mfa_factors", "totp.secret is base32", reterr);
    }
    ret_factor->type = phone ? DW_AUTHENTICATOR_SMS : DW_AUTHENTICATOR_EMAIL;
    ret_factor->address = dw_json_text(phone ? phone : email, "value");
    if (phone)
        return dw_identifier_is_phone_number(ret_factor->address) ||
               fail_one(one, "mfa_factors", "phone.value is E.164, as +14155550100", reterr);
    return dw_mail_is_address(ret_factor->address) ||
           fail_one(one, "mfa_factors", "email.value is an e-mail address", reterr);
}

static bool read_factors(struct one *one, struct dw_mfa_import *factors, size_t *ret_count,
                         struct dw_error *reterr)
{
    const struct dw_json *list = dw_json_get(one->json, "mfa_factors");

    *ret_count = 0;
    if (!list)
        return true;
    if (list->type != DW_JSON_ARRAY || list->array.count < 1 || list->array.count > MAX_FACTORS)
        return fail_one(one, "mfa_factors", "must be an array of 1 to 10", reterr);
    for (; *ret_count < list->array.count; (*ret_count)++)
        if (!read_factor(one, &list->array.items[*ret_count], &factors[*ret_count], reterr))
            return false;
    return true;
}

static bool store_factors(struct one *one, const struct dw_mfa_import *factors, size_t count,
                          struct dw_error *reterr)
{
    struct dw_tenant_call call = {
        .tenant = one->import->tenant, .arena = one->arena, .now_s = one->import->tenant->now_s()};

    one->path = "mfa_factors";
    one->code = "MFA_FACTORS_FAILED";
    return count == 0 || one->is_there ||
           dw_mfa_import_factors(&call, one->user, factors, count, reterr);
}

/* ---- one and all ---- */

static bool import_one(struct one *one, struct dw_error *reterr)
{
    struct dw_mfa_import factors[MAX_FACTORS];
    struct dw_slice id;
    size_t factor_count;

    if (!check_members(one, reterr) || !user_id_of(one, &id, reterr) || !find_user(one, id, reterr))
        return false;
    if (one->is_there && !one->import->is_upsert) {
        one->path = "email";
        one->code = "DUPLICATED_USER";
        return dw_fail(reterr, DW_CONFLICT, "a user with this identifier is there already");
    }
    return (one->is_there ? read_upsert(one, reterr)
                          : fresh_user(one, id, reterr) && read_members(one, reterr)) &&
           check_identifiers(one, reterr) && read_hash(one, reterr) &&
           read_factors(one, factors, &factor_count, reterr) && store_user(one, reterr) &&
           store_factors(one, factors, factor_count, reterr);
}

static void put_if(struct dw_json_writer *json, const struct dw_json *user, const char *name)
{
    struct dw_slice text = dw_json_text(user, name);

    if (text.ptr)
        dw_json_put_text(json, name, text);
}

static void write_failure(const struct one *one, const struct dw_error *error,
                          struct dw_json_writer *json)
{
    dw_json_write_object_start(json);
    dw_json_write_key(json, DW_LIT("user"));
    dw_json_write_object_start(json);
    put_if(json, one->json, "email");
    put_if(json, one->json, "user_id");
    put_if(json, one->json, "username");
    put_if(json, one->json, "phone_number");
    dw_json_write_object_end(json);
    dw_json_write_key(json, DW_LIT("errors"));
    dw_json_write_array_start(json);
    dw_json_write_object_start(json);
    dw_json_put_text(json, "code", dw_slice_from_text(one->code ? one->code : "INTERNAL_ERROR"));
    dw_json_put_text(json, "message", dw_slice_from_text(error->message));
    dw_json_put_text(json, "path", dw_slice_from_text(one->path ? one->path : ""));
    dw_json_write_object_end(json);
    dw_json_write_array_end(json);
    dw_json_write_object_end(json);
}

/* What is no fault of the file ends the whole run. */
static bool is_fatal(const struct dw_error *error)
{
    return error->code != DW_INVALID_REQUEST && error->code != DW_CONFLICT &&
           error->code != DW_NOT_FOUND && error->code != DW_ACCESS_DENIED;
}

static bool find_home(const struct dw_user_import *import, struct dw_arena *arena,
                      struct dw_account_home *ret_home, struct dw_error *reterr)
{
    const struct dw_user nobody = {.connection = import->connection};

    if (!dw_account_home_of(import->tenant, &nobody, arena, ret_home, reterr))
        return false;
    return ret_home->connection ||
           dw_fail(reterr, DW_INVALID_REQUEST, "there is no connection \"%.*s\" with passwords",
                   DW_PRINT(import->connection));
}

static bool import_all(const struct dw_user_import *import, const struct dw_json *users,
                       const struct dw_account_home *home, struct dw_arena *arena,
                       struct dw_import_summary *summary, struct dw_buf *errors,
                       struct dw_error *reterr)
{
    struct dw_json_writer json = dw_json_writer_to(errors);

    dw_json_write_array_start(&json);
    for (size_t i = 0; i < users->array.count; i++) {
        struct one one = {
            .import = import, .home = home, .json = &users->array.items[i], .arena = arena};
        struct dw_error error = {0};

        if (import_one(&one, &error)) {
            *(one.is_there ? &summary->updated : &summary->inserted) += 1;
        } else if (is_fatal(&error)) {
            *reterr = error;
            return false;
        } else {
            summary->failed++;
            write_failure(&one, &error, &json);
        }
        if (import->progress)
            import->progress(summary, import->user);
        dw_arena_reset(arena);
    }
    dw_json_write_array_end(&json);
    return true;
}

bool dw_user_import_run(const struct dw_user_import *import, struct dw_slice json,
                        struct dw_arena *arena, struct dw_import_summary *ret_summary,
                        struct dw_buf *errors, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *user_arena = dw_arena_new(USER_ARENA_BYTES);
    const struct dw_json *users;
    struct dw_account_home home;
    bool is_done;

    *ret_summary = (struct dw_import_summary){0};
    if (!user_arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!find_home(import, arena, &home, reterr) || !dw_json_parse(json, arena, &users, reterr))
        return false;
    if (users->type != DW_JSON_ARRAY)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the file must be an array of users");
    ret_summary->total = (int64_t)users->array.count;
    /* Who loses power imports again; what is told as done is on the disk. */
    dw_store_hurry(import->tenant->store, true);
    is_done = import_all(import, users, &home, user_arena, ret_summary, errors, reterr);
    dw_store_hurry(import->tenant->store, false);
    return is_done && dw_store_check(import->tenant->store, reterr);
}
