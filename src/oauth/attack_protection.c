/* Reading the settings of attack protection; see attack_protection.h. */
#include "oauth/attack_protection.h"

#include "oauth/json_member.h"

#define BRUTE_FORCE_STANDARD                                                                       \
    "{\"enabled\":true,\"shields\":[\"block\",\"user_notification\"],"                             \
    "\"mode\":\"count_per_identifier_and_ip\",\"allowlist\":[],\"max_attempts\":10}"
#define SUSPICIOUS_IP_STANDARD                                                                     \
    "{\"enabled\":true,\"shields\":[\"admin_notification\",\"block\"],\"allowlist\":[],"           \
    "\"stage\":{\"pre-login\":{\"max_attempts\":100,\"rate\":864000},"                             \
    "\"pre-user-registration\":{\"max_attempts\":50,\"rate\":1200},"                               \
    "\"pre-custom-token-exchange\":{\"max_attempts\":10,\"rate\":600000}}}"
#define BREACHED_STANDARD                                                                          \
    "{\"enabled\":false,\"shields\":[],\"admin_notification_frequency\":[],"                       \
    "\"method\":\"standard\",\"stage\":{\"pre-user-registration\":{\"shields\":[]},"               \
    "\"pre-change-password\":{\"shields\":[]}}}"

static const struct {
    struct dw_slice name, standard;
    const char *members; /* with a blank before and after each */
} objects[] = {
    {{DW_BRUTE_FORCE, sizeof DW_BRUTE_FORCE - 1},
     {BRUTE_FORCE_STANDARD, sizeof BRUTE_FORCE_STANDARD - 1},
     " enabled shields mode allowlist max_attempts "},
    {{DW_SUSPICIOUS_IP, sizeof DW_SUSPICIOUS_IP - 1},
     {SUSPICIOUS_IP_STANDARD, sizeof SUSPICIOUS_IP_STANDARD - 1},
     " enabled shields allowlist stage "},
    {{DW_BREACHED_PASSWORDS, sizeof DW_BREACHED_PASSWORDS - 1},
     {BREACHED_STANDARD, sizeof BREACHED_STANDARD - 1},
     " enabled shields admin_notification_frequency method stage "},
};
#define OBJECT_COUNT (sizeof objects / sizeof *objects)

struct dw_slice dw_attack_protection_standard(struct dw_slice name)
{
    for (size_t i = 0; i < OBJECT_COUNT; i++)
        if (dw_slice_eq(name, objects[i].name))
            return objects[i].standard;
    return DW_EMPTY;
}

static bool fail_member(const char *name, struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_REQUEST, "%s is not what it may be", name);
}

static bool parse(struct dw_slice json, struct dw_arena *arena, const struct dw_json **ret_object,
                  struct dw_error *reterr)
{
    *ret_object = NULL;
    if (json.len == 0)
        return true;
    if (!dw_json_parse(json, arena, ret_object, reterr))
        return reterr->code != DW_MALFORMED
                   ? false
                   : dw_fail(reterr, DW_INVALID_REQUEST, "the settings are no JSON");
    return (*ret_object)->type == DW_JSON_OBJECT ||
           dw_fail(reterr, DW_INVALID_REQUEST, "the settings must be an object");
}

static bool read_bool(const struct dw_json *object, const char *name, bool *value,
                      struct dw_error *reterr)
{
    return dw_member_bool(name, dw_json_get(object, name), value, reterr);
}

static bool read_number(const struct dw_json *object, const char *name, int64_t min, int64_t max,
                        int64_t *number, struct dw_error *reterr)
{
    return dw_member_int(name, dw_json_get(object, name), min, max, number, reterr);
}

static bool read_texts(const struct dw_json *object, const char *name, size_t max,
                       struct dw_arena *arena, struct dw_slices *texts, struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(object, name);

    if (!value)
        return true;
    if (value->type != DW_JSON_ARRAY || value->array.count > max ||
        !dw_json_texts(object, name, arena, texts, NULL))
        return fail_member(name, reterr);
    return true;
}

static bool has(struct dw_slices texts, const char *wanted)
{
    return dw_slices_have(texts, dw_slice_from_text(wanted));
}

/* Each of them one that the object knows. */
static bool read_shields(const struct dw_json *object, struct dw_slices known,
                         struct dw_arena *arena, struct dw_slices *shields, struct dw_error *reterr)
{
    if (!read_texts(object, "shields", 4, arena, shields, reterr))
        return false;
    for (size_t i = 0; i < shields->count; i++)
        if (!dw_slices_have(known, shields->items[i]))
            return fail_member("shields", reterr);
    return true;
}

static const struct dw_slice shield_names[] = {
    {"block", 5}, {"user_notification", 17}, {"admin_notification", 18}};
static const struct dw_slices all_shields = {shield_names, 3};

bool dw_brute_force_read(struct dw_slice json, struct dw_arena *arena,
                         struct dw_brute_force *ret_settings, struct dw_error *reterr)
{
    const struct dw_json *object, *mode;
    struct dw_slices shields = {shield_names, 2};

    *ret_settings =
        (struct dw_brute_force){.is_enabled = true, .counts_by_address = true, .max_attempts = 10};
    if (!parse(json, arena, &object, reterr) ||
        !read_bool(object, "enabled", &ret_settings->is_enabled, reterr) ||
        !read_shields(object, (struct dw_slices){shield_names, 2}, arena, &shields, reterr) ||
        !read_texts(object, "allowlist", DW_ALLOWLIST_MAX, arena, &ret_settings->allowlist,
                    reterr) ||
        !read_number(object, "max_attempts", 1, 100, &ret_settings->max_attempts, reterr))
        return false;
    ret_settings->blocks = has(shields, "block");
    ret_settings->notifies = has(shields, "user_notification");
    mode = dw_json_get(object, "mode");
    if (!mode)
        return true;
    ret_settings->counts_by_address =
        mode->type == DW_JSON_TEXT &&
        dw_slice_eq(mode->text, DW_LIT("count_per_identifier_and_ip"));
    return ret_settings->counts_by_address ||
           (mode->type == DW_JSON_TEXT &&
            dw_slice_eq(mode->text, DW_LIT("count_per_identifier"))) ||
           fail_member("mode", reterr);
}

static bool read_throttle(const struct dw_json *stage, const char *name,
                          struct dw_throttle *throttle, struct dw_error *reterr)
{
    const struct dw_json *object = dw_json_get(stage, name);

    if (object && object->type != DW_JSON_OBJECT)
        return fail_member(name, reterr);
    return read_number(object, "max_attempts", 1, 10000, &throttle->max_attempts, reterr) &&
           read_number(object, "rate", 1, INT64_C(86400000), &throttle->rate_ms, reterr);
}

bool dw_suspicious_ip_read(struct dw_slice json, struct dw_arena *arena,
                           struct dw_suspicious_ip *ret_settings, struct dw_error *reterr)
{
    struct dw_slices shields = {shield_names, 1};
    const struct dw_json *object, *stage;

    *ret_settings = (struct dw_suspicious_ip){
        .is_enabled = true,
        .login = {100, 864000},
        .registration = {50, 1200},
        .token_exchange = {10, 600000},
    };
    if (!parse(json, arena, &object, reterr) ||
        !read_bool(object, "enabled", &ret_settings->is_enabled, reterr) ||
        !read_shields(object, all_shields, arena, &shields, reterr) ||
        !read_texts(object, "allowlist", DW_ALLOWLIST_MAX, arena, &ret_settings->allowlist, reterr))
        return false;
    ret_settings->blocks = has(shields, "block");
    stage = dw_json_get(object, "stage");
    return read_throttle(stage, "pre-login", &ret_settings->login, reterr) &&
           read_throttle(stage, "pre-user-registration", &ret_settings->registration, reterr) &&
           read_throttle(stage, "pre-custom-token-exchange", &ret_settings->token_exchange, reterr);
}

bool dw_breached_passwords_read(struct dw_slice json, struct dw_arena *arena,
                                struct dw_breached_passwords *ret_settings, struct dw_error *reterr)
{
    struct dw_slices login = {0}, registration = {0}, change = {0};
    const struct dw_json *object, *stage;

    *ret_settings = (struct dw_breached_passwords){0};
    if (!parse(json, arena, &object, reterr))
        return false;
    stage = dw_json_get(object, "stage");
    if (!read_bool(object, "enabled", &ret_settings->is_enabled, reterr) ||
        !read_shields(object, all_shields, arena, &login, reterr) ||
        !read_shields(dw_json_get(stage, "pre-user-registration"), all_shields, arena,
                      &registration, reterr) ||
        !read_shields(dw_json_get(stage, "pre-change-password"), all_shields, arena, &change,
                      reterr))
        return false;
    ret_settings->blocks_login = has(login, "block");
    ret_settings->notifies_login = has(login, "user_notification");
    ret_settings->blocks_registration = has(registration, "block");
    ret_settings->blocks_change = has(change, "block");
    return true;
}

static bool check_members(const struct dw_json *object, const char *known, struct dw_arena *arena,
                          struct dw_error *reterr)
{
    for (size_t i = 0; i < object->object.count; i++) {
        struct dw_slice key = object->object.members[i].key;
        struct dw_slice word = dw_arena_printf(arena, " %.*s ", DW_PRINT(key));

        if (!word.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (dw_slice_contains(key, ' ') || !dw_slice_has(dw_slice_from_text(known), word))
            return dw_fail(reterr, DW_INVALID_REQUEST, "there is no setting %.*s", DW_PRINT(key));
    }
    return true;
}

bool dw_attack_protection_check(struct dw_slice name, struct dw_slice json, struct dw_arena *arena,
                                struct dw_error *reterr)
{
    struct dw_brute_force brute_force;
    struct dw_suspicious_ip suspicious_ip;
    struct dw_breached_passwords breached;
    const struct dw_json *object;
    size_t i = 0;

    while (i < OBJECT_COUNT && !dw_slice_eq(name, objects[i].name))
        i++;
    if (i == OBJECT_COUNT)
        return dw_fail(reterr, DW_INVALID_REQUEST, "attack protection is one of %s, %s and %s",
                       DW_BRUTE_FORCE, DW_SUSPICIOUS_IP, DW_BREACHED_PASSWORDS);
    if (!parse(json, arena, &object, reterr))
        return false;
    if (!object)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the settings must be an object");
    return check_members(object, objects[i].members, arena, reterr) &&
           dw_brute_force_read(i == 0 ? json : DW_EMPTY, arena, &brute_force, reterr) &&
           dw_suspicious_ip_read(i == 1 ? json : DW_EMPTY, arena, &suspicious_ip, reterr) &&
           dw_breached_passwords_read(i == 2 ? json : DW_EMPTY, arena, &breached, reterr);
}
