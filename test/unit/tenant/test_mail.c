/* tenant/account/mail_internal.h, mail_message_internal.h, and the outbox */
#include "fixture.h"

#include "base/text.h"
#include "tenant/account/mail_internal.h"
#include "tenant/account/mail_message_internal.h"
#include "tenant/account/mail_sender_internal.h"
#include "tenant/texts_internal.h"

static void only_plain_addresses_are_written_to(void **state)
{
    static const struct {
        const char *address;
        bool is_good;
    } cases[] = {
        {"ada@example.com", true},
        {"a.d.a+tag@sub.example.com", true},
        {"o'hara@example.com", true},
        {"ada@localhost", true},
        {"", false},
        {"ada", false},
        {"@example.com", false},
        {"ada@", false},
        {"ada@@example.com", false},
        {"ada@example.com\r\nBcc: eve@example.com", false},
        {"ada@example.com\nRCPT TO:<eve@example.com>", false},
        {"ada@example.com,eve@example.com", false},
        {"ada@example.com eve@example.com", false},
        {"<ada@example.com>", false},
        {"Ada <ada@example.com>", false},
        {"\"ada lovelace\"@example.com", false},
        {"ada@[127.0.0.1]", false},
        {".ada@example.com", false},
        {"ada.@example.com", false},
        {"a..da@example.com", false},
        {"ada@example..com", false},
        {"ada@.example.com", false},
        {"ada@example.com.", false},
        {"ada@exa_mple.com", false},
        {"\xc3\xa4@example.com", false},
        {"ada(comment)@example.com", false},
    };
    char long_local[80];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (dw_mail_is_address(S(cases[i].address)) != cases[i].is_good)
            fail_msg("%s", cases[i].address);
    memset(long_local, 'a', 65);
    strcpy(long_local + 65, "@b.c");
    assert_false(dw_mail_is_address(S(long_local)));
    assert_true(dw_mail_is_address(S(long_local + 1)));
    assert_false(dw_mail_is_address(dw_slice_from("a\0b@c.d", 7)));
}

static struct dw_slice message_of(const char *from_name, const char *subject, const char *text)
{
    struct dw_mail_envelope envelope = {.from = S("login@example.com"),
                                        .from_name = S(from_name),
                                        .id = S("0123abcd"),
                                        .at_s = 1800000000};
    struct dw_mail_parts parts = {
        .to = S("ada@example.com"), .subject = S(subject), .text = S(text), .html = S("<p>hi</p>")};
    struct dw_slice message;
    struct dw_error error = {0};

    assert_done(dw_mail_message(&envelope, &parts, world.arena, &message, &error), error);
    return message;
}

static void a_message_is_exactly_so(void **state)
{
    (void)state;
    assert_slice(message_of("Doorward", "Your code", "1 2 3\n"),
                 "From: Doorward\r\n <login@example.com>\r\nTo: <ada@example.com>\r\n"
                 "Subject: Your code\r\nDate: Fri, 15 Jan 2027 08:00:00 +0000\r\n"
                 "Message-ID: <0123abcd@example.com>\r\nMIME-Version: 1.0\r\n"
                 "Auto-Submitted: auto-generated\r\n"
                 "Content-Type: multipart/alternative; boundary=\"=_0123abcd\"\r\n\r\n"
                 "--=_0123abcd\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: base64\r\n\r\nMSAyIDMK\r\n"
                 "--=_0123abcd\r\nContent-Type: text/html; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: base64\r\n\r\nPHA+aGk8L3A+\r\n--=_0123abcd--\r\n");
    assert_has(message_of("x", "Passwort f\xc3\xbcr alle", "x"),
               "Subject: =?UTF-8?B?UGFzc3dvcnQgZsO8ciBhbGxl?=\r\nDate:");
}

/* The header fields of a message, by their names. */
static size_t count_fields(struct dw_slice message)
{
    struct dw_slice line;
    size_t count = 0;

    while (dw_slice_split(&message, '\n', &line) && line.len > 1) {
        assert_true(line.len <= 78);
        assert_int_equal(line.ptr[line.len - 1], '\r');
        count += line.ptr[0] != ' ';
    }
    return count;
}

static void no_text_makes_a_header_field(void **state)
{
    static const char *const evil[] = {
        "x\r\nBcc: eve@example.com",
        "x\nBcc: eve@example.com",
        "x\rBcc: eve@example.com",
        "x\r\n\r\nbody",
        "=?UTF-8?B?DQpCY2M6IGV2ZUBleGFtcGxlLmNvbQ==?=",
        "\"x\" <eve@example.com>, ",
        "\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89\xe3\x81\x8c\xe5\xa4\x89\xe6"
        "\x9b\xb4\xe3\x81\x95\xe3\x82\x8c\xe3\x81\xbe\xe3\x81\x97\xe3\x81\x9f\r\nBcc: e@e.e",
    };

    (void)state;
    for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
        struct dw_slice message = message_of(evil[i], evil[i], evil[i]);

        assert_int_equal(count_fields(message), 8);
        assert_has_not(message, "Bcc");
        assert_has_not(message, "eve@");
        assert_has_not(message, "\r\nbody");
    }
}

static void send(const struct dw_mail *mail)
{
    struct dw_error error = {0};

    assert_done(dw_mail_send(world.tenant, mail, world_now_s, world.arena, &error), error);
}

static void the_outbox_shows_what_would_have_been_sent(void **state)
{
    const struct dw_json *mails;

    (void)state;
    world.tenant->config.mail_outbox = true;
    for (size_t language = 0; language < dw_language_count; language++)
        for (int template = 0; template <DW_MAIL_TEMPLATE_COUNT; template ++) {
            struct dw_mail mail = {
                .template = (enum dw_mail_template) template,
                .to = template == DW_MAIL_SMS_CODE
                          ? dw_arena_printf(world.arena, "+1415555%04zu", language)
                          : dw_arena_printf(world.arena, "u%zu-%d@example.com", language, template),
                .language = &dw_languages[language],
                .client_name = S("<b>Evil\r\n & Co</b>"),
                .url = S(ISSUER "u/verify?ticket=abc"),
                .code = S("123456"),
                .detail = S("<script>alert(1)</script>"),
                .lifetime_s = 600};

            send(&mail);
            mails = json_of(ask_outbox(true));
            assert_slice(dw_json_text(&mails->array.items[0], "template"),
                         dw_mail_template_names[template]);
            assert_has_not(dw_json_text(&mails->array.items[0], "html"), "<b>");
            assert_has_not(dw_json_text(&mails->array.items[0], "html"), "<script>");
            assert_has_not(dw_json_text(&mails->array.items[0], "text"), "{");
            assert_has(dw_json_text(&mails->array.items[0], "text"), "123456");
            assert_true(dw_json_text(&mails->array.items[0], "subject").len > 3);
        }
    assert_has(ask_outbox(false)->answer, "Sie sind eingeladen");
    assert_has_not(ask_outbox(false)->answer, "<script>");
}

static void set_branding(const char *patch)
{
    struct dw_error error = {0};

    assert_done(
        dw_tenant_settings_patch(world.tenant, DW_SETTINGS_BRANDING, S(patch), world.arena, &error),
        error);
}

static void mails_have_the_tenants_logo_and_colour(void **state)
{
    static const struct {
        const char *settings, *button, *logo;
    } cases[] = {
        {"{\"colors\":{\"primary\":\"#7a1fa2\"}}", "background-color:#7a1fa2;color:#ffffff;", NULL},
        {"{\"colors\":{\"primary\":\"#e8b500\"}}", "background-color:#e8b500;color:#10150f;", NULL},
        {"{\"colors\":{\"primary\":\"red;}\"}}", "background-color:#1c6b4c;color:#ffffff;", NULL},
        {"{\"colors\":{\"primary\":\"\"},\"logo_url\":\"https://cdn.example.com/l.png\"}",
         "background-color:#1c6b4c;color:#ffffff;", "<img src=\"https://cdn.example.com/l.png\""},
        {"{\"logo_url\":\"http://cdn.example.com/l.png\"}", "background-color:#1c6b4c;", NULL},
    };

    (void)state;
    world.tenant->config.mail_outbox = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_mail mail = {.template = DW_MAIL_VERIFY_EMAIL,
                               .to = dw_arena_printf(world.arena, "brand%zu@example.com", i),
                               .language = &dw_languages[0],
                               .url = S(ISSUER "u/verify?ticket=abc"),
                               .lifetime_s = 600};
        struct dw_slice html;

        set_branding(cases[i].settings);
        send(&mail);
        html = dw_json_text(&json_of(ask_outbox(true))->array.items[0], "html");
        assert_has(html, cases[i].button);
        if (cases[i].logo)
            assert_has(html, cases[i].logo);
        else
            assert_has_not(html, "<img");
    }
    set_branding("{\"logo_url\":\"\"}");
}

static void the_outbox_is_for_this_machine_alone(void **state)
{
    struct dw_mail mail = {.template = DW_MAIL_MFA_CODE,
                           .to = S(ADA),
                           .client_name = S("App"),
                           .code = S("987654"),
                           .lifetime_s = 600};
    struct browser browser = {0};

    (void)state;
    assert_status(ask_outbox(false), 404);
    world.tenant->config.mail_outbox = true;
    send(&mail);
    assert_status(get(&browser, "/dev/outbox"), 404); /* not over loopback */
    assert_has(ask_outbox(false)->answer, "987654");
    world.tenant->is_on_loopback = false;
    assert_status(ask_outbox(false), 404);
    assert_false(dw_mail_arrives(world.tenant));
    world.tenant->is_on_loopback = true;
    world.tenant->config.mail_outbox = false;
    assert_status(ask_outbox(false), 404);
}

static void nobody_gets_a_mail_but_as_much_is_done(void **state)
{
    struct dw_mail mail = {.template = DW_MAIL_RESET_PASSWORD,
                           .to = S("nobody@example.com"),
                           .is_to_nobody = true,
                           .url = S(ISSUER "u/reset?ticket=abc"),
                           .lifetime_s = 600};
    struct dw_mail_record *records;
    struct dw_error error = {0};
    size_t count;

    (void)state;
    world.tenant->config.mail_outbox = true;
    send(&mail);
    assert_int_equal(json_of(ask_outbox(true))->array.count, 0);
    assert_done(dw_store_mails(world.tenant->store, DW_MAIL_TO_NOBODY, (struct dw_page){0},
                               world.arena, &records, &count, NULL, &error),
                error);
    assert_int_equal(count, 1);
    assert_done(dw_store_purge(world.tenant->store, world_now_s, &error), error);
    assert_done(dw_store_mails(world.tenant->store, DW_MAIL_TO_NOBODY, (struct dw_page){0},
                               world.arena, &records, &count, NULL, &error),
                error);
    assert_int_equal(count, 0);
}

static void nobody_is_buried_in_mails(void **state)
{
    struct dw_mail mail = {.template = DW_MAIL_MFA_CODE,
                           .to = S("Ada@example.com"),
                           .code = S("1"),
                           .lifetime_s = 600};

    (void)state;
    world.tenant->config.mail_outbox = true;
    for (int i = 0; i < DW_MAIL_PER_ADDRESS + 5; i++) {
        mail.to = i % 2 ? S("ADA@example.com") : S("ada@EXAMPLE.com");
        send(&mail);
    }
    assert_int_equal(json_of(ask_outbox(true))->array.count, DW_MAIL_PER_ADDRESS);
    world_now_s += 3601;
    send(&mail);
    assert_int_equal(json_of(ask_outbox(true))->array.count, DW_MAIL_PER_ADDRESS + 1);
}

static void the_store_holds_no_mail_in_the_clear(void **state)
{
    struct dw_mail mail = {.template = DW_MAIL_RESET_PASSWORD,
                           .to = S("zelda@example.com"),
                           .url = S(ISSUER "u/reset?ticket=verysecret"),
                           .lifetime_s = 600};
    struct dw_mail_record *records;
    struct dw_error error = {0};
    size_t count;

    (void)state;
    world.tenant->config.mail_outbox = true;
    send(&mail);
    assert_done(dw_store_mails(world.tenant->store, DW_MAIL_OUTBOX, (struct dw_page){0},
                               world.arena, &records, &count, NULL, &error),
                error);
    assert_int_equal(count, 1);
    assert_has_not(records[0].sealed_text, "verysecret");
    assert_has_not(records[0].sealed_text, "zelda");
}

static void a_mail_waits_longer_after_each_failure_and_is_given_up_when_it_expires(void **state)
{
    struct dw_mail mail = {
        .template = DW_MAIL_MFA_CODE, .to = S(ADA), .code = S("1"), .lifetime_s = 600};
    struct dw_mail_record *records;
    struct dw_error error = {0};
    size_t count, tries = 0;
    int64_t started_at_s = world_now_s;

    (void)state;
    world.tenant->config.mail_url = S("smtp://127.0.0.1:1"); /* nobody listens */
    world.tenant->config.mail_from = S("login@example.com");
    send(&mail);
    for (; world_now_s < started_at_s + 700; world_now_s += 5)
        tries += dw_mail_send_due(world.tenant, world_now_s);
    assert_int_equal(tries, 4); /* after 0, 10, 50 and 210 s; the next would be too late */
    assert_done(dw_store_mails(world.tenant->store, DW_MAIL_FAILED, (struct dw_page){0},
                               world.arena, &records, &count, NULL, &error),
                error);
    assert_int_equal(count, 1);
    assert_true(records[0].failure.len > 0);
    assert_slice(entry_of("fn").description, text_of(records[0].failure));
}

static void a_mail_that_nobody_sends_is_in_the_audit_log(void **state)
{
    struct dw_mail mail = {.template = DW_MAIL_MFA_CODE, .to = S(ADA), .code = S("123456")};

    (void)state;
    world.tenant->config.mail_outbox = true;
    send(&mail);
    assert_int_equal(entry_of("fn").type.len, 0);
    world.tenant->config.mail_outbox = false;
    send(&mail);
    assert_slice(entry_of("fn").user_name, ADA);
    assert_slice(entry_of("fn").description, "there is no [mail] url");
}

static void a_tenant_without_a_sender_address_does_not_open(void **state)
{
    static const struct {
        const char *url, *from, *text;
    } cases[] = {
        {"smtp://127.0.0.1:1", "", "[mail] from must be"},
        {"smtp://127.0.0.1:1", "a@b\r\nBcc: c@d", "[mail] from must be"},
        {"https://127.0.0.1:1", "a@b.c", "[mail] url must be"},
        {"file:///etc/passwd", "a@b.c", "[mail] url must be"},
    };

    (void)state;
    dw_tenant_close(world.tenant);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_config config = world.config;
        struct dw_error error = {0};

        config.mail_url = S(cases[i].url);
        config.mail_from = S(cases[i].from);
        assert_null(dw_tenant_open_store(&config, 0, &error));
        assert_int_equal(error.code, DW_CONFIG);
        assert_has(S(error.message), cases[i].text);
    }
    world_open();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_start, world_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(only_plain_addresses_are_written_to),
        CASE(a_message_is_exactly_so),
        CASE(no_text_makes_a_header_field),
        CASE(the_outbox_shows_what_would_have_been_sent),
        CASE(mails_have_the_tenants_logo_and_colour),
        CASE(the_outbox_is_for_this_machine_alone),
        CASE(nobody_gets_a_mail_but_as_much_is_done),
        CASE(nobody_is_buried_in_mails),
        CASE(the_store_holds_no_mail_in_the_clear),
        CASE(a_mail_waits_longer_after_each_failure_and_is_given_up_when_it_expires),
        CASE(a_mail_that_nobody_sends_is_in_the_audit_log),
        CASE(a_tenant_without_a_sender_address_does_not_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
