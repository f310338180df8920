/* doorward tenant user mfa ..., user recovery-code ..., mfa ...: second factors, with the names of
 * Auth0's authentication methods and guardian policies. */
#include "tenant/factor/mfa_internal.h"
#include "tenant/manage/manage_internal.h"

static bool find_user(struct dw_manage *manage, struct dw_user **ret_user, struct dw_error *reterr)
{
    return dw_manage_find_user(manage, dw_manage_value(manage, "email"), ret_user, reterr);
}

/* What functions of the pages need of a call. */
static struct dw_tenant_call call_of(const struct dw_manage *manage)
{
    return (struct dw_tenant_call){
        .tenant = manage->tenant, .arena = manage->arena, .now_s = manage->tenant->now_s()};
}

static void add_time(struct dw_manage *manage, struct dw_manage_row *row, const char *name,
                     int64_t at_s)
{
    if (at_s == 0)
        dw_manage_cell_json(row, name, DW_LIT("null"));
    else
        dw_manage_cell_time(row, name, at_s, manage);
}

bool dw_manage_user_mfa_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_user *user;
    struct dw_authenticator *list;
    size_t count;

    if (!find_user(manage, &user, reterr) ||
        !dw_store_authenticators(manage->tenant->store, user->id, manage->arena, &list, &count,
                                 reterr))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

        if (!row)
            return false;
        dw_manage_cell_text(row, "id", list[i].id);
        dw_manage_cell_text(row, "type",
                            dw_slice_from_text(dw_authenticator_type_names[list[i].type]));
        dw_manage_cell_bool(row, "confirmed", list[i].confirmed_at_s != 0);
        if (list[i].type == DW_AUTHENTICATOR_EMAIL)
            dw_manage_cell_text(row, "email", list[i].address);
        else
            dw_manage_cell_json(row, "email", DW_LIT("null"));
        if (list[i].type == DW_AUTHENTICATOR_SMS)
            dw_manage_cell_text(row, "phone_number", list[i].address);
        else
            dw_manage_cell_json(row, "phone_number", DW_LIT("null"));
        add_time(manage, row, "created_at", list[i].created_at_s);
        add_time(manage, row, "enrolled_at", list[i].confirmed_at_s);
        add_time(manage, row, "last_auth_at", list[i].last_auth_at_s);
    }
    return true;
}

/* Who was asked for a second factor and is not any more must not stay logged in by it. */
static bool end_logins(struct dw_manage *manage, const struct dw_user *user,
                       struct dw_error *reterr)
{
    return dw_store_delete_sessions_of(manage->tenant->store, user->id, reterr) &&
           dw_store_revoke_refresh_tokens_of(manage->tenant->store, user->id, DW_EMPTY,
                                             manage->tenant->now_s(), reterr);
}

static bool show_user(struct dw_manage *manage, const struct dw_user *user, const char *name,
                      struct dw_slice text, struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "user_id", user->id);
    dw_manage_cell_text(row, "email", user->email);
    if (name)
        dw_manage_cell_text(row, name, text);
    return true;
}

bool dw_manage_user_mfa_reset(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_store *store = manage->tenant->store;
    struct dw_slice id = dw_manage_value(manage, "id");
    struct dw_user *user;

    if (!find_user(manage, &user, reterr) ||
        !(id.len > 0 ? dw_store_delete_authenticator(store, user->id, id, reterr)
                     : dw_store_delete_authenticators_of(store, user->id, reterr)))
        return false;
    return end_logins(manage, user, reterr) && show_user(manage, user, NULL, DW_EMPTY, reterr);
}

bool dw_manage_user_recovery_code(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_tenant_call call = call_of(manage);
    struct dw_authenticator record;
    struct dw_user *user;
    struct dw_slice code;
    bool is_done;

    return find_user(manage, &user, reterr) &&
           dw_mfa_make_recovery_code(&call, user->id, DW_EMPTY, call.now_s, &code, &record,
                                     reterr) &&
           dw_store_replace_recovery_code(manage->tenant->store, DW_EMPTY, &record, &is_done,
                                          reterr) &&
           show_user(manage, user, "recovery_code", code, reterr);
}

static bool load_settings(struct dw_manage *manage, struct dw_mfa_settings *ret_settings,
                          struct dw_error *reterr)
{
    struct dw_mfa_settings *there;

    if (!dw_store_mfa_settings(manage->tenant->store, manage->arena, &there, reterr))
        return false;
    *ret_settings = there ? *there : dw_mfa_standard_settings;
    return true;
}

static bool show_settings(struct dw_manage *manage, const struct dw_mfa_settings *settings,
                          struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "policy", dw_slice_from_text(dw_mfa_policy_names[settings->policy]));
    dw_manage_cell_texts(row, "factors", settings->factors);
    return true;
}

bool dw_manage_mfa_show(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_mfa_settings settings;

    return load_settings(manage, &settings, reterr) && show_settings(manage, &settings, reterr);
}

bool dw_manage_mfa_set(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice policy = dw_manage_value(manage, "policy");
    struct dw_mfa_settings settings;
    struct dw_slices factors;
    unsigned member;

    if (!load_settings(manage, &settings, reterr) ||
        !dw_manage_values(manage, "factor", &factors, reterr))
        return false;
    if (policy.len > 0) {
        if (!dw_enum_from(dw_mfa_policy_names, policy, &member))
            return dw_fail(reterr, DW_USAGE,
                           "--policy is never, all-applications or confidence-score");
        settings.policy = (enum dw_mfa_policy)member;
    }
    for (size_t i = 0; i < factors.count; i++)
        if (!dw_enum_from(dw_mfa_factor_names, factors.items[i], &member))
            return dw_fail(reterr, DW_USAGE, "--factor is otp, email, sms or recovery-code");
    if (factors.count > 0)
        settings.factors = factors;
    return dw_store_put_mfa_settings(manage->tenant->store, &settings, reterr) &&
           show_settings(manage, &settings, reterr);
}
