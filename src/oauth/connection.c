/* The rules of connections; see connection.h. */
#include "oauth/connection.h"

#include "oauth/records.h"

const char *const dw_strategy_names[] = {"auth0", "email", "sms", NULL};

const char *dw_strategy_name(enum dw_strategy strategy)
{
    return dw_strategy_names[strategy];
}

bool dw_strategy_from(struct dw_slice name, enum dw_strategy *ret_strategy)
{
    unsigned member = 0;

    if (!dw_enum_from(dw_strategy_names, name, &member))
        return false;
    *ret_strategy = (enum dw_strategy)member;
    return true;
}

static bool is_alphanumeric(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

bool dw_connection_name_check(struct dw_slice name, struct dw_error *reterr)
{
    bool is_good = name.len > 0 && name.len <= DW_CONNECTION_NAME_MAX &&
                   is_alphanumeric(name.ptr[0]) && is_alphanumeric(name.ptr[name.len - 1]);

    for (size_t i = 0; is_good && i < name.len; i++)
        is_good = is_alphanumeric(name.ptr[i]) || name.ptr[i] == '-';
    return is_good ||
           dw_fail(reterr, DW_INVALID_REQUEST,
                   "a connection's name is up to %d letters, digits and hyphens, with no hyphen at "
                   "either end",
                   DW_CONNECTION_NAME_MAX);
}

struct dw_slice dw_connection_standard_options(enum dw_strategy strategy)
{
    switch (strategy) {
    case DW_STRATEGY_EMAIL:
        return DW_LIT(
            "{\"name\":\"email\",\"brute_force_protection\":true,\"disable_signup\":false,"
            "\"totp\":{\"length\":6,\"time_step\":180}}");
    case DW_STRATEGY_SMS:
        return DW_LIT("{\"name\":\"sms\",\"brute_force_protection\":true,\"disable_signup\":false,"
                      "\"totp\":{\"length\":6,\"time_step\":180},\"syntax\":\"md_with_macros\"}");
    case DW_STRATEGY_AUTH0:
    case DW_STRATEGY_COUNT:
    default:
        return DW_LIT("{\"brute_force_protection\":true,\"disable_signup\":false,"
                      "\"passwordPolicy\":\"good\","
                      "\"password_complexity_options\":{\"min_length\":8},"
                      "\"password_history\":{\"enable\":false,\"size\":5},"
                      "\"password_dictionary\":{\"enable\":false,\"dictionary\":[]},"
                      "\"password_no_personal_info\":{\"enable\":false},"
                      "\"requires_username\":false,"
                      "\"attributes\":{\"email\":{\"identifier\":{\"active\":true},"
                      "\"signup\":{\"status\":\"required\",\"verification\":{\"active\":true}},"
                      "\"verification_method\":\"code\"}},"
                      "\"mfa\":{\"active\":true,\"return_enroll_settings\":true},"
                      "\"import_mode\":false,\"enabledDatabaseCustomization\":false}");
    }
}

bool dw_connection_options(const struct dw_connection_record *connection, struct dw_arena *arena,
                           const struct dw_json **ret_options, struct dw_error *reterr)
{
    struct dw_slice text =
        connection->options_json.len > 0 ? connection->options_json : DW_LIT("{}");

    if (!dw_json_parse(text, arena, ret_options, reterr))
        return reterr->code == DW_NO_MEMORY
                   ? false
                   : dw_fail(reterr, DW_UNAVAILABLE, "the connection's options cannot be read");
    return (*ret_options)->type == DW_JSON_OBJECT ||
           dw_fail(reterr, DW_UNAVAILABLE, "the connection's options are no object");
}

bool dw_connection_bool(const struct dw_json *options, const char *name, bool standard)
{
    bool value = standard;

    (void)dw_json_bool(options, name, &value);
    return value;
}

int64_t dw_connection_int(const struct dw_json *options, const char *name, int64_t standard)
{
    int64_t value = standard;

    (void)dw_json_int(options, name, &value);
    return value;
}

bool dw_connection_serves(const struct dw_connection_record *connection, struct dw_slice client_id,
                          bool is_first_party)
{
    if (!connection->is_active)
        return false;
    return is_first_party ? dw_slices_have(connection->enabled_clients, client_id)
                          : connection->is_domain_connection;
}
