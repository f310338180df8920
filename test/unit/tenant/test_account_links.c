/* Links in mails: a new password, a confirmed address; once, in time, for their own purpose. */
#include "account_fixture.h"

/* ---- a new password ---- */

static void asking_for_a_new_password_is_answered_alike_for_everybody(void **state)
{
    struct dw_tenant_call *there = CHANGE("\"email\":\"" ADA "\"");
    struct dw_tenant_call *not_there = CHANGE("\"email\":\"nobody@example.com\"");

    (void)state;
    assert_status(there, 200);
    assert_slice(there->answer, "We've just sent you an email to reset your password.");
    assert_slice(header(there, "Content-Type"), "text/html; charset=utf-8");
    assert_int_equal(not_there->status, there->status);
    assert_int_equal(not_there->out_count, there->out_count);
    assert_true(dw_slice_eq(not_there->answer, there->answer));
    assert_int_equal(mail_count(), 1);
    assert_slice(newest_mail("reset_email").to, ADA);
    assert_has(CHANGE("\"email\":\"\"")->answer, "email is required");
}

static void a_link_changes_the_password_once(void **state)
{
    struct browser browser = {0}, ada = {0};
    const char *link, *ticket;

    (void)state;
    assert_status(authorize(&ada, AUTHORIZE), 303);
    CHANGE("\"email\":\"" ADA "\"");
    link = link_in("reset_email", "/u/reset-password");
    ticket = ticket_in(link);
    assert_status(get(&browser, link), 200);
    assert_has(get(&browser, link)->answer, ADA); /* looking uses nothing up */
    assert_has(get(&browser, link)->answer, "At least 8 characters");
    assert_status(choose(&browser, ticket, "weak"), 400);
    assert_status(choose(&browser, "wrong", "Good-enough-1"), 404);
    assert_status(choose(&browser, ticket, "Good-enough-1"), 200);
    assert_status(choose(&browser, ticket, "Good-enough-2"), 404);
    assert_status(get(&browser, link), 404);
    assert_status(password_grant(ADA, "correct+horse+battery"), 403);
    assert_status(password_grant(ADA, "Good-enough-1"), 200);
    assert_true(user_of(ADA)->is_email_verified);
    assert_int_equal(user_of(ADA)->last_password_reset_at_s, world_now_s);
    assert_slice(newest_mail("password_changed").to, ADA);
    /* the login in the other browser has ended */
    assert_has(header(get(&ada, AUTHORIZE), "Location"), "/u/login");
}

static void a_link_dies_with_its_time_and_with_the_next_password(void **state)
{
    struct browser browser = {0};
    const char *first, *second;

    (void)state;
    CHANGE("\"email\":\"" ADA "\"");
    first = ticket_in(link_in("reset_email", "/u/reset-password"));
    world_now_s += 10;
    CHANGE("\"email\":\"" ADA "\"");
    second = ticket_in(link_in("reset_email", "/u/reset-password"));
    assert_string_not_equal(first, second);
    assert_status(choose(&browser, second, "Good-enough-1"), 200);
    assert_status(choose(&browser, first, "Good-enough-2"), 404);
    CHANGE("\"email\":\"" ADA "\"");
    first = ticket_in(link_in("reset_email", "/u/reset-password"));
    world_now_s += DW_PASSWORD_LINK_LIFETIME_S;
    assert_status(choose(&browser, first, "Good-enough-3"), 404);
}

static void old_passwords_do_not_come_again_where_the_history_says_so(void **state)
{
    struct browser browser = {0};

    (void)state;
    set_options("{\"password_history\":{\"enable\":true,\"size\":2}}");
    for (int i = 0; i < 3; i++) {
        const char *next[] = {"Good-enough-1", "Good-enough-2", "Good-enough-3"};
        const char *ticket;

        CHANGE("\"email\":\"" ADA "\"");
        ticket = ticket_in(link_in("reset_email", "/u/reset-password"));
        if (i == 1) {
            assert_has(choose(&browser, ticket, "Good-enough-1")->answer,
                       "You had this password before");
        }
        assert_status(choose(&browser, ticket, next[i]), 200);
    }
}

static void dictionary_and_personal_information_are_refused_where_they_are_on(void **state)
{
    (void)state;
    set_options("{\"password_dictionary\":{\"enable\":true,\"dictionary\":[\"Xylophone-77\"]},"
                "\"password_no_personal_info\":{\"enable\":true}}");
    assert_has(SIGNUP("\"email\":\"newcomer@example.com\",\"password\":\"Password123!\"")->answer,
               "\"name\":\"PasswordDictionaryError\",\"message\":\"Password is too common\"");
    assert_has(SIGNUP("\"email\":\"newcomer@example.com\",\"password\":\"xyloPHONE-77\"")->answer,
               "PasswordDictionaryError");
    assert_has(SIGNUP("\"email\":\"newcomer@example.com\",\"password\":\"My-NewComer-9\"")->answer,
               "\"name\":\"PasswordNoUserInfoError\",\"message\":\"Password contains user "
               "information\",\"code\":\"invalid_password\"");
    assert_status(SIGNUP("\"email\":\"newcomer@example.com\",\"password\":\"Unrelated-9\""), 200);
}

static void the_operators_own_list_counts_where_the_dictionary_is_on(void **state)
{
    char path[128];
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/words", world.folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("Acme-Rules-1\r\nAcme-Rules-2", file);
    fclose(file);
    world.tenant->config.common_passwords = S(path);
    assert_status(SIGNUP("\"email\":\"x1@example.com\",\"password\":\"ACME-rules-1\""), 200);
    set_options("{\"password_dictionary\":{\"enable\":true}}");
    assert_has(SIGNUP("\"email\":\"x2@example.com\",\"password\":\"ACME-rules-1\"")->answer,
               "PasswordDictionaryError");
    assert_has(SIGNUP("\"email\":\"x2@example.com\",\"password\":\"acme-rules-2\"")->answer,
               "PasswordDictionaryError");
    assert_status(SIGNUP("\"email\":\"x2@example.com\",\"password\":\"Acme-rules-3\""), 200);
    (void)unlink(path);
    assert_status(SIGNUP("\"email\":\"x3@example.com\",\"password\":\"Acme-rules-3\""), 503);
    assert_null(user_of("x3@example.com"));
}

/* Whoever reads the mails of the old address must not get the account by them. */
static void a_link_dies_when_an_operator_changes_the_address(void **state)
{
    struct browser browser = {0};
    const char *verify, *reset;
    struct dw_user *user;
    struct dw_error error = {0};

    (void)state;
    set_options(CONFIRMS_NOTHING);
    assert_status(SIGNUP("\"email\":\"old@example.com\",\"password\":\"Abcdef12\""), 200);
    verify = link_in("verify_email", "/u/email-verification");
    CHANGE("\"email\":\"old@example.com\"");
    reset = link_in("reset_email", "/u/reset-password");
    user = user_of("old@example.com");
    user->email = S("new@example.com");
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_status(get(&browser, verify), 404);
    assert_status(post(&browser, "/u/email-verification", strchr(verify, '?') + 1), 404);
    assert_status(get(&browser, reset), 404);
    assert_status(choose(&browser, ticket_in(reset), "Good-enough-1"), 404);
    assert_false(user_of("new@example.com")->is_email_verified);
    assert_status(password_grant("new@example.com", "Abcdef12"), 200);
}

/* ---- confirming an address ---- */

static void a_mailed_link_confirms_the_address_by_a_button(void **state)
{
    struct browser browser = {0};
    const char *link;

    (void)state;
    assert_status(SIGNUP("\"email\":\"new@example.com\",\"password\":\"Abcdef12\""), 200);
    link = link_in("verify_email", "/u/email-verification");
    assert_status(get(&browser, link), 200);
    assert_false(user_of("new@example.com")->is_email_verified);
    assert_status(post(&browser, "/u/email-verification", "ticket=wrong"), 404);
    assert_status(post(&browser, "/u/email-verification", strchr(link, '?') + 1), 200);
    assert_true(user_of("new@example.com")->is_email_verified);
    assert_status(post(&browser, "/u/email-verification", strchr(link, '?') + 1), 404);
    assert_status(get(&browser, link), 404);
}

static void a_confirmed_address_leads_back_to_the_application(void **state)
{
    struct browser browser = {0};
    struct dw_oauth_client *client = NULL;
    struct dw_tenant_call *call;
    struct dw_error error = {0};
    const char *link;

    (void)state;
    assert_done(
        dw_store_client(world.tenant->store, S("doorward-dev"), world.arena, &client, &error),
        error);
    client->initiate_login_uri = S("https://app.example/login?a=1&b=2");
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
    assert_status(SIGNUP("\"email\":\"new@example.com\",\"password\":\"Abcdef12\""), 200);
    link = link_in("verify_email", "/u/email-verification");
    call = post(&browser, "/u/email-verification", strchr(link, '?') + 1);
    assert_has(call->answer, "href=\"https://app.example/login?a=1&amp;b=2\"");
    client->initiate_login_uri = S("javascript:alert(1)");
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
    world_set("{\"default_redirection_uri\":\"https://start.example/\"}");
    CHANGE("\"email\":\"" ADA "\"");
    link = link_in("reset_email", "/u/reset-password");
    call = choose(&browser, ticket_in(link), "Good-enough-1");
    assert_status(call, 200);
    assert_has(call->answer, "href=\"https://start.example/\"");
    assert_has_not(call->answer, "javascript:");
}

static void a_link_works_for_its_own_purpose_only(void **state)
{
    struct browser browser = {0};
    const char *verify, *reset;

    (void)state;
    assert_status(SIGNUP("\"email\":\"new@example.com\",\"password\":\"Abcdef12\""), 200);
    verify = ticket_in(link_in("verify_email", "/u/email-verification"));
    CHANGE("\"email\":\"new@example.com\"");
    reset = ticket_in(link_in("reset_email", "/u/reset-password"));
    assert_status(choose(&browser, verify, "Good-enough-1"), 404);
    assert_status(post(&browser, "/u/email-verification",
                       text_of(dw_arena_printf(world.arena, "ticket=%s", reset))),
                  404);
    assert_status(
        post(&browser, "/u/unblock", text_of(dw_arena_printf(world.arena, "ticket=%s", reset))),
        404);
}

static void the_forgotten_password_page_says_the_same_to_everybody(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);
    const char *forms[] = {"state=%s&email=" ADA, "state=%s&email=nobody@example.com"};
    struct dw_slice answers[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct dw_buf body = dw_buf_in(world.arena);
        struct dw_tenant_call *call;

        dw_buf_printf(&body, "state=%s&%s", at, strchr(forms[i], '&') + 1);
        call = post(&browser, "/u/reset-password/request",
                    text_of(dw_arena_copy(world.arena, dw_buf_view(&body))));
        assert_status(call, 200);
        answers[i] = call->answer;
    }
    assert_true(dw_slice_eq(answers[0], answers[1]));
    assert_int_equal(mail_count(), 1);
    assert_status(post(&browser, "/u/reset-password/request",
                       text_of(dw_arena_printf(world.arena, "state=%s&email=nonsense", at))),
                  400);
}

static void a_tenant_that_cannot_mail_promises_nobody_a_mail(void **state)
{
    static const char *const addresses[] = {ADA, "nobody@example.com", "nonsense"};
    struct browser browser = {0};
    const char *at = visit(&browser);
    const char *page =
        text_of(dw_arena_printf(world.arena, "/u/reset-password/request?state=%s", at));
    const char *login = text_of(dw_arena_printf(world.arena, "/u/login?state=%s", at));
    struct dw_tenant_call *call;
    struct dw_slice first;

    (void)state;
    assert_has(get(&browser, login)->answer, "/u/reset-password/request");
    world.tenant->config.mail_outbox = false;
    assert_has_not(get(&browser, login)->answer, "/u/reset-password/request");
    call = get(&browser, page);
    assert_status(call, 400);
    assert_has(call->answer, "not set up to send mail");
    assert_has(call->answer, "/u/login?state=");
    assert_has_not(call->answer, "<form");
    first = call->answer;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        const char *body =
            text_of(dw_arena_printf(world.arena, "state=%s&email=%s", at, addresses[i]));

        call = post(&browser, "/u/reset-password/request", body);
        assert_status(call, 400);
        assert_true(dw_slice_eq(call->answer, first));
        call =
            post_json("/dbconnections/change_password",
                      text_of(dw_arena_printf(world.arena,
                                              "{\"client_id\":\"doorward-dev\","
                                              "\"connection\":\"" CONNECTION "\",\"email\":\"%s\"}",
                                              addresses[i])));
        assert_status(call, 400);
        assert_slice(error_of(call), "bad.connection: This service is not set up to send mail.");
    }
    /* Whose password is wrong is not sent to a mail, either. */
    call = post(&browser, "/u/login",
                text_of(dw_arena_printf(world.arena, "state=%s&username=" ADA "&password=x", at)));
    assert_status(call, 400);
    assert_has(call->answer, "Wrong email or password.<");
    world.tenant->config.mail_outbox = true;
    assert_int_equal(mail_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(asking_for_a_new_password_is_answered_alike_for_everybody),
        CASE(a_link_changes_the_password_once),
        CASE(a_link_dies_with_its_time_and_with_the_next_password),
        CASE(a_link_dies_when_an_operator_changes_the_address),
        CASE(old_passwords_do_not_come_again_where_the_history_says_so),
        CASE(dictionary_and_personal_information_are_refused_where_they_are_on),
        CASE(the_operators_own_list_counts_where_the_dictionary_is_on),
        CASE(a_mailed_link_confirms_the_address_by_a_button),
        CASE(a_confirmed_address_leads_back_to_the_application),
        CASE(a_link_works_for_its_own_purpose_only),
        CASE(the_forgotten_password_page_says_the_same_to_everybody),
        CASE(a_tenant_that_cannot_mail_promises_nobody_a_mail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
