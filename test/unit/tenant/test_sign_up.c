/* Sign-up, as programs and people do it: what is taken, what is refused, what nobody learns. */
#include "account_fixture.h"
#include "oauth/user_json.h"

/* ---- sign-up ---- */

/* The real one's answers, without the id (recordings of Auth0's Authentication API). */
static void a_signup_is_answered_as_auth0_does(void **state)
{
    static const struct {
        const char *identifiers, *attributes, *answer;
    } cases[] = {
        {"\"email\":\"a1@example.com\"", "\"email\":{\"signup\":{\"status\":\"required\"}}",
         "\"email\":\"a1@example.com\",\"email_verified\":false}"},
        {"\"username\":\"mytestaccount\",\"email\":\"a2@example.com\"",
         "\"email\":{\"signup\":{\"status\":\"required\"}},"
         "\"username\":{\"signup\":{\"status\":\"required\"}}",
         "\"email\":\"a2@example.com\",\"username\":\"mytestaccount\",\"email_verified\":false}"},
        {"\"username\":\"account2\"", "\"username\":{\"signup\":{\"status\":\"required\"}}",
         "\"username\":\"account2\"}"},
        {"\"username\":\"account3\",\"phone_number\":\"+12345678900\"",
         "\"username\":{\"identifier\":{\"active\":true}},"
         "\"phone_number\":{\"identifier\":{\"active\":true}}",
         "\"username\":\"account3\",\"phone_number\":\"+12345678900\",\"phone_verified\":false}"},
        {"\"username\":\"account4\",\"phone_number\":\"+12345678901\",\"email\":\"a4@example.com\"",
         "\"email\":{\"signup\":{\"status\":\"optional\"}},"
         "\"username\":{\"signup\":{\"status\":\"optional\"}},"
         "\"phone_number\":{\"signup\":{\"status\":\"optional\"}}",
         "\"email\":\"a4@example.com\",\"username\":\"account4\",\"email_verified\":false,"
         "\"phone_number\":\"+12345678901\",\"phone_verified\":false}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call *call;

        set_options(text_of(dw_arena_printf(
            world.arena, "{\"passwordPolicy\":\"low\",\"attributes\":{%s}}", cases[i].attributes)));
        call = post_json(
            "/dbconnections/signup",
            text_of(dw_arena_printf(world.arena,
                                    "{\"client_id\":\"doorward-dev\",\"connection\":\"" CONNECTION
                                    "\",\"password\":\"mypassword\",%s}",
                                    cases[i].identifiers)));
        assert_status(call, 200);
        assert_int_equal(dw_json_text(json_of(call), "_id").len, 24);
        assert_slice(dw_slice_sub(call->answer, strlen("{\"_id\":\"\",") + 24, call->answer.len),
                     cases[i].answer);
    }
    assert_int_equal(mail_count(), 3);
}

static void a_signup_that_is_wrong_says_what(void **state)
{
#define BAD(code, description)                                                                     \
    "{\"name\":\"BadRequestError\",\"code\":\"" code "\",\"description\":\"" description           \
    "\",\"statusCode\":400}"
    (void)state;
    assert_slice(SIGNUP("\"email\":\"no address\",\"password\":\"Abcdef12\"")->answer,
                 BAD("invalid_signup", "email is not valid"));
    assert_slice(SIGNUP("\"email\":\"a@b.c\\r\\nBcc: x@y.z\",\"password\":\"Abcdef12\"")->answer,
                 BAD("invalid_signup", "email is not valid"));
    assert_slice(SIGNUP("\"username\":\"x\",\"password\":\"Abcdef12\"")->answer,
                 BAD("invalid_signup", "email is required"));
    assert_slice(SIGNUP("\"email\":\"new@example.com\",\"password\":\"Abcdef12\","
                        "\"picture\":\"javascript:alert(1)\"")
                     ->answer,
                 BAD("invalid_signup", "picture must be an https URL"));
    assert_has(SIGNUP("\"email\":\"new@example.com\",\"password\":\"Abcdef12\","
                      "\"user_metadata\":{\"a\":1}")
                   ->answer,
               "a property of user_metadata must be a text");
    assert_has(SIGNUP("\"email\":\"new@example.com\"")->answer, "password is required");
    assert_has(post_json("/dbconnections/signup", "{\"email\":\"a@b.c\"}")->answer,
               "client_id is required");
    assert_has(post_json("/dbconnections/signup", "{\"client_id\":\"nobody\",\"connection\":\"x\"}")
                   ->answer,
               "Unknown client");
    assert_has(post_json("/dbconnections/signup",
                         "{\"client_id\":\"doorward-dev\",\"connection\":\"other\"}")
                   ->answer,
               "The connection does not exist");
    assert_null(user_of("new@example.com"));
    set_options("{\"disable_signup\":true}");
    assert_slice(SIGNUP("\"email\":\"new@example.com\",\"password\":\"Abcdef12\"")->answer,
                 "{\"error\":\"public signup is disabled\"}");
}

static void metadata_and_names_are_kept(void **state)
{
    struct dw_tenant_call *call =
        SIGNUP("\"email\":\"New@Example.com\",\"password\":\"Abcdef12\",\"given_name\":\"New\","
               "\"user_metadata\":{\"plan\":\"gold\"}");
    struct dw_user *user = user_of("new@example.com");

    (void)state;
    assert_status(call, 200);
    assert_has(call->answer, "\"given_name\":\"New\",\"user_metadata\":{\"plan\":\"gold\"}}");
    assert_slice(user->user_metadata_json, "{\"plan\":\"gold\"}");
    assert_slice(user->given_name, "New");
    assert_slice(user->name, "New@Example.com");
    assert_false(user->is_email_verified);
}

static void a_weak_password_is_answered_with_the_rules(void **state)
{
    struct dw_tenant_call *call = SIGNUP("\"email\":\"new@example.com\",\"password\":\"abc\"");

    (void)state;
    assert_status(call, 400);
    assert_slice(
        call->answer,
        "{\"name\":\"PasswordStrengthError\",\"message\":\"Password is too weak\","
        "\"code\":\"invalid_password\",\"description\":{\"rules\":[{\"format\":[8],"
        "\"message\":\"At least %d characters in length\",\"code\":\"lengthAtLeast\","
        "\"verified\":false},{\"format\":[3,4],\"message\":\"Contain at least %d of the following "
        "%d types of characters:\",\"code\":\"containsAtLeast\",\"verified\":false,\"items\":["
        "{\"message\":\"lower case letters (a-z)\",\"code\":\"lowerCase\",\"verified\":true},"
        "{\"message\":\"upper case letters (A-Z)\",\"code\":\"upperCase\",\"verified\":false},"
        "{\"message\":\"numbers (i.e. 0-9)\",\"code\":\"numbers\",\"verified\":false},"
        "{\"message\":\"special characters (e.g. !@#$%^&*)\",\"code\":\"specialCharacters\","
        "\"verified\":false}]}],\"verified\":false},\"policy\":\"* At least 8 characters in "
        "length\\n* Contain at least 3 of the following 4 types of characters:\\n * lower case "
        "letters (a-z)\\n * upper case letters (A-Z)\\n * numbers (i.e. 0-9)\\n * special "
        "characters (e.g. !@#$%^&*)\",\"statusCode\":400}");
    assert_null(user_of("new@example.com"));
}

static void a_signup_for_a_taken_address_tells_nothing(void **state)
{
    struct dw_tenant_call *call;
    uint64_t runs = dw_password_runs();

    (void)state;
    set_options(CONFIRMS_NOTHING);
    call = SIGNUP("\"email\":\"" ADA "\",\"password\":\"Abcdef12\"");
    assert_status(call, 400);
    assert_slice(call->answer, BAD("invalid_signup", "Invalid sign up"));
    assert_int_equal(dw_password_runs() - runs, 1); /* as for a free one */
    assert_status(SIGNUP("\"email\":\"free@example.com\",\"password\":\"Abcdef12\""), 200);
    assert_int_equal(dw_password_runs() - runs, 2);
    assert_int_equal(mail_count(), 1);
}

static void too_many_signups_from_one_address_wait(void **state)
{
    struct browser browser = {.address = "198.51.100.7"};
    const char *body = "client_id=doorward-dev&connection=" CONNECTION "&email=x&password=y";
    struct browser other = {.address = "198.51.100.8"};

    (void)state;
    for (int i = 0; i < 50; i++)
        assert_status(post(&browser, "/dbconnections/signup", body), 400);
    assert_status(post(&browser, "/dbconnections/signup", body), 429);
    assert_status(post(&other, "/dbconnections/signup", body), 400);
    world_now_s += 1;
    assert_status(post(&browser, "/dbconnections/signup", body), 429);
    world_now_s += 1; /* one more each 1.2 s */
    assert_status(post(&browser, "/dbconnections/signup", body), 400);
    assert_status(post(&browser, "/dbconnections/signup", body), 429);
}

/* ---- pages ---- */

static void a_person_signs_up_on_the_way_to_an_application(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);
    const char *page = text_of(dw_arena_printf(world.arena, "/u/signup?state=%s", at));
    struct dw_tenant_call *call;

    (void)state;
    set_options(CONFIRMS_NOTHING);
    call = get(&browser, page);
    assert_status(call, 200);
    assert_has(call->answer, "name=\"email\"");
    assert_has_not(call->answer, "name=\"username\"");
    call = post(&browser, "/u/signup",
                text_of(dw_arena_printf(world.arena,
                                        "state=%s&email=new%%40example.com&password=short", at)));
    assert_status(call, 400);
    assert_has(call->answer, "does not meet the rules");
    assert_has(call->answer, "new@example.com");
    assert_has(call->answer, "aria-describedby=\"rules problem\" aria-invalid=\"true\">");
    call = post(&browser, "/u/signup",
                text_of(dw_arena_printf(world.arena, "state=%s&email=no&password=Abcdef12", at)));
    assert_status(call, 400);
    assert_has(call->answer, "aria-describedby=\"rules problem\">"); /* nothing wrong with this */
    call = post(&browser, "/u/signup",
                text_of(dw_arena_printf(
                    world.arena, "state=%s&email=new%%40example.com&password=Abcdef12", at)));
    assert_status(call, 303);
    assert_has(header(call, "Location"), "/u/consent");
    assert_int_equal(user_of("new@example.com")->logins_count, 1);
    call = decide(&browser, at, "accept");
    assert_status(call, 303);
    assert_true(location_value(call, "code").len >= 32);
}

static void the_sign_up_page_tells_nothing_about_a_taken_address(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);
    struct dw_tenant_call *call;

    (void)state;
    set_options(CONFIRMS_NOTHING);
    call =
        post(&browser, "/u/signup",
             text_of(dw_arena_printf(world.arena, "state=%s&email=" ADA "&password=Abcdef12", at)));
    assert_status(call, 400);
    assert_has(call->answer, "The account could not be created.");
    assert_has_not(call->answer, "already.");
    assert_has_not(header(call, "Set-Cookie"), "session");
}

/* By a link; a code is the subject of test_signup_code.c. */
#define CONFIRMS                                                                                   \
    "{\"attributes\":{\"email\":{\"identifier\":{\"active\":true},\"signup\":{\"status\":"         \
    "\"required\",\"verification\":{\"active\":true}},\"verification_method\":\"link\"}}}"

/* What one attempt to sign up showed and cost. */
struct attempt {
    int status;
    const char *page;
    size_t mails;
    uint64_t hashes;
};

static struct attempt sign_up_on_page(struct browser *browser, const char *at, const char *name)
{
    uint64_t hashes = dw_password_runs();
    size_t mails = mail_count();
    struct dw_tenant_call *call =
        post(browser, "/u/signup",
             text_of(dw_arena_printf(
                 world.arena, "state=%s&email=%s%%40example.com&password=Abcdef12", at, name)));
    char *page = dw_arena_text(world.arena, call->answer);

    assert_int_equal(header(call, "Set-Cookie").len, 0);
    for (char *found = page; (found = strstr(found, name)) != NULL;)
        memset(found, 'x', strlen(name));
    return (struct attempt){call->status, page, mail_count() - mails, dw_password_runs() - hashes};
}

/* As above, but for programs: members and lengths, since the id is another one each time. */
static const char *shape_of(const struct dw_tenant_call *call)
{
    struct dw_buf out = dw_buf_in(world.arena);
    const struct dw_json *answer = json_of(call);

    dw_buf_printf(&out, "%d %zu", call->status, call->answer.len);
    for (size_t i = 0; i < answer->object.count; i++)
        dw_buf_printf(&out, " %.*s:%d:%zu", DW_PRINT(answer->object.members[i].key),
                      answer->object.members[i].value.type,
                      answer->object.members[i].value.raw.len);
    return text_of(dw_buf_view(&out));
}

static void signing_up_tells_nothing_where_addresses_are_confirmed_first(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);
    struct attempt known, fresh;
    const char *known_shape, *fresh_shape;

    (void)state;
    set_options(CONFIRMS);
    known = sign_up_on_page(&browser, at, "ada");
    fresh = sign_up_on_page(&browser, at, "new");
    assert_int_equal(known.status, 200);
    assert_int_equal(fresh.status, 200);
    assert_string_equal(known.page, fresh.page);
    assert_has(S(known.page), "Look into your mail");
    assert_int_equal(known.mails, 1);
    assert_int_equal(fresh.mails, 1);
    assert_int_equal(known.hashes, 1);
    assert_int_equal(fresh.hashes, 1);
    /* The password that was just chosen says nothing either. */
    assert_slice(error_of(password_grant("new@example.com", "Abcdef12")),
                 text_of(error_of(password_grant(ADA, "Abcdef12"))));
    assert_status(log_in(&browser, at, "Abcdef12"), 400);
    assert_string_equal(
        text_of(log_in(&browser, at, "Abcdef12")->answer),
        text_of(post(&browser, "/u/login",
                     text_of(dw_arena_printf(world.arena,
                                             "state=%s&username=" ADA "&password=Abcdef12", at)))
                    ->answer));
    known_shape = shape_of(SIGNUP("\"email\":\"" ADA "\",\"password\":\"Abcdef12\""));
    fresh_shape = shape_of(SIGNUP("\"email\":\"n2w@example.com\",\"password\":\"Abcdef12\""));
    assert_string_equal(known_shape, fresh_shape);
}

/* Of an operator, of an import: nobody signed up, so nothing is told by logging in. */
static void an_account_that_nobody_signed_up_for_counts_as_it_is(void **state)
{
    struct browser browser = {0};
    struct dw_user *ada = user_of(ADA);
    struct dw_error error = {0};

    (void)state;
    ada->is_email_verified = false;
    assert_done(dw_store_update_user(world.tenant->store, ada, &error), error);
    assert_false(user_of(ADA)->is_email_verified);
    assert_status(log_in(&browser, visit(&browser), ADA_PASSWORD), 303);
}

static void a_confirmed_address_may_log_in(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser), *link;

    (void)state;
    set_options(CONFIRMS);
    (void)sign_up_on_page(&browser, at, "new");
    assert_status(password_grant("new@example.com", "Abcdef12"), 403);
    link = link_in("verify_email", "/u/email-verification");
    assert_status(post(&browser, "/u/email-verification", strchr(link, '?') + 1), 200);
    assert_status(password_grant("new@example.com", "Abcdef12"), 200);
    /* Who has an account is told so in the mail, with a way in. */
    (void)sign_up_on_page(&browser, at, "ada");
    assert_slice(newest_mail("signup_known").to, ADA);
    link = link_in("signup_known", "/u/reset-password");
    assert_status(choose(&browser, ticket_in(link), "Good-enough-1"), 200);
    assert_status(password_grant(ADA, "Good-enough-1"), 200);
}

/* As "doorward tenant user update" does it. */
static void update(const char *email, const char *patch)
{
    struct dw_user *user = user_of(email);
    struct dw_error error = {0};

    assert_done(dw_user_apply_json(user, dw_slice_from_text(patch), world.arena, &error), error);
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
}

static void who_confirmed_once_is_not_shut_out_by_the_operator(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser), *link;

    (void)state;
    set_options(CONFIRMS);
    (void)sign_up_on_page(&browser, at, "new");
    link = link_in("verify_email", "/u/email-verification");
    assert_status(post(&browser, "/u/email-verification", strchr(link, '?') + 1), 200);
    update("new@example.com", "{\"email_verified\":false}");
    assert_status(password_grant("new@example.com", "Abcdef12"), 200);
    /* Nor is who has an address of the operator's choice, confirmed or not. */
    (void)sign_up_on_page(&browser, at, "other");
    assert_status(password_grant("other@example.com", "Abcdef12"), 403);
    update("other@example.com", "{\"email_verified\":false}");
    assert_status(password_grant("other@example.com", "Abcdef12"), 403);
    update("other@example.com", "{\"email\":\"third@example.com\",\"email_verified\":false}");
    assert_status(password_grant("third@example.com", "Abcdef12"), 200);
}

static void a_taken_user_name_is_told_by_mail_alone(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);
    struct dw_user *ada = user_of(ADA);
    struct dw_error error = {0};
    struct dw_tenant_call *call;

    (void)state;
    ada->username = S("ada");
    assert_done(dw_store_update_user(world.tenant->store, ada, &error), error);
    set_options("{\"attributes\":{\"email\":{\"signup\":{\"status\":\"required\","
                "\"verification\":{\"active\":true}},\"verification_method\":\"link\"},"
                "\"username\":{\"identifier\":"
                "{\"active\":true},\"signup\":{\"status\":\"required\"}}}}");
    call = post(&browser, "/u/signup",
                text_of(dw_arena_printf(world.arena,
                                        "state=%s&email=eve@example.com&username=ada"
                                        "&password=Abcdef12",
                                        at)));
    assert_status(call, 200);
    assert_slice(newest_mail("signup_known").to, "eve@example.com");
    assert_has_not(newest_mail("signup_known").text, "/u/reset-password");
    assert_null(user_of("eve@example.com"));
}

static void a_forged_form_signs_nobody_up(void **state)
{
    struct browser browser = {0}, other = {0}, cross = {.site = "cross-site"};
    const char *at = visit(&browser);
    const char *body = text_of(
        dw_arena_printf(world.arena, "state=%s&email=new%%40example.com&password=Abcdef12", at));

    (void)state;
    assert_status(post(&other, "/u/signup", body), 400); /* the visit is of another browser */
    memcpy(cross.cookies, browser.cookies, sizeof cross.cookies);
    assert_status(post(&cross, "/u/signup", body), 403);
    assert_status(ask(&browser, DW_HTTP_POST, "/u/signup", "application/json", "{}"), 415);
    assert_null(user_of("new@example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_signup_is_answered_as_auth0_does),
        CASE(a_signup_that_is_wrong_says_what),
        CASE(metadata_and_names_are_kept),
        CASE(a_weak_password_is_answered_with_the_rules),
        CASE(a_signup_for_a_taken_address_tells_nothing),
        CASE(too_many_signups_from_one_address_wait),
        CASE(a_person_signs_up_on_the_way_to_an_application),
        CASE(the_sign_up_page_tells_nothing_about_a_taken_address),
        CASE(signing_up_tells_nothing_where_addresses_are_confirmed_first),
        CASE(an_account_that_nobody_signed_up_for_counts_as_it_is),
        CASE(a_confirmed_address_may_log_in),
        CASE(who_confirmed_once_is_not_shut_out_by_the_operator),
        CASE(a_taken_user_name_is_told_by_mail_alone),
        CASE(a_forged_form_signs_nobody_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
