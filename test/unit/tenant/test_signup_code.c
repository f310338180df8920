/* Signing up in the standard connection: a code that is mailed is typed into the page. What is the
 * same for every address, who cannot confirm it, and what happens on the way. */
#include <sqlite3.h>

#include "account_fixture.h"

#define PASSWORD "Abcdef12"

static const char *of_visit(const char *path, const char *at)
{
    return text_of(dw_arena_printf(world.arena, "%s?state=%s", path, at));
}

static struct dw_tenant_call *sign_up(struct browser *browser, const char *at, const char *email)
{
    return post(
        browser, "/u/signup",
        text_of(dw_arena_printf(world.arena, "state=%s&email=%s&password=" PASSWORD, at, email)));
}

static struct dw_tenant_call *type(struct browser *browser, const char *at, const char *code)
{
    return post(browser, "/u/signup/code",
                text_of(dw_arena_printf(world.arena, "state=%s&code=%s", at, code)));
}

static struct dw_tenant_call *send_again(struct browser *browser, const char *at)
{
    return post(browser, "/u/signup/code",
                text_of(dw_arena_printf(world.arena, "state=%s&action=resend", at)));
}

static const char *wrong(const char *code)
{
    return strcmp(code, "123456") == 0 ? "123457" : "123456";
}

/* Rows in all tables, but for the audit log's, which nobody waits for. */
static int64_t row_count(void)
{
    const char *path = text_of(dw_arena_printf(world.arena, "%s/tenant.db", world.folder));
    sqlite3_stmt *tables, *count;
    sqlite3 *db;
    int64_t rows = 0;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT 'SELECT count(*) FROM ' || quote(name)"
                                        " FROM sqlite_master WHERE type = 'table'"
                                        " AND name NOT IN ('log', 'log_size', 'sqlite_sequence')",
                                        -1, &tables, NULL),
                     SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW) {
        assert_int_equal(
            sqlite3_prepare_v2(db, (const char *)sqlite3_column_text(tables, 0), -1, &count, NULL),
            SQLITE_OK);
        assert_int_equal(sqlite3_step(count), SQLITE_ROW);
        rows += sqlite3_column_int64(count, 0);
        sqlite3_finalize(count);
    }
    sqlite3_finalize(tables);
    sqlite3_close(db);
    return rows;
}

/* What a call showed and cost. The address and the visit, which the asker chose or has, are taken
 * out: what is left must be the same to the byte. */
struct showing {
    int status;
    const char *text; /* the fields of the answer, and the answer */
    size_t mails;
    uint64_t hashes;
    int64_t rows;
};

static void blank(char *text, const char *what)
{
    for (char *found = text; (found = strstr(found, what)) != NULL;)
        memset(found, 'x', strlen(what));
}

static struct showing begin(void)
{
    return (struct showing){
        .mails = mail_count(), .hashes = dw_password_runs(), .rows = row_count()};
}

static struct showing end(struct showing before, const struct dw_tenant_call *call, const char *at,
                          const char *email)
{
    struct dw_buf out = dw_buf_in(world.arena);
    char *text;

    for (size_t i = 0; i < call->out_count; i++)
        dw_buf_printf(&out, "%.*s: %.*s\n", DW_PRINT(call->out[i].name),
                      DW_PRINT(call->out[i].value));
    dw_buf_add(&out, call->answer);
    text = dw_arena_text(world.arena, dw_buf_view(&out));
    blank(text, at);
    blank(text, email);
    return (struct showing){call->status, text, mail_count() - before.mails,
                            dw_password_runs() - before.hashes, row_count() - before.rows};
}

static void assert_same(struct showing one, struct showing other)
{
    assert_int_equal(one.status, other.status);
    assert_string_equal(one.text, other.text);
    assert_int_equal(one.mails, other.mails);
    assert_int_equal(one.hashes, other.hashes);
    assert_int_equal(one.rows, other.rows);
}

/* ---- what nobody finds out ---- */

#define STEPS 9

/* A sign-up and everything that can be done after it without the code. */
static void walk(const char *email, const char *address, struct showing *ret_steps)
{
    struct browser browser = {.address = address};
    const char *at = visit(&browser);
    struct showing before = begin();

    ret_steps[0] = end(before, sign_up(&browser, at, email), at, email);
    before = begin();
    ret_steps[1] = end(before, get(&browser, of_visit("/u/signup/code", at)), at, email);
    before = begin();
    ret_steps[2] = end(before, send_again(&browser, at), at, email);
    for (int i = 3; i < 7; i++) { /* wrong, wrong, dead, dead */
        before = begin();
        ret_steps[i] = end(before, type(&browser, at, "12345x"), at, email);
    }
    before = begin();
    ret_steps[7] = end(before, sign_up(&browser, at, email), at, email);
    before = begin();
    ret_steps[8] =
        end(before,
            post(&browser, "/u/login",
                 text_of(dw_arena_printf(world.arena, "state=%s&username=%s&password=" PASSWORD, at,
                                         email))),
            at, email);
}

static void signing_up_is_the_same_for_a_known_address(void **state)
{
    struct showing known[STEPS], fresh[STEPS];

    (void)state;
    walk("root@example.com", "198.51.100.1", known); /* addresses of one length each */
    walk("anna@example.com", "198.51.100.2", fresh);
    fresh[7].rows = known[7].rows; /* its first mail of the kind begins a count of its own */
    for (size_t i = 0; i < STEPS; i++)
        assert_same(known[i], fresh[i]);
    assert_int_equal(fresh[0].status, 303);
    assert_int_equal(fresh[0].hashes, 1);
    assert_int_equal(fresh[0].mails, 1);
    assert_int_equal(fresh[2].mails, 1);
    assert_int_equal(fresh[3].status, 400);
    assert_int_equal(fresh[8].status, 400);
    assert_non_null(user_of("anna@example.com"));
}

static void the_owner_of_a_known_address_reads_how_to_go_on(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);
    struct dw_mail_parts mail;

    (void)state;
    assert_status(sign_up(&browser, at, "Ada@Example.com"), 303);
    mail = newest_mail("signup_known");
    assert_slice(mail.to, "Ada@Example.com");
    assert_has(mail.text, "there is one already");
    for (size_t i = 0; i + 6 <= mail.text.len; i++)
        assert_false(strspn(mail.text.ptr + i, "0123456789") >= 6 && mail.text.ptr[i - 1] == ' ');
    assert_status(
        choose(&browser, ticket_in(link_in("signup_known", "/u/reset-password")), "Good-enough-1"),
        200);
    assert_status(password_grant(ADA, "Good-enough-1"), 200);
}

static void too_many_codes_are_refused_alike(void **state)
{
    struct browser browsers[2] = {{.address = "198.51.100.1"}, {.address = "198.51.100.2"}};
    const char *const addresses[] = {"root@example.com", "anna@example.com"};
    struct showing last[2], begun[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct browser *browser = &browsers[i];
        const char *at = visit(browser);
        struct showing before;

        assert_status(sign_up(browser, at, addresses[i]), 303);
        for (int sent = 1; sent < 10; sent++)
            assert_status(send_again(browser, at), 303);
        before = begin();
        last[i] = end(before, send_again(browser, at), at, addresses[i]);
        before = begin();
        begun[i] = end(before, sign_up(browser, at, addresses[i]), at, addresses[i]);
    }
    assert_int_equal(last[0].status, 429);
    assert_same(last[0], last[1]);
    assert_int_equal(begun[0].status, 429);
    assert_same(begun[0], begun[1]);
}

/* ---- who signs up ---- */

static void a_right_code_confirms_logs_in_and_goes_on(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser), *code;
    struct dw_tenant_call *call;

    (void)state;
    assert_status(sign_up(&browser, at, "new@example.com"), 303);
    call = get(&browser, of_visit("/u/signup/code", at));
    assert_status(call, 200);
    assert_has(call->answer, "<strong>new@example.com</strong>");
    assert_has_not(call->answer, "/dev/outbox"); /* asked from another machine */
    assert_false(user_of("new@example.com")->is_email_verified);
    assert_slice(newest_mail("verify_email_by_code").to, "new@example.com");
    code = newest_code();
    assert_status(type(&browser, at, wrong(code)), 400);
    call = type(&browser, at, code);
    assert_status(call, 303);
    assert_has(header(call, "Location"), "/u/consent");
    assert_true(user_of("new@example.com")->is_email_verified);
    assert_int_equal(user_of("new@example.com")->logins_count, 1);
    assert_slice(entry_of("sv").user_id, text_of(user_of("new@example.com")->id));
    /* Back and reload lead forward. */
    assert_has(header(get(&browser, of_visit("/u/signup/code", at)), "Location"), "/u/consent");
    assert_has(header(type(&browser, at, code), "Location"), "/u/consent");
    call = decide(&browser, at, "accept");
    assert_true(location_value(call, "code").len >= 32);
    assert_status(get(&browser, of_visit("/u/signup/code", at)), 400); /* the visit is over */
    assert_status(password_grant("new@example.com", PASSWORD), 200);
}

static void the_page_of_a_visit_without_a_sign_up_leads_to_the_login(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);

    (void)state;
    assert_has(header(get(&browser, of_visit("/u/signup/code", at)), "Location"), "/u/login");
    assert_has(header(type(&browser, at, "123456"), "Location"), "/u/login");
}

static void the_login_that_was_there_ends(void **state)
{
    struct browser browser = {0}, before;
    const char *at;

    (void)state;
    (void)authorize(&browser, AUTHORIZE); /* as Ada */
    before = browser;
    at = state_of(get(&browser, AUTHORIZE "&prompt=login"));
    assert_status(sign_up(&browser, at, "new@example.com"), 303);
    assert_memory_equal(before.cookies, browser.cookies, sizeof before.cookies);
    assert_status(type(&browser, at, newest_code()), 303);
    assert_memory_not_equal(before.cookies, browser.cookies, sizeof before.cookies);
    assert_has(header(get(&before, AUTHORIZE), "Location"), "/u/login");
}

/* ---- who may not ---- */

static void a_code_is_for_its_own_browser_and_visit(void **state)
{
    struct browser browser = {0}, thief = {0};
    const char *at = visit(&browser), *other = visit(&browser), *of_thief = visit(&thief), *code;

    (void)state;
    assert_status(sign_up(&thief, of_thief, "thief@example.com"), 303);
    assert_status(sign_up(&browser, other, "other@example.com"), 303);
    assert_status(sign_up(&browser, at, "new@example.com"), 303);
    code = newest_code();
    assert_status(type(&thief, at, code), 400); /* the visit is of another browser */
    assert_has(type(&thief, of_thief, code)->answer, "This code is wrong");
    assert_has(type(&browser, other, code)->answer, "This code is wrong");
    assert_false(user_of("thief@example.com")->is_email_verified);
    assert_false(user_of("other@example.com")->is_email_verified);
    assert_status(type(&browser, at, code), 303);
}

static void signing_up_again_in_the_same_visit_ends_the_code_before(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser), *first;

    (void)state;
    assert_status(sign_up(&browser, at, "typo@example.com"), 303);
    first = newest_code();
    assert_status(sign_up(&browser, at, "right@example.com"), 303);
    if (strcmp(first, newest_code()) != 0)
        assert_status(type(&browser, at, first), 400);
    assert_false(user_of("typo@example.com")->is_email_verified);
    assert_status(type(&browser, at, newest_code()), 303);
    assert_true(user_of("right@example.com")->is_email_verified);
    assert_false(user_of("typo@example.com")->is_email_verified);
}

/* Somebody signed up with the address of another, who then took the account by the mail to it. */
static void who_took_the_account_over_by_mail_keeps_it(void **state)
{
    struct browser thief = {0}, owner = {0};
    const char *of_thief = visit(&thief), *code;

    (void)state;
    assert_status(sign_up(&thief, of_thief, "victim@example.com"), 303);
    code = newest_code();
    assert_status(sign_up(&owner, visit(&owner), "victim@example.com"), 303);
    assert_status(
        choose(&owner, ticket_in(link_in("signup_known", "/u/reset-password")), "Good-enough-1"),
        200);
    assert_has(type(&thief, of_thief, code)->answer, "This code is wrong");
    assert_status(send_again(&thief, of_thief), 303); /* tells the owner, and has no code */
    assert_slice(newest_mail("signup_known").to, "victim@example.com");
    assert_status(password_grant("victim@example.com", "Good-enough-1"), 200);
}

static void a_code_does_not_follow_the_account_to_another_address(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);
    struct dw_user *user;
    struct dw_error error = {0};

    (void)state;
    assert_status(sign_up(&browser, at, "old@example.com"), 303);
    user = user_of("old@example.com");
    user->email = S("moved@example.com");
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_status(type(&browser, at, newest_code()), 400);
    assert_false(user_of("moved@example.com")->is_email_verified);
}

static void guesses_are_few_however_often_it_begins(void **state)
{
    struct browser browser = {0};
    int looked_at = 0;

    (void)state;
    for (int codes = 0; codes < 12; codes++) {
        const char *at = visit(&browser), *code;

        assert_status(sign_up(&browser, at, codes == 0 ? "new@example.com" : "NEW@example.com"),
                      303);
        code = codes == 0 ? newest_code() : "000000";
        for (int i = 0; i < 3; i++)
            looked_at += type(&browser, at, wrong(code))->status == 400;
        world_now_s += 600; /* or no more codes would be sent */
    }
    assert_int_equal(looked_at, 30);
}

static void codes_and_visits_end_in_time(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser), *code;

    (void)state;
    assert_status(sign_up(&browser, at, "new@example.com"), 303);
    code = newest_code();
    world_now_s += 901;
    assert_has(type(&browser, at, code)->answer, "This code is wrong or has expired.");
    assert_status(send_again(&browser, at), 303);
    code = newest_code();
    world_now_s += 900;
    assert_status(type(&browser, at, code), 400); /* of the visit, which has its half hour */
    assert_status(get(&browser, of_visit("/u/signup/code", at)), 400);
    assert_false(user_of("new@example.com")->is_email_verified);
}

static void a_forged_form_types_no_code(void **state)
{
    struct browser browser = {0}, cross = {.site = "cross-site"};
    const char *at = visit(&browser);
    const char *body;

    (void)state;
    assert_status(sign_up(&browser, at, "new@example.com"), 303);
    body = text_of(dw_arena_printf(world.arena, "state=%s&code=%s", at, newest_code()));
    memcpy(cross.cookies, browser.cookies, sizeof cross.cookies);
    assert_status(post(&cross, "/u/signup/code", body), 403);
    assert_status(ask(&browser, DW_HTTP_POST, "/u/signup/code", "application/json", "{}"), 415);
    assert_status(ask(&browser, DW_HTTP_GET,
                      text_of(dw_arena_printf(world.arena, "/u/signup/code?%s", body)), NULL, NULL),
                  200); /* a page that looks, and does not act */
    assert_false(user_of("new@example.com")->is_email_verified);
}

/* ---- before the mail is read ---- */

static void add_app(const char *id, bool is_public, bool is_first_party)
{
    static const struct dw_slice grants[] = {{"password", 8}};
    struct dw_connection_record *connection = NULL;
    struct dw_oauth_client client;
    struct dw_error error = {0};

    dw_seed_client_defaults(world.tenant, &client);
    client.id = S(id);
    client.name = S(id);
    client.grant_types = (struct dw_slices){grants, 1};
    client.is_first_party = is_first_party;
    client.auth_method = is_public ? DW_CLIENT_AUTH_NONE : DW_CLIENT_AUTH_POST;
    assert_done(dw_tenant_digest(S("secret"), world.arena, &client.secret_digest, &error), error);
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
    assert_done(dw_store_connection_by_name(world.tenant->store, S(CONNECTION), world.arena,
                                            &connection, &error),
                error);
    assert_done(
        dw_store_enable_connection(world.tenant->store, connection->id, client.id, true, &error),
        error);
}

static struct dw_tenant_call *grant_of(const char *client, const char *email)
{
    struct browser nobody = {0};

    return post(&nobody, "/oauth/token",
                text_of(dw_arena_printf(world.arena,
                                        "grant_type=password&client_id=%s&username=%s"
                                        "&password=" PASSWORD,
                                        client, email)));
}

static void an_application_that_proved_itself_logs_in_whom_it_signed_up(void **state)
{
    (void)state;
    add_app("server", false, true);
    add_app("browser", true, true);
    assert_status(SIGNUP("\"email\":\"new@example.com\",\"password\":\"" PASSWORD "\""), 200);
    assert_slice(error_of(grant_of("browser", "new@example.com")),
                 "invalid_grant: Wrong email or password.");
    assert_slice(error_of(grant_of("server", "new@example.com")), "access_denied: Unauthorized");
    assert_status(grant_of("server&client_secret=secret", "new@example.com"), 200);
    assert_slice(error_of(grant_of("server&client_secret=secret", ADA)),
                 "invalid_grant: Wrong email or password.");
    assert_false(user_of("new@example.com")->is_email_verified);
}

/* ---- without a way to mail ---- */

static void without_mail_the_page_says_that_nobody_can_sign_up(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);
    struct dw_tenant_call *call;

    (void)state;
    world.tenant->config.mail_outbox = false;
    assert_has_not(get(&browser, of_visit("/u/login", at))->answer, "/u/signup");
    call = get(&browser, of_visit("/u/signup", at));
    assert_status(call, 400);
    assert_has(call->answer, "not set up to send mail");
    assert_has(call->answer, "/u/login?state=");
    call = sign_up(&browser, at, "new@example.com");
    assert_status(call, 400);
    call = SIGNUP("\"email\":\"new@example.com\",\"password\":\"Abcdef12\"");
    assert_status(call, 400);
    assert_slice(error_of(call), "bad.connection: This service is not set up to send mail.");
    assert_slice(error_of(SIGNUP("\"email\":\"" ADA "\",\"password\":\"Abcdef12\"")),
                 "bad.connection: This service is not set up to send mail.");
    assert_null(user_of("new@example.com"));
    set_options(CONFIRMS_NOTHING); /* nothing to mail, nothing to say */
    assert_status(SIGNUP("\"email\":\"new@example.com\",\"password\":\"Abcdef12\""), 200);
    assert_status(get(&browser, of_visit("/u/signup", at)), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(signing_up_is_the_same_for_a_known_address),
        CASE(the_owner_of_a_known_address_reads_how_to_go_on),
        CASE(too_many_codes_are_refused_alike),
        CASE(a_right_code_confirms_logs_in_and_goes_on),
        CASE(the_page_of_a_visit_without_a_sign_up_leads_to_the_login),
        CASE(the_login_that_was_there_ends),
        CASE(a_code_is_for_its_own_browser_and_visit),
        CASE(signing_up_again_in_the_same_visit_ends_the_code_before),
        CASE(who_took_the_account_over_by_mail_keeps_it),
        CASE(a_code_does_not_follow_the_account_to_another_address),
        CASE(guesses_are_few_however_often_it_begins),
        CASE(codes_and_visits_end_in_time),
        CASE(a_forged_form_types_no_code),
        CASE(an_application_that_proved_itself_logs_in_whom_it_signed_up),
        CASE(without_mail_the_page_says_that_nobody_can_sign_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
