/* doorward tenant connection ... */
#include "oauth/password_policy.h"
#include "store/connections.h"
#include "tenant/manage/manage_internal.h"

#define STORE manage->tenant->store

static bool show_connection(struct dw_manage *manage, const struct dw_connection_record *connection,
                            struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "id", connection->id);
    dw_manage_cell_text(row, "name", connection->name);
    dw_manage_cell_text(row, "strategy",
                        dw_slice_from_text(dw_strategy_name(connection->strategy)));
    dw_manage_cell_bool(row, "is_domain_connection", connection->is_domain_connection);
    dw_manage_cell_texts(row, "enabled_clients", connection->enabled_clients);
    dw_manage_cell_text(row, "display_name", connection->display_name);
    dw_manage_cell_details(row);
    dw_manage_cell_texts(row, "realms", connection->realms);
    dw_manage_cell_details(row);
    dw_manage_cell_bool(row, "show_as_button", connection->shows_as_button);
    dw_manage_cell_details(row);
    dw_manage_cell_json(row, "authentication",
                        connection->is_active ? DW_LIT("{\"active\":true}")
                                              : DW_LIT("{\"active\":false}"));
    dw_manage_cell_details(row);
    dw_manage_cell_json(row, "connected_accounts", DW_LIT("{\"active\":false}"));
    dw_manage_cell_details(row);
    dw_manage_cell_json(row, "options", connection->options_json);
    dw_manage_cell_details(row);
    dw_manage_cell_json(row, "metadata", connection->metadata_json);
    dw_manage_cell_details(row);
    return true;
}

static bool find_connection(struct dw_manage *manage, struct dw_connection_record **ret_connection,
                            struct dw_error *reterr)
{
    struct dw_slice name = dw_manage_value(manage, "name");

    if (!dw_store_connection_by_name(STORE, name, manage->arena, ret_connection, reterr))
        return false;
    return *ret_connection ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no connection \"%.*s\"", DW_PRINT(name));
}

/* What create and update have in common. */
/* Whoever signs up or logs in could not be judged by options that cannot be read. */
static bool check_options(struct dw_manage *manage, const struct dw_connection_record *connection,
                          struct dw_error *reterr)
{
    struct dw_password_policy policy;
    const struct dw_json *options;

    return connection->strategy != DW_STRATEGY_AUTH0 ||
           (dw_connection_options(connection, manage->arena, &options, reterr) &&
            dw_password_policy_read(options, manage->arena, &policy, reterr));
}

static bool apply_flags(struct dw_manage *manage, struct dw_connection_record *connection,
                        struct dw_error *reterr)
{
    if (dw_manage_has(manage, "display-name"))
        connection->display_name = dw_manage_value(manage, "display-name");
    if (dw_manage_has(manage, "domain") || dw_manage_has(manage, "no-domain"))
        connection->is_domain_connection = dw_manage_has(manage, "domain");
    if (dw_manage_has(manage, "active") || dw_manage_has(manage, "inactive"))
        connection->is_active = dw_manage_has(manage, "active");
    connection->updated_at_s = manage->tenant->now_s();
    if (!dw_manage_apply_sets(manage, &connection->options_json, reterr) ||
        !check_options(manage, connection, reterr))
        return false;
    return connection->options_json.len <= DW_CONNECTION_OPTIONS_MAX_BYTES ||
           dw_fail(reterr, DW_TOO_LARGE, "options have at most %zu bytes",
                   DW_CONNECTION_OPTIONS_MAX_BYTES);
}

static bool enable_clients(struct dw_manage *manage, struct dw_connection_record **connection,
                           bool is_enabled, struct dw_error *reterr)
{
    struct dw_slices clients = {0};

    if (!dw_manage_values(manage, "client", &clients, reterr))
        return false;
    for (size_t i = 0; i < clients.count; i++)
        if (!dw_store_enable_connection(STORE, (*connection)->id, clients.items[i], is_enabled,
                                        reterr))
            return reterr->code == DW_NOT_FOUND
                       ? dw_fail(reterr, DW_NOT_FOUND, "there is no application \"%.*s\"",
                                 DW_PRINT(clients.items[i]))
                       : false;
    return dw_store_connection(STORE, (*connection)->id, manage->arena, connection, reterr);
}

bool dw_manage_connection_create(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_connection_record *connection = NULL;
    struct dw_slice name = dw_manage_value(manage, "name");
    struct dw_connection_record made = {
        .id = dw_tenant_random_id(manage->arena, "con_", 16),
        .name = name,
        .realms = {&name, 1},
        .is_active = true,
        .created_at_s = manage->tenant->now_s(),
    };

    if (!made.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_connection_name_check(name, reterr))
        return false;
    if (!dw_strategy_from(dw_manage_value(manage, "strategy"), &made.strategy))
        return dw_fail(reterr, DW_USAGE, "a --strategy is auth0, email or sms");
    made.options_json = dw_connection_standard_options(made.strategy);
    connection = &made;
    if (!apply_flags(manage, connection, reterr))
        return false;
    if (!dw_store_put_connection(STORE, connection, reterr))
        return reterr->code == DW_CONFLICT
                   ? dw_fail(reterr, DW_CONFLICT, "A connection with the same name already exists")
                   : false;
    return enable_clients(manage, &connection, true, reterr) &&
           show_connection(manage, connection, reterr);
}

bool dw_manage_connection_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_connection_record *connections = NULL;
    size_t count = 0;

    do {
        if (!dw_store_connections(STORE, page, manage->arena, &connections, &count, NULL, reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_connection(manage, &connections[i], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_connection_show(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_connection_record *connection = NULL;

    return find_connection(manage, &connection, reterr) &&
           show_connection(manage, connection, reterr);
}

bool dw_manage_connection_update(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_connection_record *connection = NULL;

    return find_connection(manage, &connection, reterr) &&
           apply_flags(manage, connection, reterr) &&
           dw_store_put_connection(STORE, connection, reterr) &&
           show_connection(manage, connection, reterr);
}

bool dw_manage_connection_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_connection_record *connection = NULL;

    return find_connection(manage, &connection, reterr) &&
           dw_store_delete_connection(STORE, connection->id, reterr);
}

static bool switch_client(struct dw_manage *manage, bool is_enabled, struct dw_error *reterr)
{
    struct dw_connection_record *connection = NULL;

    return find_connection(manage, &connection, reterr) &&
           enable_clients(manage, &connection, is_enabled, reterr) &&
           show_connection(manage, connection, reterr);
}

bool dw_manage_connection_enable(struct dw_manage *manage, struct dw_error *reterr)
{
    return switch_client(manage, true, reterr);
}

bool dw_manage_connection_disable(struct dw_manage *manage, struct dw_error *reterr)
{
    return switch_client(manage, false, reterr);
}
