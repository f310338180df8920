/* doorward tenant settings|branding|prompts show|set */
#include "tenant/manage/manage_internal.h"
#include "tenant/settings_internal.h"

static bool show_document(struct dw_manage *manage, enum dw_settings_document document,
                          struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_slice json;

    return row &&
           dw_tenant_settings_document(manage->tenant, document, manage->arena, &json, reterr) &&
           dw_manage_cells_of_json(manage, row, json, reterr);
}

static bool set_document(struct dw_manage *manage, enum dw_settings_document document,
                         struct dw_error *reterr)
{
    struct dw_slice patch = DW_LIT("{}");

    return dw_manage_patch_of_sets(manage, &patch, reterr) &&
           dw_tenant_settings_patch(manage->tenant, document, patch, manage->arena, reterr) &&
           show_document(manage, document, reterr);
}

bool dw_manage_settings_show(struct dw_manage *manage, struct dw_error *reterr)
{
    return show_document(manage, DW_SETTINGS_TENANT, reterr);
}

bool dw_manage_settings_set(struct dw_manage *manage, struct dw_error *reterr)
{
    return set_document(manage, DW_SETTINGS_TENANT, reterr);
}

bool dw_manage_branding_show(struct dw_manage *manage, struct dw_error *reterr)
{
    return show_document(manage, DW_SETTINGS_BRANDING, reterr);
}

bool dw_manage_branding_set(struct dw_manage *manage, struct dw_error *reterr)
{
    return set_document(manage, DW_SETTINGS_BRANDING, reterr);
}

bool dw_manage_prompts_show(struct dw_manage *manage, struct dw_error *reterr)
{
    return show_document(manage, DW_SETTINGS_PROMPTS, reterr);
}

bool dw_manage_prompts_set(struct dw_manage *manage, struct dw_error *reterr)
{
    return set_document(manage, DW_SETTINGS_PROMPTS, reterr);
}
