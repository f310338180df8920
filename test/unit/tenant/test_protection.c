/* Attack protection, and users of other systems: blocks, throttles, unblocking, stolen passwords,
 * imported hashes, and the same work for everybody. */
#include "fixture.h"

#include <strings.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/password.h"
#include "store/documents.h"
#include "store/mfa.h"
#include "tenant/account/mail_sender_internal.h"
#include "tenant/account/protection_internal.h"
#include "tenant/account/user_import_internal.h"

#define CONNECTION "Username-Password-Authentication"
#define OFFICE "203.0.113.5"

static int start(void **state)
{
    int status = world_start(state);

    world.tenant->config.mail_outbox = true;
    return status;
}

static void set(const char *name, const char *json)
{
    struct dw_error error = {0};

    assert_done(dw_attack_protection_check(S(name), S(json), world.arena, &error), error);
    assert_done(dw_store_put_document(world.tenant->store, S(name), S(json), world_now_s, &error),
                error);
}

/* By the password grant. */
static struct dw_tenant_call *try_from(const char *address, const char *username,
                                       const char *password)
{
    struct browser browser = {.address = address};

    return post(&browser, "/oauth/token",
                text_of(dw_arena_printf(world.arena,
                                        "grant_type=password&client_id=doorward-dev&username=%s"
                                        "&password=%s&audience=" AUDIENCE,
                                        username, password)));
}

#define RIGHT "correct+horse+battery"

static struct dw_mail_parts *mails(size_t *ret_count)
{
    struct dw_mail_record *records;
    struct dw_mail_parts *parts;
    struct dw_error error = {0};

    assert_done(dw_store_mails(world.tenant->store, DW_MAIL_OUTBOX, (struct dw_page){0},
                               world.arena, &records, ret_count, NULL, &error),
                error);
    parts = dw_arena_new_array(world.arena, *ret_count + 1, sizeof *parts);
    for (size_t i = 0; i < *ret_count; i++)
        assert_done(dw_mail_unseal(world.tenant, &records[i], world.arena, &parts[i], &error),
                    error);
    return parts;
}

/* ---- brute force ---- */

static void ten_failures_block_in_auth0s_words_and_a_mail_unblocks(void **state)
{
    struct browser browser = {0};
    struct dw_mail_parts *parts;
    size_t count;
    char *link;

    (void)state;
    for (int i = 0; i < 10; i++) {
        mails(&count);
        assert_int_equal(count, 0);
        assert_status(try_from(OFFICE, ADA, "guess"), 403);
    }
    assert_status(try_from(OFFICE, ADA, RIGHT), 429);
    assert_slice(error_of(try_from(OFFICE, ADA, RIGHT)),
                 "too_many_attempts: Your account has been blocked after multiple consecutive "
                 "login attempts. We've sent you a notification via your preferred contact method "
                 "with instructions on how to unblock it.");
    assert_status(try_from("203.0.113.6", ADA, RIGHT), 200);         /* from elsewhere */
    assert_status(try_from(OFFICE, "root@example.com", RIGHT), 200); /* somebody else */
    parts = mails(&count);
    assert_int_equal(count, 1);
    assert_slice(parts[0].to, ADA);
    assert_has(parts[0].text, OFFICE);
    link = strstr(text_of(parts[0].text), "/u/unblock");
    assert_non_null(link);
    link[strcspn(link, "\n")] = '\0';
    assert_status(get(&browser, link), 200);
    assert_status(try_from(OFFICE, ADA, RIGHT), 429); /* looking unblocks nothing */
    assert_status(post(&browser, "/u/unblock", strchr(link, '?') + 1), 200);
    assert_status(try_from(OFFICE, ADA, RIGHT), 200);
    assert_status(post(&browser, "/u/unblock", strchr(link, '?') + 1), 404);
}

static void a_block_ends_after_thirty_days(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_status(try_from("192.0.2.60", ADA, "guess"), 403);
    world_now_s += 30 * 86400 - 1;
    assert_status(try_from("192.0.2.60", ADA, RIGHT), 429);
    world_now_s += 1;
    assert_status(try_from("192.0.2.60", ADA, RIGHT), 200);
}

static void a_new_password_ends_a_block(void **state)
{
    const struct dw_user *user = user_of(ADA);
    const struct dw_password_change change = {
        .user_id = user->id, .hash = user->password_hash, .now_s = world_now_s};
    struct dw_error error = {0};
    bool is_done = false;

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_status(try_from("192.0.2.61", ADA, "guess"), 403);
    assert_status(try_from("192.0.2.61", ADA, RIGHT), 429);
    assert_done(dw_store_change_password(world.tenant->store, &change, &is_done, &error), error);
    assert_true(is_done);
    assert_status(try_from("192.0.2.61", ADA, RIGHT), 200);
}

static void whoever_does_not_exist_is_blocked_in_the_same_way(void **state)
{
    size_t count;

    (void)state;
    for (int i = 0; i < 10; i++) {
        struct dw_tenant_call *there = try_from("192.0.2.70", ADA, "guess");
        struct dw_tenant_call *not_there = try_from("192.0.2.71", "eve@example.com", "guess");

        assert_status(there, 403);
        assert_true(dw_slice_eq(there->answer, not_there->answer));
        assert_int_equal(there->out_count, not_there->out_count);
    }
    assert_true(dw_slice_eq(try_from("192.0.2.70", ADA, "guess")->answer,
                            try_from("192.0.2.71", "eve@example.com", "guess")->answer));
    mails(&count);
    assert_int_equal(count, 1);
}

static void every_login_hashes_once_whoever_it_is(void **state)
{
    static const char *const usernames[] = {ADA, "nobody@example.com", "", "root@example.com"};

    (void)state;
    for (size_t i = 0; i < sizeof usernames / sizeof *usernames; i++) {
        uint64_t runs = dw_password_runs();

        (void)try_from("192.0.2.80", usernames[i], "guess");
        if (usernames[i][0] != '\0')
            assert_int_equal(dw_password_runs() - runs, 1);
    }
}

static void a_user_is_one_by_any_name(void **state)
{
    struct dw_user *user = user_of(ADA);
    struct dw_error error = {0};

    (void)state;
    user->username = S("ada");
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    for (int i = 0; i < 5; i++) {
        assert_status(try_from(OFFICE, "ada", "guess"), 403);
        assert_status(try_from(OFFICE, "ADA@EXAMPLE.COM", "guess"), 403);
    }
    assert_status(try_from(OFFICE, "ada", "guess"), 429);
    assert_status(try_from(OFFICE, ADA, "guess"), 429);
}

static void the_id_of_a_user_typed_as_a_name_blocks_nobody(void **state)
{
    struct dw_user *user = user_of(ADA);

    (void)state;
    set(DW_BRUTE_FORCE, "{\"mode\":\"count_per_identifier\"}");
    for (int i = 0; i < 12; i++)
        (void)try_from("192.0.2.99", text_of(user->id), "guess");
    assert_status(try_from("192.0.2.98", ADA, RIGHT), 200);
}

/* For want of memory, or because the store has something else than a hash. */
static void a_password_that_nobody_could_compare_is_no_failure(void **state)
{
    struct dw_secret broken = dw_secret_from(S("$argon2id$v=19$m=999999999,t=1,p=1$YQ$YQ"));
    struct dw_user *user;
    struct dw_secret kept;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_store_user_by_login(world.tenant->store, S(CONNECTION), S(ADA), world.arena,
                                       &user, &error),
                error);
    kept = user->password_hash;
    assert_done(dw_store_rehash_password(world.tenant->store, user->id, kept, broken, &error),
                error);
    for (int i = 0; i < 150; i++)
        assert_status(try_from(OFFICE, ADA, RIGHT), 503);
    assert_done(dw_store_rehash_password(world.tenant->store, user->id, broken, kept, &error),
                error);
    assert_status(try_from(OFFICE, "eve@example.com", RIGHT), 403);
    for (int i = 0; i < 9; i++)
        assert_status(try_from(OFFICE, ADA, "guess"), 403);
    assert_status(try_from(OFFICE, ADA, RIGHT), 200);
}

static void the_settings_count(void **state)
{
    (void)state;
    set(DW_BRUTE_FORCE, "{\"max_attempts\":2}");
    for (int i = 0; i < 2; i++)
        assert_status(try_from("192.0.2.1", ADA, "guess"), 403);
    assert_status(try_from("192.0.2.1", ADA, "guess"), 429);
    set(DW_BRUTE_FORCE, "{\"max_attempts\":2,\"mode\":\"count_per_identifier\"}");
    assert_status(try_from("192.0.2.2", ADA, "guess"), 403);
    assert_status(try_from("192.0.2.3", ADA, "guess"), 403);
    assert_status(try_from("192.0.2.4", ADA, RIGHT), 429); /* from anywhere */
    set(DW_BRUTE_FORCE, "{\"max_attempts\":2,\"allowlist\":[\"192.0.2.0/24\"]}");
    for (int i = 0; i < 5; i++)
        assert_status(try_from("192.0.2.5", ADA, "guess"), 403);
    set(DW_BRUTE_FORCE, "{\"max_attempts\":2,\"enabled\":false}");
    for (int i = 0; i < 5; i++)
        assert_status(try_from("198.51.100.1", ADA, "guess"), 403);
}

/* ---- suspicious addresses ---- */

static void fail_many(const char *address, int count)
{
    for (int i = 0; i < count; i++)
        (void)try_from(address,
                       text_of(dw_arena_printf(world.arena, "victim%d@example.com", i % 20)), "x");
}

static void an_address_that_fails_everywhere_waits_but_known_people_come_in(void **state)
{
    (void)state;
    set(DW_SUSPICIOUS_IP, "{\"stage\":{\"pre-login\":{\"max_attempts\":20,\"rate\":864000}}}");
    assert_status(try_from(OFFICE, ADA, RIGHT), 200); /* has been here before */
    fail_many(OFFICE, 20);
    assert_status(try_from(OFFICE, "new@example.com", "x"), 429);
    assert_status(try_from(OFFICE, "root@example.com", RIGHT), 429);
    assert_status(try_from(OFFICE, ADA, RIGHT), 200); /* the office is not locked out */
    assert_status(try_from("203.0.113.9", "root@example.com", RIGHT), 200);
    world_now_s += 864; /* one more try each 14.4 minutes */
    assert_status(try_from(OFFICE, "root@example.com", RIGHT), 200);
    assert_status(try_from(OFFICE, "root@example.com", RIGHT), 200); /* given back, and known now */
    fail_many(OFFICE, 1);
    assert_status(try_from(OFFICE, "new@example.com", "x"), 429);
}

/* Auth0's standard: 100 failures of an address, then one more try each 14.4 minutes. */
static void an_address_has_a_hundred_failures(void **state)
{
    char name[40];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "victim%d@example.com", i);
        assert_status(try_from("192.0.2.62", name, "x"), 403);
    }
    assert_status(try_from("192.0.2.62", "last@example.com", "x"), 429);
    world_now_s += 863;
    assert_status(try_from("192.0.2.62", "last@example.com", "x"), 429);
    world_now_s += 1;
    assert_status(try_from("192.0.2.62", "last@example.com", "x"), 403);
    assert_status(try_from("192.0.2.62", "last@example.com", "x"), 429);
    set(DW_SUSPICIOUS_IP, "{\"allowlist\":[\"192.0.2.0/24\"]}");
    assert_status(try_from("192.0.2.62", "last@example.com", "x"), 403);
    set(DW_SUSPICIOUS_IP, "{\"shields\":[\"admin_notification\"]}");
    assert_status(try_from("192.0.2.62", "last@example.com", "x"), 403);
}

static void right_passwords_use_nothing_up(void **state)
{
    (void)state;
    set(DW_SUSPICIOUS_IP, "{\"stage\":{\"pre-login\":{\"max_attempts\":2,\"rate\":864000}}}");
    for (int i = 0; i < 5; i++)
        assert_status(try_from(OFFICE, ADA, RIGHT), 200);
    fail_many(OFFICE, 2);
    assert_status(try_from(OFFICE, "x@example.com", "x"), 429);
}

/* ---- who asks ---- */

static void add_server(const char *id, bool is_trusted, bool is_public)
{
    static const struct dw_slice grants[] = {{"password", 8}};
    struct dw_oauth_client client;
    struct dw_error error = {0};

    dw_seed_client_defaults(world.tenant, &client);
    client.id = S(id);
    client.name = S(id);
    client.grant_types = (struct dw_slices){grants, 1};
    client.auth_method = is_public ? DW_CLIENT_AUTH_NONE : DW_CLIENT_AUTH_POST;
    client.trusts_ip_header = is_trusted;
    if (!is_public)
        assert_done(dw_tenant_digest(S("secret"), world.arena, &client.secret_digest, &error),
                    error);
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
}

/* From one server address, for a user at `end_user`. */
static int try_through(const char *id, const char *end_user, const char *password)
{
    static struct dw_http_field fields[2];
    struct dw_tenant_call *call = DW_ARENA_NEW(world.arena, struct dw_tenant_call);
    struct dw_slice body = dw_arena_printf(
        world.arena,
        "grant_type=password&client_id=%s%s&username=" ADA "&password=%s&audience=" AUDIENCE, id,
        strcmp(id, "public") == 0 ? "" : "&client_secret=secret", password);

    fields[0] = (struct dw_http_field){S("Content-Type"), S(FORM)};
    fields[1] = (struct dw_http_field){S("auth0-forwarded-for"), S(end_user)};
    *call = (struct dw_tenant_call){.tenant = world.tenant,
                                    .arena = world.arena,
                                    .now_s = world_now_s,
                                    .method = DW_HTTP_POST,
                                    .path = S("/oauth/token"),
                                    .body = body,
                                    .peer_address = S("198.51.100.200"),
                                    .fields = {fields, 2}};
    dw_tenant_serve(call);
    return call->status;
}

static void a_server_is_believed_who_asks_only_when_it_is_trusted(void **state)
{
    static const char *const ids[] = {"trusted", "untrusted", "public"};

    (void)state;
    add_server("trusted", true, false);
    add_server("untrusted", false, false);
    add_server("public", true, true);
    for (size_t i = 0; i < 3; i++) {
        struct dw_error error = {0};

        for (int k = 0; k < 10; k++)
            assert_int_equal(try_through(ids[i], "203.0.113.77", "guess"), 403);
        assert_int_equal(try_through(ids[i], "203.0.113.77", RIGHT), 429);
        /* another user of the same server: not to blame, if the server may say so */
        assert_int_equal(try_through(ids[i], "203.0.113.78", RIGHT), i == 0 ? 200 : 429);
        assert_int_equal(try_through(ids[i], "no address", RIGHT), i == 0 ? 200 : 429);
        assert_int_equal(try_through(ids[i], "0.0.0.0/0", RIGHT), i == 0 ? 200 : 429);
        assert_done(dw_store_unblock(world.tenant->store, user_of(ADA)->id, &error), error);
    }
}

/* ---- breached passwords ---- */

static void a_stolen_password_is_refused_where_the_settings_say_so(void **state)
{
    static const char list[] = "0000000000000000000000000000000000000001:3\n"
                               "0A1B2C0000000000000000000000000000000000:1\n"
                               "F12A7D1E6B6A0E2C7F9B9B8B7E0B7E5A1C1C1C1C:9\n";
    char path[128];
    unsigned char digest[DW_DIGEST_MAX_BYTES];
    struct dw_error error = {0};
    struct dw_slice hex;
    size_t count;
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/breached", world.folder);
    assert_done(dw_digest(DW_SHA1, S(ADA_PASSWORD), digest, &error), error);
    hex = dw_text_hex(world.arena, dw_slice_from((const char *)digest, 20));
    file = fopen(path, "w");
    assert_non_null(file);
    /* in its place, whatever it is */
    for (const char *line = list; *line; line = strchr(line, '\n') + 1) {
        if (hex.ptr && strncasecmp(line, text_of(hex), 40) > 0) {
            fprintf(file, "%s:7\n", text_of(hex));
            hex.ptr = NULL;
        }
        fprintf(file, "%.*s", (int)(strchr(line, '\n') + 1 - line), line);
    }
    if (hex.ptr)
        fprintf(file, "%s:7\n", text_of(hex));
    fclose(file);
    world.tenant->config.breached_passwords = S(path);
    assert_status(try_from(OFFICE, ADA, RIGHT), 200);
    set(DW_BREACHED_PASSWORDS, "{\"enabled\":true,\"shields\":[\"block\"]}");
    assert_status(try_from(OFFICE, ADA, RIGHT), 403);
    assert_has(error_of(try_from(OFFICE, ADA, RIGHT)), "password_leaked: ");
    assert_slice(error_of(try_from(OFFICE, ADA, "guess")),
                 "invalid_grant: Wrong email or password.");
    set(DW_BREACHED_PASSWORDS, "{\"enabled\":true,\"shields\":[]}");
    assert_status(try_from(OFFICE, ADA, RIGHT), 200);
    mails(&count);
    assert_int_equal(count, 0);
    set(DW_BREACHED_PASSWORDS, "{\"enabled\":true,\"shields\":[\"user_notification\"]}");
    assert_status(try_from(OFFICE, ADA, RIGHT), 200);
    assert_status(try_from(OFFICE, ADA, RIGHT), 200);
    assert_has(mails(&count)[0].text, "/u/reset-password?ticket=");
    assert_int_equal(count, 1); /* in an hour */
    (void)unlink(path);
}

/* ---- imports ---- */

static struct dw_import_summary import(const char *json, bool is_upsert,
                                       struct dw_slice *ret_errors)
{
    struct dw_user_import run = {
        .tenant = world.tenant, .connection = S(CONNECTION), .is_upsert = is_upsert};
    struct dw_import_summary summary;
    struct dw_buf errors = dw_buf_in(world.arena);
    struct dw_error error = {0};

    assert_done(dw_user_import_run(&run, S(json), world.arena, &summary, &errors, &error), error);
    assert_done(dw_buf_finish(&errors, ret_errors, &error), error);
    return summary;
}

/* Of "salt" and "s3cret", by Python's hashlib. */
#define SHA256_SALT_S3CRET "2d03bc30a3c7b88194d8a8cf613e2b7b0ce5d07f5e03836545684a8a21eae47a"
#define BCRYPT_REST "abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"

static void an_imported_user_logs_in_and_gets_a_native_hash(void **state)
{
    struct dw_import_summary summary;
    struct dw_slice errors;
    uint64_t runs;
    const char *json;

    (void)state;
    json = "[{\"email\":\"Md5@example.com\",\"email_verified\":true,\"user_id\":\"old-1\","
           "\"app_metadata\":{\"plan\":1},\"custom_password_hash\":{\"algorithm\":\"sha256\","
           "\"hash\":{\"value\":\"" SHA256_SALT_S3CRET "\",\"encoding\":\"hex\"},\"salt\":{"
           "\"value\":\"salt\"}}}]";
    summary = import(json, false, &errors);
    assert_slice(errors, "[]");
    assert_int_equal(summary.inserted, 1);
    assert_slice(user_of("md5@example.com")->id, "auth0|old-1");
    assert_slice(user_of("md5@example.com")->app_metadata_json, "{\"plan\":1}");
    runs = dw_password_runs();
    assert_status(try_from(OFFICE, "md5@example.com", "wrong"), 403);
    assert_int_equal(dw_password_runs() - runs, 1); /* as for every other wrong password */
    assert_true(user_of("md5@example.com")->password_hash.hidden.ptr[0] == '{');
    assert_status(try_from(OFFICE, "md5@example.com", "s3cret"), 200);
    assert_int_equal(dw_password_runs() - runs, 2);
    assert_true(dw_password_is_current(user_of("md5@example.com")->password_hash.hidden));
    assert_status(try_from(OFFICE, "md5@example.com", "s3cret"), 200);
    /* from then on a file does not set it back */
    summary = import(json, true, &errors);
    assert_int_equal(summary.failed, 1);
    assert_has(errors, "PASSWORD_HASH_NOT_UPDATED");
    assert_status(try_from(OFFICE, "md5@example.com", "s3cret"), 200);
}

static void one_wrong_user_stops_nobody_else_and_no_hash_is_echoed(void **state)
{
    struct dw_slice errors;
    struct dw_import_summary summary =
        import("[{\"email\":\"one@example.com\"},"
               "{\"email\":\"bad address\"},"
               "{\"email\":\"two@example.com\",\"nonsense\":1},"
               "{\"email\":\"three@example.com\",\"password_hash\":\"$2b$31$" BCRYPT_REST "\"},"
               "{\"email\":\"four@example.com\",\"password_hash\":\"plain\"},"
               "{\"email\":\"" ADA "\"},"
               "{\"user_id\":\"x|y\",\"email\":\"five@example.com\"},"
               "{\"email\":\"six@example.com\",\"mfa_factors\":[{\"phone\":{\"value\":\"+1\"}}]},"
               "{\"email\":\"seven@example.com\",\"app_metadata\":[]},"
               "7,"
               "{},"
               "{\"username\":\"eight\",\"password_hash\":\"$2b$10$" BCRYPT_REST "\"}]",
               false, &errors);

    (void)state;
    assert_int_equal(summary.total, 12);
    assert_int_equal(summary.inserted, 2);
    assert_int_equal(summary.failed, 10);
    assert_has(errors,
               "{\"user\":{\"email\":\"bad address\"},\"errors\":[{\"code\":"
               "\"INVALID_FORMAT\",\"message\":\"email is not valid\",\"path\":\"email\"}]}");
    assert_has(errors, "Additional properties not allowed: nonsense");
    assert_has(errors, "DUPLICATED_USER");
    assert_has_not(errors, BCRYPT_REST);
    assert_null(user_of("three@example.com"));
    assert_non_null(user_of("one@example.com"));
    assert_non_null(user_of("eight"));
}

static void upsert_changes_what_the_file_names_and_nothing_else(void **state)
{
    struct dw_slice errors;
    struct dw_import_summary summary;

    (void)state;
    summary = import("[{\"email\":\"" ADA "\",\"given_name\":\"Ada\",\"blocked\":false,"
                     "\"user_metadata\":{\"a\":\"b\"}}]",
                     true, &errors);
    assert_int_equal(summary.updated, 1);
    assert_slice(errors, "[]");
    assert_slice(user_of(ADA)->given_name, "Ada");
    assert_slice(user_of(ADA)->user_metadata_json, "{\"a\":\"b\"}");
    assert_status(try_from(OFFICE, ADA, RIGHT), 200);
}

/* Auth0's table "Upsert During Import?". */
static void upsert_changes_neither_logins_nor_blocks(void **state)
{
    struct dw_slice errors;
    struct dw_authenticator *authenticators;
    struct dw_error error = {0};
    size_t count;

    (void)state;
    (void)import("[{\"user_id\":\"7\",\"email\":\"seven@example.com\",\"blocked\":true,"
                 "\"password_hash\":"
                 "\"$2b$04$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu\"}]",
                 false, &errors);
    (void)import("[{\"user_id\":\"7\",\"email\":\"thief@example.com\",\"email_verified\":true,"
                 "\"username\":\"seven\",\"blocked\":false,\"given_name\":\"S\","
                 "\"mfa_factors\":[{\"totp\":{\"secret\":\"JBSWY3DPEHPK3PXP\"}}],"
                 "\"password_hash\":"
                 "\"$2b$04$zzzzzzzzzzzzzzzzzzzzzuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu\"}]",
                 true, &errors);
    assert_slice(errors, "[]");
    assert_slice(user_of("seven@example.com")->given_name, "S");
    assert_false(user_of("seven@example.com")->is_email_verified);
    assert_true(user_of("seven@example.com")->is_blocked);
    assert_slice(user_of("seven@example.com")->username, "");
    assert_false(dw_slice_has(user_of("seven@example.com")->password_hash.hidden, S("zzzz")));
    assert_done(dw_store_authenticators(world.tenant->store, S("auth0|7"), world.arena,
                                        &authenticators, &count, &error),
                error);
    assert_int_equal(count, 0);
}

static void app_metadata_has_no_member_of_the_profile(void **state)
{
    struct dw_slice errors;

    (void)state;
    assert_int_equal(
        import("[{\"email\":\"m@example.com\",\"app_metadata\":{\"user_id\":1}}]", false, &errors)
            .failed,
        1);
    assert_true(dw_slice_has(errors, S("reserved name")));
}

static void imported_second_factors_are_there(void **state)
{
    struct dw_slice errors;
    struct dw_authenticator *authenticators;
    struct dw_error error = {0};
    size_t count, phones = 0;

    (void)state;
    (void)import("[{\"email\":\"mfa@example.com\",\"mfa_factors\":[{\"totp\":{\"secret\":"
                 "\"JBSWY3DPEHPK3PXP\"}},{\"email\":{\"value\":\"mfa@example.com\"}},"
                 "{\"phone\":{\"value\":\"+14155550100\"}}]}]",
                 false, &errors);
    assert_slice(errors, "[]");
    assert_done(dw_store_authenticators(world.tenant->store, user_of("mfa@example.com")->id,
                                        world.arena, &authenticators, &count, &error),
                error);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_true(authenticators[i].confirmed_at_s > 0);
        phones += authenticators[i].type == DW_AUTHENTICATOR_SMS &&
                  dw_slice_eq(authenticators[i].address, S("+14155550100"));
    }
    assert_int_equal(phones, 1);
}

static void an_imported_factor_is_of_one_kind_and_whole(void **state)
{
    static const char *const factors[] = {
        "{\"phone\":{\"value\":\"415 555 0100\"}}",
        "{\"phone\":{}}",
        "{\"phone\":{\"value\":\"+14155550100\"},\"email\":{\"value\":\"a@example.com\"}}",
        "{\"email\":{\"value\":\"nobody\"}}",
        "{\"totp\":{\"secret\":\"not base32!\"}}",
        "{\"webauthn\":{\"value\":\"x\"}}",
        "{}",
        "[]",
        "7",
    };
    struct dw_slice errors;

    (void)state;
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        struct dw_import_summary summary = import(
            text_of(dw_arena_printf(
                world.arena, "[{\"email\":\"bad@example.com\",\"mfa_factors\":[%s]}]", factors[i])),
            false, &errors);

        assert_int_equal(summary.failed, 1);
        assert_has(errors, "mfa_factors");
        assert_null(user_of("bad@example.com"));
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, world_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ten_failures_block_in_auth0s_words_and_a_mail_unblocks),
        CASE(a_block_ends_after_thirty_days),
        CASE(a_new_password_ends_a_block),
        CASE(an_address_has_a_hundred_failures),
        CASE(whoever_does_not_exist_is_blocked_in_the_same_way),
        CASE(every_login_hashes_once_whoever_it_is),
        CASE(a_user_is_one_by_any_name),
        CASE(the_id_of_a_user_typed_as_a_name_blocks_nobody),
        CASE(a_password_that_nobody_could_compare_is_no_failure),
        CASE(the_settings_count),
        CASE(an_address_that_fails_everywhere_waits_but_known_people_come_in),
        CASE(right_passwords_use_nothing_up),
        CASE(a_server_is_believed_who_asks_only_when_it_is_trusted),
        CASE(a_stolen_password_is_refused_where_the_settings_say_so),
        CASE(an_imported_user_logs_in_and_gets_a_native_hash),
        CASE(one_wrong_user_stops_nobody_else_and_no_hash_is_echoed),
        CASE(upsert_changes_what_the_file_names_and_nothing_else),
        CASE(upsert_changes_neither_logins_nor_blocks),
        CASE(app_metadata_has_no_member_of_the_profile),
        CASE(imported_second_factors_are_there),
        CASE(an_imported_factor_is_of_one_kind_and_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
