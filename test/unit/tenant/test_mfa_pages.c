/* The second factor on the pages of a login: attacks first. */
#include "mfa_fixture.h"

#define ACR                                                                                        \
    "&acr_values=http%3A%2F%2Fschemas.openid.net%2Fpape%2Fpolicies%2F2007%2F06%2Fmulti-factor"

/* After the password: what comes next. */
static struct dw_tenant_call *begin(struct browser *browser, const char *url)
{
    struct dw_tenant_call *call = get(browser, url);

    if (dw_slice_starts_with(header(call, "Location"), S("/u/login")))
        call = log_in(browser, state_of(call), ADA_PASSWORD);
    return call;
}

static struct dw_tenant_call *act(struct browser *browser, const char *state, const char *more)
{
    return post(browser, "/u/mfa",
                text_of(dw_arena_printf(world.arena, "state=%s&%s", state, more)));
}

static struct dw_tenant_call *type(struct browser *browser, const char *state, const char *method,
                                   const char *code)
{
    return act(
        browser, state,
        text_of(dw_arena_printf(world.arena, "method=%s&action=verify&code=%s", method, code)));
}

/* The text of the element with this id. */
static const char *element(const struct dw_tenant_call *call, const char *id)
{
    struct dw_slice rest = call->answer;
    struct dw_slice mark = dw_arena_printf(world.arena, "id=\"%s\">", id);

    for (; rest.len > 0; rest.ptr++, rest.len--)
        if (dw_slice_starts_with(rest, mark))
            return text_of(dw_slice_sub(
                rest, mark.len, dw_slice_index(dw_slice_sub(rest, mark.len, rest.len), '<')));
    fail_msg("no #%s in: %.*s", id, DW_PRINT(call->answer));
    return NULL;
}

static const char *cookie(const struct browser *browser, const char *name)
{
    for (int i = 0; i < 8; i++)
        if (strncmp(browser->cookies[i], name, strlen(name)) == 0)
            return browser->cookies[i];
    return "";
}

/* Goes to the code from wherever the login is. */
static const struct dw_tenant_call *finish(struct browser *browser, struct dw_tenant_call *call)
{
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(browser, state_of(call), "accept");
    if (location_value(call, "code").len == 0)
        fail_msg("no code: %d %.*s", call->status, DW_PRINT(header(call, "Location")));
    return call;
}

static const struct dw_json *id_claims(const struct dw_tenant_call *answer)
{
    struct dw_tenant_call *call = redeem(text_of(location_value(answer, "code")));

    assert_status(call, 200);
    return claims_of(call, "id_token");
}

/* Ada in a browser, with an app enrolled on the pages; the secret. */
static const char *enrol(struct browser *browser, const char *url)
{
    struct dw_tenant_call *call = begin(browser, url);
    const char *state = state_of(call), *secret;

    secret = element(follow(browser, call), "secret");
    call = type(browser, state, "otp", next_app_code(secret));
    assert_status(call, 200);
    assert_int_equal(strlen(element(call, "recovery-code")), DW_RECOVERY_CODE_LEN);
    (void)finish(browser, act(browser, state, "action=done"));
    return secret;
}

#define LOGIN AUTHORIZE "&scope=openid"
#define LOGIN_AGAIN LOGIN "&prompt=login"

/* --- attacks ---------------------------------------------------------------------------------- */

static void no_later_page_can_be_jumped_to(void **state)
{
    struct browser owner = {0}, thief = {0};
    struct dw_tenant_call *call;
    const char *visit;

    (void)state;
    (void)enrol(&owner, LOGIN);
    call = begin(&thief, LOGIN);
    assert_has(header(call, "Location"), "/u/mfa?state=");
    visit = state_of(call);
    call = get(&thief, text_of(dw_arena_printf(world.arena, "/u/consent?state=%s", visit)));
    assert_has(header(call, "Location"), "/u/mfa?state=");
    call = decide(&thief, visit, "accept");
    assert_has(header(call, "Location"), "/u/mfa?state=");
    call = act(&thief, visit, "action=done");
    assert_status(call, 200);
    assert_has_not(call->answer, "id=\"recovery-code\"");
    /* Nor does a new visit find a session that is worth more than a password. */
    call = begin(&thief, LOGIN);
    assert_has(header(call, "Location"), "/u/mfa?state=");
    call = get(&thief, LOGIN "&prompt=none");
    assert_slice(location_value(call, "error"), "interaction_required");
    assert_slice(location_value(call, "error_description"), "Multifactor authentication required");
}

static void a_password_alone_enrols_nothing_for_who_is_enrolled(void **state)
{
    struct browser owner = {0}, thief = {0};
    struct dw_tenant_call *call = begin(&thief, LOGIN);
    const char *visit = state_of(call), *thiefs_secret;

    (void)state;
    thiefs_secret = element(follow(&thief, call), "secret"); /* before the owner */
    (void)enrol(&owner, LOGIN);
    call = type(&thief, visit, "otp", next_app_code(thiefs_secret));
    assert_status(call, 400);
    call = get(&thief, text_of(dw_arena_printf(world.arena, "/u/mfa?state=%s", visit)));
    assert_status(call, 200);
    assert_has_not(call->answer, "id=\"secret\"");
    call =
        get(&thief, text_of(dw_arena_printf(world.arena, "/u/mfa?state=%s&method=email", visit)));
    assert_has_not(call->answer, "value=\"send\"");
}

static void the_session_is_a_fresh_one_after_the_factor(void **state)
{
    struct browser browser = {0}, planted;
    struct dw_tenant_call *call = begin(&browser, LOGIN);
    const char *visit = state_of(call);
    const char *secret = element(follow(&browser, call), "secret");

    (void)state;
    planted = browser;
    assert_status(type(&browser, visit, "otp", next_app_code(secret)), 200);
    assert_string_not_equal(cookie(&browser, "doorward_session"),
                            cookie(&planted, "doorward_session"));
    /* Who knew the cookie from before has no session at all now. */
    call = get(&planted, LOGIN);
    assert_has(header(call, "Location"), "/u/login");
}

static void the_pages_of_another_browser_are_no_use(void **state)
{
    struct browser owner = {0}, other = {0};
    struct dw_tenant_call *call = begin(&owner, LOGIN);
    const char *visit = state_of(call);

    (void)state;
    assert_status(get(&other, text_of(dw_arena_printf(world.arena, "/u/mfa?state=%s", visit))),
                  400);
    (void)get(&other, LOGIN); /* with a cookie of its own */
    assert_status(act(&other, visit, "method=otp&action=verify&code=000000"), 400);
    other = owner;
    other.site = "cross-site";
    assert_status(act(&other, visit, "method=otp&action=verify&code=000000"), 403);
}

static void guessing_is_stopped(void **state)
{
    struct browser owner = {0}, thief = {0};
    const char *secret = enrol(&owner, LOGIN);
    struct dw_tenant_call *call = NULL;
    int guesses = 0;

    (void)state;
    do {
        call = begin(&thief, LOGIN_AGAIN);
        call = type(&thief, state_of(call), "otp", wrong_app_code(secret));
        guesses++;
    } while (call->status == 400 && guesses < 100);
    assert_status(call, 429);
    assert_int_equal(guesses, 11);
    call = begin(&thief, LOGIN_AGAIN);
    assert_status(type(&thief, state_of(call), "otp", next_app_code(secret)), 429);
    world_now_s += 900;
    call = begin(&thief, LOGIN_AGAIN);
    (void)finish(&thief, type(&thief, state_of(call), "otp", next_app_code(secret)));
}

static void a_used_code_is_wrong(void **state)
{
    struct browser owner = {0}, thief = {0};
    const char *secret = enrol(&owner, LOGIN);
    struct dw_tenant_call *call = begin(&owner, LOGIN_AGAIN);
    const char *code = next_app_code(secret);

    (void)state;
    (void)finish(&owner, type(&owner, state_of(call), "otp", code));
    call = begin(&thief, LOGIN);
    call = type(&thief, state_of(call), "otp", code);
    assert_status(call, 400);
    assert_has(call->answer, "This code is wrong.");
}

/* --- as people use it ------------------------------------------------------------------------- */

static void an_app_is_enrolled_and_asked_for_at_the_next_login(void **state)
{
    struct browser browser = {0}, next = {0};
    struct dw_tenant_call *call = begin(&browser, LOGIN), *page;
    const char *visit = state_of(call), *secret;

    (void)state;
    page = follow(&browser, call);
    assert_status(page, 200);
    assert_has(page->answer, "<svg class=\"qr\"");
    assert_has(page->answer, "d=\"M4 4h7v1h-7z"); /* the corner of a finder pattern */
    assert_has_not(page->answer, "<script");
    secret = element(page, "secret");
    page = follow(&browser, call);
    assert_string_equal(element(page, "secret"), secret); /* reloaded */
    page = type(&browser, visit, "otp", wrong_app_code(secret));
    assert_status(page, 400);
    assert_string_equal(element(page, "secret"), secret);
    call = type(&browser, visit, "otp", next_app_code(secret));
    assert_has(call->answer, "Keep your recovery code");
    call = act(&browser, visit, "action=done");
    assert_slice(dw_json_get(id_claims(finish(&browser, call)), "amr")->array.items[0].text, "mfa");
    /* The session knows. */
    call = begin(&browser, LOGIN);
    assert_slice(dw_json_text(id_claims(finish(&browser, call)), "acr"), DW_ACR_MULTI_FACTOR);

    call = begin(&next, LOGIN);
    page = follow(&next, call);
    assert_has(page->answer, "Enter the code of your app");
    assert_has_not(page->answer, "<svg class=\"qr\"");
    call = type(&next, state_of(call), "otp", next_app_code(secret));
    (void)finish(&next, call);
}

static void the_policy_never_asks_but_an_application_can(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;
    const char *secret;

    (void)state;
    set_policy(DW_MFA_NEVER);
    call = begin(&browser, LOGIN);
    assert_null(dw_json_get(id_claims(finish(&browser, call)), "amr"));
    call = get(&browser, LOGIN ACR "&prompt=none");
    assert_slice(location_value(call, "error"), "interaction_required");
    call = get(&browser, LOGIN ACR);
    assert_has(header(call, "Location"), "/u/mfa?state=");
    secret = element(follow(&browser, call), "secret");
    assert_status(type(&browser, state_of(call), "otp", next_app_code(secret)), 200);
    call = act(&browser, state_of(call), "action=done");
    assert_slice(dw_json_text(id_claims(finish(&browser, call)), "acr"), DW_ACR_MULTI_FACTOR);
}

static void a_browser_is_remembered_for_its_user(void **state)
{
    struct browser browser = {0};
    const char *secret = enrol(&browser, LOGIN);
    struct dw_tenant_call *call = begin(&browser, LOGIN_AGAIN);
    struct dw_user *ada;
    struct dw_error error = {0};

    (void)state;
    call = act(&browser, state_of(call),
               text_of(dw_arena_printf(world.arena, "method=otp&action=verify&remember=yes&code=%s",
                                       next_app_code(secret))));
    (void)finish(&browser, call);
    assert_true(cookie(&browser, "doorward_mfa=")[0] != '\0');
    call = begin(&browser, LOGIN_AGAIN);
    /* No factor was shown in this session, and the token does not say so. */
    assert_null(dw_json_get(id_claims(finish(&browser, call)), "amr"));
    call = begin(&browser, LOGIN_AGAIN ACR);
    assert_has(header(call, "Location"), "/u/mfa");
    /* Another user, in the same browser. */
    call = get(&browser, LOGIN_AGAIN);
    call =
        post(&browser, "/u/login",
             text_of(dw_arena_printf(world.arena, "state=%s&username=root@example.com&password=%s",
                                     state_of(call), ADA_PASSWORD)));
    assert_has(header(call, "Location"), "/u/mfa");
    world_now_s += DW_TOTP_PERIOD_S;
    call = begin(&browser, LOGIN_AGAIN);
    assert_has_not(header(call, "Location"), "/u/mfa");
    /* Not when the password has changed, nor after 30 days. */
    ada = user_of(ADA);
    ada->last_password_reset_at_s = world_now_s;
    assert_done(dw_store_update_user(world.tenant->store, ada, &error), error);
    call = begin(&browser, LOGIN_AGAIN);
    assert_has(header(call, "Location"), "/u/mfa");
}

static void a_forged_memory_is_none(void **state)
{
    struct browser owner = {0}, thief = {0};
    struct dw_tenant_call *call;

    (void)state;
    (void)enrol(&owner, LOGIN);
    snprintf(thief.cookies[0], sizeof thief.cookies[0], "doorward_mfa=%lld.%s",
             (long long)(world_now_s + 1000), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    call = begin(&thief, LOGIN);
    assert_has(header(call, "Location"), "/u/mfa");
}

static void a_recovery_code_lets_in_once_and_is_replaced(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = begin(&browser, LOGIN);
    const char *visit = state_of(call), *secret, *code, *next;

    (void)state;
    secret = element(follow(&browser, call), "secret");
    code = element(type(&browser, visit, "otp", next_app_code(secret)), "recovery-code");
    call = begin(&browser, LOGIN_AGAIN);
    visit = state_of(call);
    assert_has(follow(&browser, call)->answer, "value=\"recovery-code\"");
    call = type(&browser, visit, "recovery-code", "AAAA-AAAA");
    assert_has(call->answer, "This recovery code is wrong.");
    call = type(&browser, visit, "recovery-code", code);
    assert_status(call, 200);
    next = element(call, "recovery-code");
    assert_string_not_equal(code, next);
    (void)finish(&browser, act(&browser, visit, "action=done"));
    call = begin(&browser, LOGIN_AGAIN);
    assert_status(type(&browser, state_of(call), "recovery-code", code), 400);
}

static void a_code_by_mail_will_do(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = begin(&browser, LOGIN);
    const char *visit = state_of(call), *first;

    (void)state;
    call =
        get(&browser, text_of(dw_arena_printf(world.arena, "/u/mfa?state=%s&method=email", visit)));
    assert_has(call->answer, "***@exam*******");
    call = act(&browser, visit, "method=email&action=send");
    assert_status(call, 303);
    assert_has(follow(&browser, call)->answer, "It works for five minutes.");
    first = mailed_code();
    assert_slice(dw_json_text(newest_mail(), "to"), ADA);
    assert_status(type(&browser, visit, "email", wrong_code(first)), 400);
    call = type(&browser, visit, "email", first);
    assert_has(call->answer, "Keep your recovery code");
    (void)finish(&browser, act(&browser, visit, "action=done"));

    call = begin(&browser, LOGIN_AGAIN);
    visit = state_of(call);
    assert_status(type(&browser, visit, "email", first), 400); /* used */
    (void)act(&browser, visit, "method=email&action=send");
    first = mailed_code();
    for (int i = 0; i < 3; i++)
        call = type(&browser, visit, "email", wrong_code(first));
    assert_has(call->answer, "Too many wrong codes. Ask for another one.");
    assert_status(type(&browser, visit, "email", first), 400);
    (void)act(&browser, visit, "method=email&action=send");
    (void)finish(&browser, type(&browser, visit, "email", mailed_code()));
}

static void mails_are_limited(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = begin(&browser, LOGIN);
    const char *visit = state_of(call);

    (void)state;
    for (int i = 0; i < DW_TOTP_DIGITS + 4; i++)
        assert_status(act(&browser, visit, "method=email&action=send"), 303);
    call = act(&browser, visit, "method=email&action=send");
    assert_status(call, 429);
    assert_has(call->answer, "Too many codes were sent.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_later_page_can_be_jumped_to, mfa_fresh),
        cmocka_unit_test_setup(a_password_alone_enrols_nothing_for_who_is_enrolled, mfa_fresh),
        cmocka_unit_test_setup(the_session_is_a_fresh_one_after_the_factor, mfa_fresh),
        cmocka_unit_test_setup(the_pages_of_another_browser_are_no_use, mfa_fresh),
        cmocka_unit_test_setup(guessing_is_stopped, mfa_fresh),
        cmocka_unit_test_setup(a_used_code_is_wrong, mfa_fresh),
        cmocka_unit_test_setup(an_app_is_enrolled_and_asked_for_at_the_next_login, mfa_fresh),
        cmocka_unit_test_setup(the_policy_never_asks_but_an_application_can, mfa_fresh),
        cmocka_unit_test_setup(a_browser_is_remembered_for_its_user, mfa_fresh),
        cmocka_unit_test_setup(a_forged_memory_is_none, mfa_fresh),
        cmocka_unit_test_setup(a_recovery_code_lets_in_once_and_is_replaced, mfa_fresh),
        cmocka_unit_test_setup(a_code_by_mail_will_do, mfa_fresh),
        cmocka_unit_test_setup(mails_are_limited, mfa_fresh),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
