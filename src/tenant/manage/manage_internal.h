/* The management verbs: `doorward tenant NOUN VERB --flags`. What is shared between their files. */
#ifndef DW_TENANT_MANAGE_INTERNAL_H
#define DW_TENANT_MANAGE_INTERNAL_H

#include "tenant/tenant_internal.h"

#define DW_MANAGE_MAX_FLAGS 64
#define DW_MANAGE_MAX_CELLS 48

struct dw_manage_flag {
    struct dw_slice name;  /* without "--" */
    struct dw_slice value; /* empty for a switch */
};

struct dw_manage_cell {
    const char *name;
    struct dw_slice text;
    struct dw_slices texts; /* instead of text, when is_list */
    bool is_list;
    bool is_bool;      /* text is "true" or "false" */
    bool is_json;      /* text is JSON: an object, a number */
    bool is_json_only; /* not shown in a table of many */
};

struct dw_manage_row {
    struct dw_manage_cell cells[DW_MANAGE_MAX_CELLS];
    size_t count;
    struct dw_manage_row *next;
};

struct dw_manage {
    struct dw_tenant *tenant;
    struct dw_arena *arena;
    struct dw_manage_flag flags[DW_MANAGE_MAX_FLAGS];
    size_t flag_count;
    bool is_json;
    bool is_list;   /* the verb lists: JSON is an array */
    bool is_stream; /* the verb shows as it goes: JSON is an object a line, a table has one title */
    bool has_shown_title;
    struct dw_manage_row *first_row, **next_row;
};

typedef bool dw_manage_function(struct dw_manage *manage, struct dw_error *reterr);

dw_manage_function dw_manage_user_add, dw_manage_user_list, dw_manage_user_block,
    dw_manage_user_unblock, dw_manage_user_delete, dw_manage_user_password; /* manage_users.c */
dw_manage_function dw_manage_api_add, dw_manage_api_list, dw_manage_api_show, dw_manage_api_update,
    dw_manage_api_delete; /* manage_apis.c */
dw_manage_function dw_manage_role_add, dw_manage_role_list, dw_manage_role_assign,
    dw_manage_role_unassign, dw_manage_role_delete; /* manage_apis.c */
dw_manage_function dw_manage_client_add, dw_manage_client_list, dw_manage_client_show,
    dw_manage_client_update, dw_manage_client_rotate_secret,
    dw_manage_client_delete; /* manage_clients.c */
dw_manage_function dw_manage_client_add_credential, dw_manage_client_list_credentials,
    dw_manage_client_delete_credential; /* manage_credentials.c */
dw_manage_function dw_manage_ciba_list, dw_manage_ciba_approve,
    dw_manage_ciba_deny; /* manage_ciba.c */
dw_manage_function dw_manage_connection_create, dw_manage_connection_list,
    dw_manage_connection_show, dw_manage_connection_update, dw_manage_connection_delete,
    dw_manage_connection_enable, dw_manage_connection_disable; /* manage_connections.c */
dw_manage_function dw_manage_settings_show, dw_manage_settings_set, dw_manage_branding_show,
    dw_manage_branding_set, dw_manage_prompts_show, dw_manage_prompts_set; /* manage_settings.c */
dw_manage_function dw_manage_user_mfa_list, dw_manage_user_mfa_reset, dw_manage_user_recovery_code,
    dw_manage_mfa_show, dw_manage_mfa_set;                           /* manage_mfa.c */
dw_manage_function dw_manage_session_list, dw_manage_session_revoke; /* manage_sessions.c */
dw_manage_function dw_manage_logs;                                   /* manage_logs.c */
dw_manage_function dw_manage_key_list, dw_manage_key_rotate,
    dw_manage_key_revoke; /* manage_keys.c */

dw_manage_function dw_manage_client_grant_put, dw_manage_client_grant_list,
    dw_manage_client_grant_delete; /* manage_grants.c */
dw_manage_function dw_manage_trusted_issuer_add, dw_manage_trusted_issuer_list,
    dw_manage_trusted_issuer_delete, dw_manage_exchange_profile_add,
    dw_manage_exchange_profile_list, dw_manage_exchange_profile_delete, dw_manage_subject_map,
    dw_manage_subject_unmap;                                   /* manage_trust.c */
dw_manage_function dw_manage_user_show, dw_manage_user_update; /* manage_users.c */
dw_manage_function dw_manage_user_import, dw_manage_user_blocks, dw_manage_ticket_verification,
    dw_manage_ticket_password, dw_manage_protection_show,
    dw_manage_protection_set; /* manage_accounts.c */

/* Empty when the flag was not given. */
struct dw_slice dw_manage_value(const struct dw_manage *manage, const char *name);
bool dw_manage_has(const struct dw_manage *manage, const char *name);
/* All values of a flag that may be repeated; in the arena. */
bool dw_must_check dw_manage_values(struct dw_manage *manage, const char *name,
                                    struct dw_slices *ret_values, struct dw_error *reterr);

/* One patch of every "--set NAME=VALUE" (dw_json_patch_of), and what that does to an object. */
bool dw_must_check dw_manage_patch_of_sets(struct dw_manage *manage, struct dw_slice *patch,
                                           struct dw_error *reterr);
/* Every member of a JSON object as a cell. */
bool dw_must_check dw_manage_cells_of_json(struct dw_manage *manage, struct dw_manage_row *row,
                                           struct dw_slice json, struct dw_error *reterr);
bool dw_must_check dw_manage_apply_sets(struct dw_manage *manage, struct dw_slice *json,
                                        struct dw_error *reterr);

/* Output: rows of named cells, shown as a table or as JSON. NULL: out of memory, and *reterr is
 * set. */
struct dw_manage_row *dw_manage_row_add(struct dw_manage *manage,
                                        struct dw_error *reterr) dw_must_check;
void dw_manage_cell_text(struct dw_manage_row *row, const char *name, struct dw_slice text);
void dw_manage_cell_bool(struct dw_manage_row *row, const char *name, bool value);
/* A number, or any other JSON. */
void dw_manage_cell_int(struct dw_manage_row *row, const char *name, int64_t number,
                        struct dw_manage *manage);
void dw_manage_cell_json(struct dw_manage_row *row, const char *name, struct dw_slice json);
/* What was added last is for --json and for showing one alone. */
void dw_manage_cell_details(struct dw_manage_row *row);
void dw_manage_cell_texts(struct dw_manage_row *row, const char *name, struct dw_slices texts);

/* Writes the rows to standard output; for a verb that shows more than once, then the rows are
 * gone. */
bool dw_must_check dw_manage_show(struct dw_manage *manage, struct dw_error *reterr);

/* Fails with DW_NOT_FOUND, naming what is not there. */
bool dw_must_check dw_manage_find_user(struct dw_manage *manage, struct dw_slice email,
                                       struct dw_user **ret_user, struct dw_error *reterr);

#endif
