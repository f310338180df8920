/* POST /oauth/device/code (RFC 8628 section 3.1): a device without a browser asks for a code that
 * its user types elsewhere. */
#include "base/mem.h"
#include "sys/sys.h"
#include "tenant/audit_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/decoupled_internal.h"
#include "json/json_writer.h"

/* 30 bits of code at least and some thousand of them at once. */
#define MAX_TRIES 4

static bool answer(struct dw_tenant_call *call, struct dw_slice device_code,
                   struct dw_slice user_code, struct dw_error *reterr)
{
    struct dw_slice uri = dw_tenant_url(call->tenant, call->arena, "activate"), complete;
    struct dw_buf url = dw_buf_in(call->arena);
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_buf_add(&url, uri);
    dw_form_add_to_url(&url, DW_LIT("user_code"), user_code);
    if (!dw_buf_finish(&url, &complete, reterr))
        return false;
    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "device_code", device_code);
    dw_json_put_text(&json, "user_code", user_code);
    dw_json_put_text(&json, "verification_uri", uri);
    dw_json_put_int(&json, "expires_in", DW_DEVICE_LIFETIME_S);
    dw_json_put_int(&json, "interval", DW_DECOUPLED_INTERVAL_S);
    dw_json_put_text(&json, "verification_uri_complete", complete);
    dw_json_write_object_end(&json);
    return dw_answer_json(call, 200, &out, reterr);
}

static bool make_user_code(struct dw_tenant_call *call, struct dw_slice *ret_code,
                           struct dw_slice *ret_digest, struct dw_error *reterr)
{
    unsigned char random[DW_USER_CODE_RANDOM_BYTES];
    struct dw_slice letters;
    bool is_made;

    dw_sys_random(random, sizeof random);
    is_made = dw_user_code_make(&call->settings->user_code, random, call->arena, ret_code, reterr);
    dw_mem_wipe(random, sizeof random);
    return is_made && dw_user_code_normal(*ret_code, call->arena, &letters, reterr) &&
           dw_tenant_digest(letters, call->arena, ret_digest, reterr);
}

/* A code that another device has at the moment is made again. */
static bool keep(struct dw_tenant_call *call, struct dw_decoupled_request *request,
                 struct dw_slice *ret_user_code, struct dw_error *reterr)
{
    struct dw_error error = {.code = DW_CONFLICT};

    for (int at = 0; at < MAX_TRIES && error.code == DW_CONFLICT; at++) {
        error = (struct dw_error){0};
        if (!make_user_code(call, ret_user_code, &request->approval_digest, reterr))
            return false;
        if (dw_store_add_decoupled(call->tenant->store, request, &error))
            return true;
    }
    *reterr = error;
    return false;
}

static bool run(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_slice device_code = dw_tenant_random_text(call->arena, "", 32);
    struct dw_decoupled_request request;
    struct dw_oauth_client *client;
    struct dw_slice user_code;
    struct dw_form form;

    if (!device_code.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_call_parameters(call, &form, reterr) &&
           dw_decoupled_start(call, &form, DW_DECOUPLED_DEVICE, &client, &request, reterr) &&
           dw_tenant_digest(device_code, call->arena, &request.poll_digest, reterr) &&
           keep(call, &request, &user_code, reterr) && answer(call, device_code, user_code, reterr);
}

bool dw_endpoint_device_code(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_error error = {0};

    if (run(call, &error))
        return true;
    dw_audit(call, DW_AUDIT_FDEAZ, .error = &error);
    *reterr = error;
    return false;
}
