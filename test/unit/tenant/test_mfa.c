/* The MFA API and its grants, as programs use them: attacks first. */
#include "mfa_fixture.h"
#include "store/connections.h"
#include "store/logs.h"
#include "tenant/audit_internal.h"

#define JSON "application/json"

static struct dw_tenant_call *api(enum dw_http_method method, const char *target,
                                  const char *bearer, const char *body)
{
    struct browser program = {0};

    if (bearer)
        program.authorization = text_of(dw_arena_printf(world.arena, "Bearer %s", bearer));
    return ask(&program, method, target, body ? JSON : NULL, body);
}

static struct dw_tenant_call *token(const char *grant, const char *rest)
{
    struct browser program = {0};

    return post(
        &program, "/oauth/token",
        text_of(dw_arena_printf(world.arena, "grant_type=%s&client_id=" DW_TENANT_DEV_CLIENT "&%s",
                                grant, rest)));
}

static struct dw_tenant_call *password(const char *more)
{
    return token("password", text_of(dw_arena_printf(world.arena, "username=" ADA "&password=%s&%s",
                                                     "correct%20horse%20battery", more)));
}

static const char *member(const struct dw_tenant_call *call, const char *name)
{
    struct dw_slice text = dw_json_text(json_of(call), name);

    if (text.len == 0)
        fail_msg("no %s in: %.*s", name, DW_PRINT(call->answer));
    return text_of(text);
}

static const char *mfa_token(void)
{
    struct dw_tenant_call *call = password("scope=openid");

    assert_status(call, 403);
    return member(call, "mfa_token");
}

static struct dw_tenant_call *otp(const char *mfa, const char *code)
{
    return token(MFA_GRANT "otp",
                 text_of(dw_arena_printf(world.arena, "mfa_token=%s&otp=%s", mfa, code)));
}

static struct dw_tenant_call *oob(const char *mfa, const char *oob_code, const char *binding_code)
{
    return token(MFA_GRANT "oob",
                 text_of(dw_arena_printf(world.arena, "mfa_token=%s&oob_code=%s&binding_code=%s",
                                         mfa, oob_code, binding_code)));
}

static struct dw_tenant_call *recovery(const char *mfa, const char *code)
{
    return token(MFA_GRANT "recovery-code",
                 text_of(dw_arena_printf(world.arena, "mfa_token=%s&recovery_code=%s", mfa, code)));
}

static struct dw_tenant_call *associate(const char *bearer, const char *wish)
{
    return api(DW_HTTP_POST, "/mfa/associate", bearer,
               text_of(dw_arena_printf(world.arena,
                                       "{\"client_id\":\"" DW_TENANT_DEV_CLIENT "\",%s}", wish)));
}

#define OTP_WISH "\"authenticator_types\":[\"otp\"]"
#define EMAIL_WISH "\"authenticator_types\":[\"oob\"],\"oob_channels\":[\"email\"]"

#define SMS_WISH(number)                                                                           \
    "\"authenticator_types\":[\"oob\"],\"oob_channels\":[\"sms\"],\"phone_number\":\"" number "\""

static struct dw_tenant_call *challenge(const char *mfa, const char *more)
{
    return api(DW_HTTP_POST, "/mfa/challenge", NULL,
               text_of(dw_arena_printf(world.arena,
                                       "{\"client_id\":\"" DW_TENANT_DEV_CLIENT
                                       "\",\"mfa_token\":\"%s\"%s}",
                                       mfa, more)));
}

/* Ada with an authenticator app; her recovery code in *ret_recovery. */
static const char *enrol(const char **ret_recovery)
{
    const char *mfa = mfa_token();
    struct dw_tenant_call *call = associate(mfa, OTP_WISH);
    const char *secret;
    const struct dw_json *codes;

    assert_status(call, 200);
    secret = member(call, "secret");
    codes = dw_json_get(json_of(call), "recovery_codes");
    assert_non_null(codes);
    if (ret_recovery)
        *ret_recovery = text_of(codes->array.items[0].text);
    assert_status(otp(mfa, next_app_code(secret)), 200);
    return secret;
}

/* --- attacks ---------------------------------------------------------------------------------- */

static void bad_mfa_tokens_are_refused(void **state)
{
    const char *secret = enrol(NULL);
    const char *mfa = mfa_token();
    struct dw_error error = {0};
    struct dw_oauth_client other = {.id = S("other"),
                                    .name = S("Other"),
                                    .is_first_party = true,
                                    .auth_method = DW_CLIENT_AUTH_NONE};
    struct browser program = {0};
    struct dw_tenant_call *call;

    (void)state;
    assert_done(dw_store_put_client(world.tenant->store, &other, &error), error);
    allow_grants("other");
    assert_slice(error_of(otp("abc", next_app_code(secret))), "invalid_grant: Malformed mfa_token");
    call = post(&program, "/oauth/token",
                text_of(dw_arena_printf(
                    world.arena, "grant_type=" MFA_GRANT "otp&client_id=other&mfa_token=%s&otp=%s",
                    mfa, next_app_code(secret))));
    assert_status(call, 400);
    assert_slice(error_of(call), "invalid_request: mfa_token not issued to this client");
    call = api(DW_HTTP_POST, "/mfa/challenge", NULL,
               text_of(dw_arena_printf(world.arena,
                                       "{\"client_id\":\"other\",\"mfa_token\":\"%s\"}", mfa)));
    assert_slice(error_of(call), "invalid_request: mfa_token not issued to this client");
    world_now_s += DW_MFA_TOKEN_LIFETIME_S;
    call = otp(mfa, next_app_code(secret));
    assert_status(call, 403);
    assert_slice(error_of(call), "expired_token: mfa_token is expired");
}

static void a_code_and_an_mfa_token_work_once(void **state)
{
    const char *secret = enrol(NULL);
    const char *mfa = mfa_token(), *second = mfa_token();
    const char *code = next_app_code(secret);

    (void)state;
    assert_status(otp(mfa, code), 200);
    assert_slice(error_of(otp(second, code)), "invalid_grant: Invalid otp_code."); /* replayed */
    assert_slice(error_of(otp(mfa, next_app_code(secret))), "invalid_grant: Malformed mfa_token");
}

static void enable_passwords(bool is_enabled)
{
    struct dw_connection_record *connection = NULL;
    struct dw_error error = {0};

    assert_done(dw_store_connection_by_name(world.tenant->store, S(DW_TENANT_CONNECTION),
                                            world.arena, &connection, &error),
                error);
    assert_done(dw_store_enable_connection(world.tenant->store, connection->id,
                                           S(DW_TENANT_DEV_CLIENT), is_enabled, &error),
                error);
}

/* Between the password and the factor are minutes. */
static void who_takes_the_connection_away_ends_the_login_that_waits(void **state)
{
    const char *secret = enrol(NULL);
    const char *mfa = mfa_token();

    (void)state;
    enable_passwords(false);
    assert_slice(error_of(otp(mfa, next_app_code(secret))),
                 "access_denied: the connection is not enabled");
    enable_passwords(true);
    assert_status(otp(mfa, next_app_code(secret)), 200);
}

static void guessing_is_stopped_whatever_mfa_token_is_used(void **state)
{
    const char *recovery_code;
    const char *secret = enrol(&recovery_code);
    struct dw_tenant_call *call = NULL;
    int guesses = 0;

    (void)state;
    do {
        call = otp(mfa_token(), wrong_app_code(secret));
        guesses++;
    } while (call->status == 403 && guesses < 100);
    assert_int_equal(guesses, 11);
    assert_status(call, 429);
    assert_slice(dw_json_text(json_of(call), "error"), "too_many_attempts");
    /* The right ones do not help the one who guessed on. */
    assert_status(otp(mfa_token(), next_app_code(secret)), 429);
    assert_slice(entry_of("gd_otp_rate_limit_exceed").user_name, ADA);
    assert_int_equal(entry_of("gd_recovery_rate_limit_exceed").type.len, 0);
    assert_status(recovery(mfa_token(), recovery_code), 429);
    assert_slice(entry_of("gd_recovery_rate_limit_exceed").user_name, ADA);
    world_now_s += 900;
    assert_status(otp(mfa_token(), next_app_code(secret)), 200);
}

static void a_password_alone_changes_nothing_that_is_enrolled(void **state)
{
    const char *thief = mfa_token();
    struct dw_tenant_call *call = associate(thief, OTP_WISH);
    const char *thiefs_secret = member(call, "secret");
    struct dw_slice thiefs_recovery =
        dw_json_get(json_of(call), "recovery_codes")->array.items[0].text;
    const char *late = mfa_token();

    (void)state;
    (void)enrol(NULL); /* the owner */
    call = otp(thief, next_app_code(thiefs_secret));
    assert_slice(error_of(call), "invalid_grant: Invalid otp_code.");
    assert_slice(error_of(recovery(thief, text_of(thiefs_recovery))),
                 "invalid_grant: MFA Authorization rejected.");
    call = associate(late, OTP_WISH);
    assert_status(call, 403);
    assert_slice(error_of(call), "access_denied: User is already enrolled.");
    assert_status(associate(mfa_token(), EMAIL_WISH), 403);
    call = api(DW_HTTP_GET, "/mfa/authenticators", late, NULL);
    assert_status(call, 200);
    for (size_t i = 0; i < json_of(call)->array.count; i++) {
        struct dw_slice id = dw_json_text(&json_of(call)->array.items[i], "id");

        assert_status(
            api(DW_HTTP_DELETE,
                text_of(dw_arena_printf(world.arena, "/mfa/authenticators/%.*s", DW_PRINT(id))),
                late, NULL),
            403);
    }
}

static void a_token_for_the_mfa_api_is_worth_a_second_factor(void **state)
{
    struct dw_tenant_call *call = password("audience=" MFA_AUDIENCE "&scope=enroll");
    const char *old, *secret, *mfa, *access;

    (void)state;
    set_policy(DW_MFA_NEVER);
    call = password("audience=" MFA_AUDIENCE
                    "&scope=enroll%20read:authenticators%20remove:authenticators");
    assert_status(call, 200); /* nothing is enrolled yet */
    old = member(call, "access_token");
    call = associate(old, OTP_WISH);
    secret = member(call, "secret");
    assert_slice(error_of(otp(old, wrong_app_code(secret))), "invalid_grant: Invalid otp_code.");
    call = otp(old, next_app_code(secret));
    assert_status(call, 200);
    /* The one from before, which only knew the password, is good for nothing now. */
    assert_status(associate(old, OTP_WISH), 401);
    assert_status(api(DW_HTTP_GET, "/mfa/authenticators", old, NULL), 401);
    /* And there is no other without the factor, though the policy asks nobody. */
    assert_status(password("scope=openid"), 200);
    call = password("audience=" MFA_AUDIENCE "&scope=enroll%20read:authenticators");
    assert_status(call, 403);
    mfa = member(call, "mfa_token");
    call = otp(mfa, next_app_code(secret));
    assert_status(call, 200);
    access = member(call, "access_token");
    assert_status(associate(access, OTP_WISH), 200);
    assert_status(api(DW_HTTP_DELETE, "/mfa/authenticators/x", access, NULL), 403); /* no scope */
    /* A token for something else is none. */
    access = member(password("scope=openid&audience=" AUDIENCE), "access_token");
    assert_status(associate(access, OTP_WISH), 401);
}

/* --- as Auth0 does it ------------------------------------------------------------------------- */

static void the_password_grant_asks_for_a_factor_by_policy(void **state)
{
    struct dw_tenant_call *call;

    (void)state;
    set_policy(DW_MFA_NEVER);
    call = password("scope=openid");
    assert_status(call, 200);
    assert_null(dw_json_get(claims_of(call, "id_token"), "amr"));
    set_policy(DW_MFA_ALL_APPLICATIONS);
    call = password("scope=openid");
    assert_status(call, 403);
    assert_slice(error_of(call), "mfa_required: Multifactor authentication required");
    assert_int_equal(json_of(call)->object.count, 4);
    assert_true(dw_json_text(json_of(call), "mfa_token").len >= 40);
    assert_has(call->answer, "\"mfa_requirements\":{\"enroll\":[{\"type\":\"otp\"},"
                             "{\"type\":\"email\"},{\"type\":\"phone\"}]}");
    (void)enrol(NULL);
    assert_int_equal(json_of(password("scope=openid"))->object.count, 3);
}

static void an_app_is_enrolled_and_shown(void **state)
{
    const char *mfa = mfa_token();
    struct dw_tenant_call *call = associate(mfa, OTP_WISH);
    const struct dw_json *answer = json_of(call), *claims;
    const char *secret = member(call, "secret");

    (void)state;
    assert_slice(dw_json_text(answer, "authenticator_type"), "otp");
    assert_int_equal(strlen(secret), 32);
    assert_slice(
        dw_json_text(answer, "barcode_uri"),
        text_of(dw_arena_printf(world.arena,
                                "otpauth://totp/127.0.0.1%%3A8421:ada%%40example.com?secret=%s"
                                "&issuer=127.0.0.1%%3A8421&algorithm=SHA1&digits=6&period=30",
                                secret)));
    assert_int_equal(dw_json_get(answer, "recovery_codes")->array.items[0].text.len, 24);
    /* Not before it was shown once. */
    call = api(DW_HTTP_GET, "/mfa/authenticators", mfa, NULL);
    assert_has(call->answer, "\"active\":false");
    assert_slice(error_of(challenge(mfa, "")),
                 "unsupported_challenge_type: User is not enrolled. You can use /mfa/associate to "
                 "enroll the user.");
    call = otp(mfa, next_app_code(secret));
    assert_status(call, 200);
    claims = claims_of(call, "id_token");
    assert_slice(dw_json_get(claims, "amr")->array.items[0].text, "mfa");
    assert_slice(dw_json_text(claims, "acr"), DW_ACR_MULTI_FACTOR);

    mfa = mfa_token();
    call = challenge(mfa, ",\"challenge_type\":\"otp oob\"");
    assert_slice(call->answer, "{\"challenge_type\":\"otp\"}");
    call = api(DW_HTTP_GET, "/mfa/authenticators", mfa, NULL);
    assert_has(call->answer, "\"id\":\"totp|dev_");
    assert_has(call->answer, "\"id\":\"recovery-code|dev_");
    assert_has_not(call->answer, "\"active\":false");
    call = challenge(mfa, ",\"challenge_type\":\"oob\"");
    assert_status(call, 401);
    assert_slice(dw_json_text(json_of(call), "error"), "unsupported_challenge_type");
    assert_status(otp(mfa, next_app_code(secret)), 200);
}

static void a_refresh_still_knows_of_the_factor(void **state)
{
    const char *secret = enrol(NULL), *mfa;
    struct dw_tenant_call *call =
        password("audience=" AUDIENCE "&scope=openid%20offline_access%20read:tools");

    (void)state;
    mfa = member(call, "mfa_token");
    call = otp(mfa, next_app_code(secret));
    assert_status(call, 200);
    call = refresh(member(call, "refresh_token"));
    assert_status(call, 200);
    assert_slice(dw_json_get(claims_of(call, "id_token"), "amr")->array.items[0].text, "mfa");
}

static void a_recovery_code_works_once_and_gives_the_next(void **state)
{
    const char *code, *next;
    struct dw_tenant_call *call;

    (void)state;
    (void)enrol(&code);
    assert_slice(error_of(recovery(mfa_token(), "AAAAAAAAAAAAAAAAAAAAAAAA")),
                 "invalid_grant: MFA Authorization rejected.");
    call = recovery(mfa_token(), code);
    assert_status(call, 200);
    next = member(call, "recovery_code");
    assert_string_not_equal(code, next);
    call = recovery(mfa_token(), code);
    assert_status(call, 403);
    assert_slice(error_of(call), "invalid_grant: MFA Authorization rejected.");
    assert_status(recovery(mfa_token(), next), 200);
}

static size_t logged(struct dw_slice type)
{
    struct dw_log_query query = {.types = {&type, 1}};
    struct dw_log_entry *entries;
    struct dw_error error = {0};
    size_t count = 0;

    dw_audit_flush(world.tenant);
    assert_done(
        dw_store_log_entries(world.tenant->store, &query, world.arena, &entries, &count, &error),
        error);
    return count;
}

static void a_code_by_mail_is_bound_to_its_challenge(void **state)
{
    const char *mfa = mfa_token(), *oob_code, *code, *second;
    struct dw_tenant_call *call = associate(mfa, EMAIL_WISH);
    size_t good = logged(S("seoobft")), bad = logged(S("feoobft"));

    (void)state;
    assert_status(call, 200);
    assert_slice(dw_json_text(json_of(call), "authenticator_type"), "oob");
    assert_slice(dw_json_text(json_of(call), "binding_method"), "prompt");
    assert_slice(dw_json_text(json_of(call), "oob_channel"), "email");
    assert_slice(dw_json_text(newest_mail(), "to"), ADA);
    oob_code = member(call, "oob_code");
    assert_status(oob(mfa, oob_code, mailed_code()), 200);

    mfa = mfa_token();
    second = mfa_token();
    call = challenge(mfa, ",\"challenge_type\":\"oob\"");
    assert_slice(dw_json_text(json_of(call), "challenge_type"), "oob");
    oob_code = member(call, "oob_code");
    code = mailed_code();
    assert_slice(error_of(oob(second, oob_code, code)), "invalid_grant: Invalid binding_code.");
    assert_slice(error_of(oob(mfa, "abc", code)), "invalid_grant: Invalid binding_code.");
    /* The recorded answers: not yet, and no. */
    assert_int_equal(logged(S("seoobft")), good + 1);
    assert_int_equal(logged(S("feoobft")), bad + 2);
    call = oob(mfa, oob_code, "");
    assert_status(call, 400);
    assert_slice(error_of(call),
                 "authorization_pending: Authorization pending: please repeat the request in a few "
                 "seconds.");
    assert_int_equal(logged(S("feoobft")), bad + 2); /* asking how it stands is no failure */
    assert_slice(error_of(oob(mfa, oob_code, wrong_code(code))),
                 "invalid_grant: Invalid binding_code.");
    assert_status(oob(mfa, oob_code, code), 200);
    assert_slice(error_of(oob(mfa, oob_code, code)), "invalid_grant: Malformed mfa_token");

    mfa = mfa_token();
    oob_code = member(challenge(mfa, ""), "oob_code");
    code = mailed_code();
    for (int i = 0; i < 3; i++)
        call = oob(mfa, oob_code, wrong_code(code));
    assert_status(call, 400);
    assert_slice(error_of(call), "access_denied: MFA Authorization rejected.");
    assert_slice(error_of(oob(mfa, oob_code, "")), "access_denied: MFA Authorization rejected.");
    assert_slice(error_of(oob(mfa, oob_code, code)), "access_denied: MFA Authorization rejected.");
    assert_slice(error_of(oob(mfa, "nothing", "")),
                 "invalid_request: The oob_code doesn't match the mfa_token");
}

/* Every member of the recorded answer. */
static void a_code_by_text_message_has_the_recorded_shape(void **state)
{
    static const char *const members[] = {"authenticator_type", "binding_method", "recovery_codes",
                                          "oob_channel", "oob_code"};
    const char *mfa = mfa_token();
    struct dw_tenant_call *call = associate(mfa, SMS_WISH("+14155550100"));
    const struct dw_json *answer = json_of(call);

    (void)state;
    assert_status(call, 200);
    assert_int_equal(answer->object.count, sizeof members / sizeof *members);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        assert_slice(answer->object.members[i].key, members[i]);
    assert_slice(dw_json_text(answer, "oob_channel"), "sms");
    assert_slice(dw_json_text(newest_mail(), "template"), "sms_code");
    assert_slice(dw_json_text(newest_mail(), "to"), "+14155550100");
    assert_status(oob(mfa, member(call, "oob_code"), mailed_code()), 200);
    mfa = mfa_token();
    assert_has(api(DW_HTTP_GET, "/mfa/authenticators", mfa, NULL)->answer, "XXXXXXXX0100");
    call = challenge(mfa, ",\"challenge_type\":\"oob\"");
    assert_status(oob(mfa, member(call, "oob_code"), mailed_code()), 200);
}

static void the_address_is_masked_and_the_type_named(void **state)
{
    const char *mfa = mfa_token();
    struct dw_tenant_call *call = associate(mfa, EMAIL_WISH);

    (void)state;
    assert_status(oob(mfa, member(call, "oob_code"), mailed_code()), 200);
    call = api(DW_HTTP_GET, "/mfa/authenticators", mfa_token(), NULL);
    assert_has(call->answer, "\"name\":\"***@exam*******\",\"type\":\"email\"");
    assert_has_not(call->answer, ADA);
}

static void authenticators_are_removed_with_the_right_token(void **state)
{
    const char *secret = enrol(NULL), *access;
    struct dw_tenant_call *call =
        password("audience=" MFA_AUDIENCE "&scope=read:authenticators%20remove:authenticators");
    struct dw_slice id;

    (void)state;
    call = otp(member(call, "mfa_token"), next_app_code(secret));
    access = member(call, "access_token");
    call = api(DW_HTTP_GET, "/mfa/authenticators", access, NULL);
    assert_int_equal(json_of(call)->array.count, 2);
    for (size_t i = 0; i < 2; i++) {
        id = dw_json_text(&json_of(call)->array.items[i], "id");
        if (dw_slice_starts_with(id, S("totp|")))
            break;
    }
    call = api(DW_HTTP_DELETE,
               text_of(dw_arena_printf(world.arena, "/mfa/authenticators/totp%%7C%.*s",
                                       DW_PRINT(dw_slice_sub(id, 5, id.len)))),
               access, NULL);
    assert_status(call, 204);
    assert_int_equal(call->answer.len, 0);
    call = api(DW_HTTP_GET, "/mfa/authenticators", access, NULL);
    assert_slice(call->answer, "[]");
}

/* Auth0's clients go on with the token that they enrolled with, whatever is removed first. */
static void a_token_for_a_second_factor_outlives_the_factor(void **state)
{
    const char *secret = enrol(NULL), *access;
    struct dw_tenant_call *call = password(
        "audience=" MFA_AUDIENCE "&scope=enroll%20read:authenticators%20remove:authenticators");
    struct dw_slice id = DW_EMPTY;

    (void)state;
    call = otp(member(call, "mfa_token"), next_app_code(secret));
    access = member(call, "access_token");
    assert_slice(dw_json_get(claims_of(call, "access_token"), "amr")->raw, "[\"mfa\"]");
    world_now_s += 5;
    call = associate(access, SMS_WISH("+14155550100"));
    assert_status(oob(access, member(call, "oob_code"), mailed_code()), 200);
    call = api(DW_HTTP_GET, "/mfa/authenticators", access, NULL);
    assert_int_equal(json_of(call)->array.count, 3);
    for (size_t i = 0; i < 3 && !dw_slice_starts_with(id, S("totp|")); i++)
        id = dw_json_text(&json_of(call)->array.items[i], "id");
    assert_status(
        api(DW_HTTP_DELETE,
            text_of(dw_arena_printf(world.arena, "/mfa/authenticators/%.*s", DW_PRINT(id))), access,
            NULL),
        204);
    assert_status(api(DW_HTTP_GET, "/mfa/authenticators", access, NULL), 200);
}

static void bad_requests_are_told_apart(void **state)
{
    static const struct {
        const char *wish;
        int status;
        const char *error;
    } cases[] = {
        {"\"x\":1", 400, "invalid_request: Missing required parameter: authenticator_types"},
        {"\"authenticator_types\":[\"push\"]", 400,
         "invalid_request: authenticator_types must be otp or oob"},
        {"\"authenticator_types\":[\"oob\"]", 400,
         "invalid_request: Missing required parameter: oob_channels"},
        {"\"authenticator_types\":[\"oob\"],\"oob_channels\":[\"voice\"]", 400,
         "invalid_request: oob_channels: sms and email are available"},
        {"\"authenticator_types\":[\"oob\"],\"oob_channels\":[\"sms\"]", 400,
         "invalid_request: Missing required parameter: phone_number"},
        {SMS_WISH("5"), 400, "invalid_request: phone_number must be E.164, as +14155550100"},
        {EMAIL_WISH ",\"email\":\"no address\"", 400,
         "invalid_request: email must be an e-mail address"},
    };
    const char *mfa = mfa_token();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call *call = associate(mfa, cases[i].wish);

        assert_status(call, cases[i].status);
        assert_slice(error_of(call), cases[i].error);
    }
    assert_slice(entry_of("gd_start_enroll_failed").user_name, ADA);
    assert_slice(entry_of("gd_start_enroll_failed").description, "email must be an e-mail address");
    assert_status(associate(NULL, OTP_WISH), 401);
    assert_status(associate("nonsense", OTP_WISH), 403);
    assert_status(associate("a.b.c", OTP_WISH), 401);
    assert_slice(error_of(token(MFA_GRANT "otp", "otp=1")),
                 "invalid_request: Missing required parameter: mfa_token");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(bad_mfa_tokens_are_refused, mfa_fresh),
        cmocka_unit_test_setup(a_code_and_an_mfa_token_work_once, mfa_fresh),
        cmocka_unit_test_setup(who_takes_the_connection_away_ends_the_login_that_waits, mfa_fresh),
        cmocka_unit_test_setup(guessing_is_stopped_whatever_mfa_token_is_used, mfa_fresh),
        cmocka_unit_test_setup(a_password_alone_changes_nothing_that_is_enrolled, mfa_fresh),
        cmocka_unit_test_setup(a_token_for_the_mfa_api_is_worth_a_second_factor, mfa_fresh),
        cmocka_unit_test_setup(the_password_grant_asks_for_a_factor_by_policy, mfa_fresh),
        cmocka_unit_test_setup(an_app_is_enrolled_and_shown, mfa_fresh),
        cmocka_unit_test_setup(a_refresh_still_knows_of_the_factor, mfa_fresh),
        cmocka_unit_test_setup(a_recovery_code_works_once_and_gives_the_next, mfa_fresh),
        cmocka_unit_test_setup(a_code_by_mail_is_bound_to_its_challenge, mfa_fresh),
        cmocka_unit_test_setup(a_code_by_text_message_has_the_recorded_shape, mfa_fresh),
        cmocka_unit_test_setup(the_address_is_masked_and_the_type_named, mfa_fresh),
        cmocka_unit_test_setup(authenticators_are_removed_with_the_right_token, mfa_fresh),
        cmocka_unit_test_setup(a_token_for_a_second_factor_outlives_the_factor, mfa_fresh),
        cmocka_unit_test_setup(bad_requests_are_told_apart, mfa_fresh),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
