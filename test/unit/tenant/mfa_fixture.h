/* What tests of second factors share: an authenticator app, a mailbox, a policy. */
#ifndef DW_TEST_MFA_FIXTURE_H
#define DW_TEST_MFA_FIXTURE_H

#include "fixture.h"
#include "oauth/totp.h"
#include "store/mfa.h"

#define MFA_GRANT "http://auth0.com/oauth/grant-type/mfa-"
#define PASSWORDLESS_GRANT "http://auth0.com/oauth/grant-type/passwordless/otp"
#define MFA_AUDIENCE ISSUER "mfa/"

/* What an app does with the secret of the QR code. */
static inline struct dw_slice unbase32(struct dw_slice text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    char *bytes = dw_arena_alloc(world.arena, text.len);
    unsigned bits = 0, pending = 0;
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        bits = bits << 5 | (unsigned)(strchr(digits, text.ptr[i]) - digits);
        pending += 5;
        if (pending >= 8) {
            pending -= 8;
            bytes[len++] = (char)(bits >> pending);
        }
    }
    return dw_slice_from(bytes, len);
}

static inline const char *app_code(const char *secret)
{
    char code[DW_TOTP_MAX_DIGITS + 1];
    struct dw_error error = {0};

    assert_done(dw_totp_code(dw_secret_from(unbase32(S(secret))), DW_SHA1,
                             world_now_s / DW_TOTP_PERIOD_S, DW_TOTP_DIGITS, code, &error),
                error);
    return text_of(dw_arena_copy(world.arena, S(code)));
}

/* The next one: an app's code counts once. */
static inline const char *next_app_code(const char *secret)
{
    world_now_s += DW_TOTP_PERIOD_S;
    return app_code(secret);
}

/* Six digits that are not the app's now. */
static inline const char *wrong_app_code(const char *secret)
{
    return strcmp(app_code(secret), "000000") == 0 ? "000001" : "000000";
}

static inline void set_policy(enum dw_mfa_policy policy)
{
    static const struct dw_slice factors[] = {
        {"otp", 3}, {"email", 5}, {"sms", 3}, {"recovery-code", 13}};
    struct dw_mfa_settings settings = {policy, {factors, 4}};
    struct dw_error error = {0};

    assert_done(dw_store_put_mfa_settings(world.tenant->store, &settings, &error), error);
}

/* As a new user, with the limits of the last test forgotten. */
static inline void forget_factors(const char *email)
{
    static const char *const spaces[] = {"mfa", "mfa_day", "mfa_send"};
    struct dw_user *user = user_of(email);
    struct dw_error error = {0};

    assert_done(dw_store_delete_authenticators_of(world.tenant->store, user->id, &error), error);
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        assert_done(dw_store_rate_reset(world.tenant->store, S(spaces[i]), user->id, &error),
                    error);
}

/* The command line client may use these grants besides its own. */
static inline void allow_grants(const char *client_id)
{
    static const struct dw_slice types[] = {
        {"authorization_code", 18},
        {"refresh_token", 13},
        {"password", 8},
        {MFA_GRANT "otp", sizeof MFA_GRANT "otp" - 1},
        {MFA_GRANT "oob", sizeof MFA_GRANT "oob" - 1},
        {MFA_GRANT "recovery-code", sizeof MFA_GRANT "recovery-code" - 1},
        {PASSWORDLESS_GRANT, sizeof PASSWORDLESS_GRANT - 1},
    };
    struct dw_oauth_client *client = NULL;
    struct dw_error error = {0};

    assert_done(dw_store_client(world.tenant->store, S(client_id), world.arena, &client, &error),
                error);
    assert_non_null(client);
    client->grant_types = (struct dw_slices){types, sizeof types / sizeof *types};
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
}

/* The newest mail of the development's outbox, as JSON; NULL: none. */
static inline const struct dw_json *newest_mail(void)
{
    struct dw_tenant_call *call = ask_outbox(true);
    const struct dw_json *mails;

    assert_status(call, 200);
    mails = json_of(call);
    return mails->array.count > 0 ? &mails->array.items[0] : NULL;
}

/* The first run of six digits in it. */
static inline const char *mailed_code(void)
{
    const struct dw_json *mail = newest_mail();
    struct dw_slice text;
    size_t run = 0;

    assert_non_null(mail);
    text = dw_json_text(mail, "text");
    for (size_t i = 0; i < text.len; i++) {
        run = text.ptr[i] >= '0' && text.ptr[i] <= '9' ? run + 1 : 0;
        if (run == DW_TOTP_DIGITS &&
            (i + 1 == text.len || text.ptr[i + 1] < '0' || text.ptr[i + 1] > '9'))
            return text_of(dw_slice_sub(text, i + 1 - DW_TOTP_DIGITS, DW_TOTP_DIGITS));
    }
    fail_msg("no code in: %.*s", DW_PRINT(text));
    return NULL;
}

static inline const char *wrong_code(const char *code)
{
    return strcmp(code, "000000") == 0 ? "000001" : "000000";
}

static inline int mfa_fresh(void **state)
{
    (void)state;
    world.tenant->config.mail_outbox = true;
    allow_grants(DW_TENANT_DEV_CLIENT);
    forget_factors(ADA);
    set_policy(DW_MFA_ALL_APPLICATIONS);
    return 0;
}

#endif
