/* GET and POST /u/signup/code: the code that was mailed at a sign-up, typed into the browser that
 * signed up. Right, it confirms the address and logs in; see signup_internal.h. */
#include "tenant/login/signup_internal.h"

#include "base/text.h"
#include "tenant/audit_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/factor/otp_internal.h"
#include "tenant/login/ways_internal.h"

/* Bound to the account and to the visit, which is bound to the browser; counted by the address, so
 * that beginning again gives no more tries. */
static bool make_otp(struct dw_tenant_call *call, struct dw_slice user_id, struct dw_slice state,
                     struct dw_slice email, struct dw_otp *ret_otp, struct dw_error *reterr)
{
    *ret_otp = (struct dw_otp){
        .purpose = "signup",
        .subject = dw_arena_printf(call->arena, "%.*s %.*s", DW_PRINT(user_id), DW_PRINT(state)),
        .counted_by = dw_text_lower(call->arena, email),
        .lifetime_s = DW_SIGNUP_CODE_LIFETIME_S,
    };
    return (ret_otp->subject.ptr && ret_otp->counted_by.ptr) ||
           dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool otp_of(struct dw_tenant_call *call, const struct dw_visit *visit,
                   struct dw_otp *ret_otp, struct dw_error *reterr)
{
    return make_otp(call, visit->request->signup_user_id, visit->state,
                    visit->request->signup_email, ret_otp, reterr);
}

/* The account that this visit made, as long as nobody has confirmed its address in another way: the
 * owner of the address may have taken it over by then. NULL: none. */
static bool find_made(struct dw_tenant_call *call, const struct dw_visit *visit,
                      struct dw_user **ret_made, struct dw_error *reterr)
{
    if (!dw_store_user(call->tenant->store, visit->request->signup_user_id, call->arena, ret_made,
                       reterr))
        return false;
    if (*ret_made && ((*ret_made)->is_email_verified ||
                      !dw_slice_eq_nocase((*ret_made)->email, visit->request->signup_email)))
        *ret_made = NULL;
    return true;
}

static bool send_code(struct dw_tenant_call *call, const struct dw_visit *visit,
                      const struct dw_account_home *home, struct dw_error *reterr)
{
    struct dw_user *made = NULL;
    struct dw_secret code;
    struct dw_otp otp;

    if (!otp_of(call, visit, &otp, reterr) || !find_made(call, visit, &made, reterr))
        return false;
    otp.fits_nobody = !made;
    if (!dw_otp_new_code(call, &otp, &code, reterr))
        return false;
    return made ? dw_account_mail_code(call, home, made, code, DW_SIGNUP_CODE_LIFETIME_S,
                                       visit->client, reterr)
                : dw_account_mail_known(call, home, visit->request->signup_email, visit->client,
                                        reterr);
}

bool dw_signup_code_check(struct dw_tenant_call *call, struct dw_slice email,
                          struct dw_error *reterr)
{
    struct dw_otp otp;
    bool has_room = false;

    return make_otp(call, DW_EMPTY, DW_EMPTY, email, &otp, reterr) &&
           dw_otp_has_room(call, &otp, &has_room, reterr) &&
           (has_room || dw_fail(reterr, DW_TOO_MANY,
                                "Too many codes were sent. Wait an hour, then try again."));
}

bool dw_signup_code_begin(struct dw_tenant_call *call, struct dw_visit *visit,
                          const struct dw_account_home *home, const struct dw_user *user,
                          struct dw_error *reterr)
{
    visit->request->signup_user_id = user->id;
    visit->request->signup_email = user->email;
    return send_code(call, visit, home, reterr) &&
           dw_visit_to_page(call, visit, "/u/signup/code", reterr);
}

bool dw_signup_go_on(struct dw_tenant_call *call, struct dw_visit *visit, struct dw_user *user,
                     struct dw_error *reterr)
{
    struct dw_login login;

    if (!dw_store_note_login(call->tenant->store, user->id, call->peer_address, call->now_s,
                             reterr) ||
        !dw_login_start(call, user, &login, reterr))
        return false;
    visit->request->user_id = user->id;
    visit->request->session_id = login.session->id;
    visit->request->authenticated_at_s = call->now_s;
    return dw_visit_go_on(call, visit, &login, reterr);
}

/* ---- the page ---- */

static bool show(struct dw_tenant_call *call, const struct dw_visit *visit, int status,
                 const char *problem, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "state", .text = visit->state},
        {.name = "email", .text = visit->request->signup_email},
        {.name = "problem", .key = problem},
    };

    return dw_answer_html(call, status, "signup_code", fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

/* Nothing waits here (any more): whoever comes back from a later page goes on from there. */
static bool pass_by(struct dw_tenant_call *call, struct dw_visit *visit, struct dw_error *reterr)
{
    struct dw_login login;

    return dw_login_find(call, &login, reterr) && dw_visit_go_on(call, visit, &login, reterr);
}

bool dw_endpoint_signup_code_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr))
        return false;
    return visit.request->signup_user_id.len > 0 ? show(call, &visit, 200, NULL, reterr)
                                                 : pass_by(call, &visit, reterr);
}

static bool send_again(struct dw_tenant_call *call, struct dw_visit *visit, struct dw_error *reterr)
{
    struct dw_login_ways ways;
    struct dw_error error = {0};

    if (!dw_login_ways(call, visit, &ways, reterr))
        return false;
    if (!ways.home.connection)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Nobody can sign up here.");
    if (send_code(call, visit, &ways.home, &error))
        return dw_visit_to_page(call, visit, "/u/signup/code", reterr);
    if (error.code == DW_TOO_MANY)
        return show(call, visit, 429, "passwordless.too_many", reterr);
    *reterr = error;
    return false;
}

/* *ret_user is NULL when the code is not right, or its account is not this visit's to confirm. */
static bool use_code(struct dw_tenant_call *call, const struct dw_visit *visit,
                     struct dw_slice code, enum dw_otp_verdict *ret_verdict,
                     struct dw_user **ret_user, struct dw_error *reterr)
{
    struct dw_slice detail;
    struct dw_otp otp;
    bool is_confirmed = false;

    *ret_user = NULL;
    if (!otp_of(call, visit, &otp, reterr) ||
        !dw_otp_use_code(call, &otp, code, ret_verdict, &detail, reterr))
        return false;
    if (*ret_verdict != DW_OTP_RIGHT)
        return true;
    return dw_store_confirm_email(call->tenant->store, visit->request->signup_user_id,
                                  visit->request->signup_email, call->now_s, &is_confirmed,
                                  reterr) &&
           (!is_confirmed || dw_store_user(call->tenant->store, visit->request->signup_user_id,
                                           call->arena, ret_user, reterr));
}

static bool verify(struct dw_tenant_call *call, struct dw_visit *visit, struct dw_slice code,
                   struct dw_error *reterr)
{
    enum dw_otp_verdict verdict = DW_OTP_WRONG;
    struct dw_user *user;

    if (!use_code(call, visit, code, &verdict, &user, reterr))
        return false;
    dw_audit(call, user ? DW_AUDIT_SV : DW_AUDIT_FV, .client = visit->client, .user = user,
             .user_name = visit->request->signup_email);
    if (verdict == DW_OTP_LOCKED)
        return show(call, visit, 429, "passwordless.too_many_wrong", reterr);
    if (!user)
        return show(call, visit, 400, "passwordless.wrong", reterr);
    if (user->is_blocked)
        return show(call, visit, 403, "login.blocked", reterr);
    call->user_id = user->id;
    visit->request->signup_user_id = visit->request->signup_email = DW_EMPTY;
    return dw_signup_go_on(call, visit, user, reterr);
}

/* action: verify (the standard) or resend. */
bool dw_endpoint_signup_code(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;

    if (!dw_call_form(call, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr))
        return false;
    if (visit.request->signup_user_id.len == 0)
        return pass_by(call, &visit, reterr);
    return dw_slice_eq(dw_form_value(&form, "action"), DW_LIT("resend"))
               ? send_again(call, &visit, reterr)
               : verify(call, &visit, dw_form_value(&form, "code"), reterr);
}
