/* /dbconnections/signup and change_password, the pages for both, and the links of mails. */
#include "fixture.h"

#include "crypto/password.h"
#include "store/connections.h"
#include "tenant/account/account_internal.h"
#include "tenant/account/mail_sender_internal.h"

#define CONNECTION "Username-Password-Authentication"

static int start(void **state)
{
    int status = world_start(state);

    world.tenant->config.mail_outbox = true;
    return status;
}

static void set_options(const char *options)
{
    struct dw_connection_record *connection = NULL;
    struct dw_error error = {0};

    assert_done(dw_store_connection_by_name(world.tenant->store, S(CONNECTION), world.arena,
                                            &connection, &error),
                error);
    assert_non_null(connection);
    connection->options_json = S(options);
    assert_done(dw_store_put_connection(world.tenant->store, connection, &error), error);
}

static struct dw_tenant_call *post_json(const char *path, const char *body)
{
    struct browser nobody = {0};

    return ask(&nobody, DW_HTTP_POST, path, "application/json", body);
}

#define SIGNUP(members)                                                                            \
    post_json("/dbconnections/signup",                                                             \
              "{\"client_id\":\"doorward-dev\",\"connection\":\"" CONNECTION "\"," members "}")
#define CHANGE(members)                                                                            \
    post_json("/dbconnections/change_password",                                                    \
              "{\"client_id\":\"doorward-dev\",\"connection\":\"" CONNECTION "\"," members "}")

static size_t mail_count(void)
{
    struct dw_mail_record *records;
    struct dw_error error = {0};
    size_t count;

    assert_done(dw_store_mails(world.tenant->store, DW_MAIL_OUTBOX, (struct dw_page){0},
                               world.arena, &records, &count, NULL, &error),
                error);
    return count;
}

static struct dw_mail_parts newest_mail(const char *template)
{
    struct dw_mail_record *records;
    struct dw_mail_parts parts;
    struct dw_error error = {0};
    size_t count;

    assert_done(dw_store_mails(world.tenant->store, DW_MAIL_OUTBOX, (struct dw_page){0},
                               world.arena, &records, &count, NULL, &error),
                error);
    assert_true(count > 0);
    assert_slice(records[0].template_name, template);
    assert_done(dw_mail_unseal(world.tenant, &records[0], world.arena, &parts, &error), error);
    return parts;
}

/* The path and query of our own URL in a mail. */
static const char *link_in(const char *template, const char *path)
{
    struct dw_slice text = newest_mail(template).text;
    char *found = strstr(text_of(text), path);

    assert_non_null(found);
    found[strcspn(found, "\n")] = '\0';
    return found;
}

static const char *ticket_in(const char *link)
{
    return strchr(link, '=') + 1;
}

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
    struct dw_tenant_settings settings;
    struct dw_tenant_call *call;
    uint64_t runs = dw_password_runs();

    (void)state;
    (void)settings;
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
    world_now_s += 2; /* one more each 1.2 s */
    assert_status(post(&browser, "/dbconnections/signup", body), 400);
    assert_status(post(&browser, "/dbconnections/signup", body), 429);
}

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

static struct dw_tenant_call *choose(struct browser *browser, const char *ticket,
                                     const char *password)
{
    return post(browser, "/u/reset-password",
                text_of(dw_arena_printf(world.arena, "ticket=%s&password=%s", ticket, password)));
}

static struct dw_tenant_call *password_grant(const char *username, const char *password)
{
    struct browser nobody = {0};

    return post(&nobody, "/oauth/token",
                text_of(dw_arena_printf(world.arena,
                                        "grant_type=password&client_id=doorward-dev&username=%s"
                                        "&password=%s&audience=" AUDIENCE,
                                        username, password)));
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

/* ---- pages ---- */

static const char *visit(struct browser *browser)
{
    return state_of(get(browser, AUTHORIZE));
}

static void a_person_signs_up_on_the_way_to_an_application(void **state)
{
    struct browser browser = {0};
    const char *at = visit(&browser);
    const char *page = text_of(dw_arena_printf(world.arena, "/u/signup?state=%s", at));
    struct dw_tenant_call *call = get(&browser, page);

    (void)state;
    assert_status(call, 200);
    assert_has(call->answer, "name=\"email\"");
    assert_has_not(call->answer, "name=\"username\"");
    call = post(&browser, "/u/signup",
                text_of(dw_arena_printf(world.arena,
                                        "state=%s&email=new%%40example.com&password=short", at)));
    assert_status(call, 400);
    assert_has(call->answer, "does not meet the rules");
    assert_has(call->answer, "new@example.com");
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
    struct dw_tenant_call *call =
        post(&browser, "/u/signup",
             text_of(dw_arena_printf(world.arena, "state=%s&email=" ADA "&password=Abcdef12", at)));

    (void)state;
    assert_status(call, 400);
    assert_has(call->answer, "The account could not be created.");
    assert_has_not(call->answer, "already.");
    assert_has_not(header(call, "Set-Cookie"), "session");
}

#define CONFIRMS                                                                                   \
    "{\"attributes\":{\"email\":{\"identifier\":{\"active\":true},\"signup\":{\"status\":"         \
    "\"required\",\"verification\":{\"active\":true}}}}}"

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
                "\"verification\":{\"active\":true}}},\"username\":{\"identifier\":"
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, world_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_signup_is_answered_as_auth0_does),
        CASE(a_signup_that_is_wrong_says_what),
        CASE(metadata_and_names_are_kept),
        CASE(a_weak_password_is_answered_with_the_rules),
        CASE(a_signup_for_a_taken_address_tells_nothing),
        CASE(too_many_signups_from_one_address_wait),
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
        CASE(a_person_signs_up_on_the_way_to_an_application),
        CASE(the_sign_up_page_tells_nothing_about_a_taken_address),
        CASE(signing_up_tells_nothing_where_addresses_are_confirmed_first),
        CASE(a_confirmed_address_may_log_in),
        CASE(a_taken_user_name_is_told_by_mail_alone),
        CASE(a_forged_form_signs_nobody_up),
        CASE(the_forgotten_password_page_says_the_same_to_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
