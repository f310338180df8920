/* A tenant in a fresh folder, asked in process: no sockets, a clock of our own, and browsers that
 * keep cookies. */
#ifndef DW_TEST_TENANT_FIXTURE_H
#define DW_TEST_TENANT_FIXTURE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/url.h"
#include "jose/jwt.h"
#include "store/logs.h"
#include "tenant/audit_internal.h"
#include "tenant/seed_internal.h"
#include "tenant/settings_internal.h"
#include "tenant/tenant_internal.h"
#include "test.h"

#define ISSUER "http://127.0.0.1:8421/"
#define AUDIENCE "https://mcp.example.com/mcp"
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define CALLBACK "http://127.0.0.1:7777/callback"
#define CALLBACK_ENCODED "http%3A%2F%2F127.0.0.1%3A7777%2Fcallback"
#define FORM "application/x-www-form-urlencoded"
#define ADA "ada@example.com"
#define ADA_PASSWORD "correct horse battery"

static int64_t world_now_s = INT64_C(1800000000);

static inline int64_t world_clock(void)
{
    return world_now_s;
}

struct world {
    char folder[64];
    struct dw_arena *arena;
    struct dw_tenant_config config;
    struct dw_tenant *tenant;
};

static struct world world;

struct browser {
    char cookies[8][160]; /* "name=value" */
    const char *address;  /* NULL: 192.0.2.1 */
    const char *site;     /* Sec-Fetch-Site; NULL: not sent */
    const char *authorization;
    const char *dpop;   /* the DPoP field */
    const char *origin; /* the Origin field; NULL: not sent */
};

static inline void world_open(void)
{
    struct dw_error error = {0};

    world.tenant = dw_tenant_open_store(&world.config, 0, &error);
    if (!world.tenant)
        fail_msg("%s (%s)", error.message, error.cause);
    world.tenant->now_s = world_clock;
}

/* Changes the tenant's settings: a JSON merge patch with Auth0's names. */
static inline void world_set(const char *patch)
{
    struct dw_error error = {0};

    assert_done(
        dw_tenant_settings_patch(world.tenant, DW_SETTINGS_TENANT, S(patch), world.arena, &error),
        error);
}

/* With the chapter's roles on AUDIENCE, two users, and the command line client. */
static inline int world_start(void **state)
{
    struct dw_error error = {0};
    struct dw_tenant_dev_user users[] = {
        {S(ADA), S(ADA_PASSWORD), S(DW_TENANT_ROLE_USER)},
        {S("root@example.com"), S(ADA_PASSWORD), S(DW_TENANT_ROLE_ADMIN)},
    };
    struct dw_tenant_dev dev = {.audience = S(AUDIENCE), .users = users, .user_count = 2};

    (void)state;
    world.arena = dw_arena_new((size_t)512 << 20);
    snprintf(world.folder, sizeof world.folder, "/tmp/doorward-tenant-XXXXXX");
    assert_non_null(mkdtemp(world.folder));
    assert_done(dw_fields_standard(&dw_tenant_fields, &world.config, world.arena, &error), error);
    assert_done(dw_fields_standard(&dw_tenant_dcr_fields, &world.config, world.arena, &error),
                error);
    world.config.size = sizeof world.config;
    world.config.state_dir = S(world.folder);
    world.config.allow_password_grant = true;
    world.config.allow_registration = true;
    world_open();
    assert_done(dw_tenant_seed_dev(world.tenant, &dev, &error), error);
    return 0;
}

static inline int remove_folder(const char *name)
{
    DIR *folder = opendir(name);
    struct dirent *entry;
    char path[512];

    while (folder && (entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", name, entry->d_name);
        (void)unlink(path);
    }
    if (folder)
        closedir(folder);
    return rmdir(name);
}

static inline int world_stop(void **state)
{
    (void)state;
    dw_tenant_close(world.tenant);
    dw_arena_free(world.arena);
    return remove_folder(world.folder);
}

static inline void keep_cookie(struct browser *browser, struct dw_slice line)
{
    size_t end = dw_slice_index(line, ';');
    size_t name_len = dw_slice_index(line, '=') + 1;
    bool is_gone = dw_slice_has(line, S("Max-Age=0"));
    int free_place = -1;

    for (int i = 7; i >= 0; i--) {
        if (browser->cookies[i][0] == '\0' || strncmp(browser->cookies[i], line.ptr, name_len) == 0)
            free_place = i;
        if (strncmp(browser->cookies[i], line.ptr, name_len) == 0)
            break;
    }
    assert_true(free_place >= 0);
    snprintf(browser->cookies[free_place], sizeof browser->cookies[0], "%.*s",
             is_gone ? 0 : (int)end, line.ptr);
}

static inline struct dw_slice header(const struct dw_tenant_call *call, const char *name)
{
    return dw_http_field((struct dw_http_fields){call->out, call->out_count}, name);
}

static inline void add_field(struct dw_http_field *fields, size_t *count, const char *name,
                             struct dw_slice value)
{
    if (value.len > 0)
        fields[(*count)++] = (struct dw_http_field){S(name), value};
}

/* target: "/path?query". content_type NULL: FORM when there is a body. */
static inline struct dw_tenant_call *ask(struct browser *browser, enum dw_http_method method,
                                         const char *target, const char *content_type,
                                         const char *body)
{
    struct dw_tenant_call *call = DW_ARENA_NEW(world.arena, struct dw_tenant_call);
    struct dw_http_field *fields = dw_arena_new_array(world.arena, 8, sizeof *fields);
    struct dw_slice text = dw_arena_copy(world.arena, S(target));
    struct dw_buf cookies = dw_buf_in(world.arena);
    size_t mark = dw_slice_index(text, '?'), count = 0;

    for (int i = 0; i < 8; i++)
        if (browser->cookies[i][0] != '\0')
            dw_buf_printf(&cookies, "%s%s", cookies.len > 0 ? "; " : "", browser->cookies[i]);
    add_field(fields, &count, "Cookie", dw_arena_copy(world.arena, dw_buf_view(&cookies)));
    add_field(fields, &count, "Content-Type", S(content_type ? content_type : body ? FORM : ""));
    add_field(fields, &count, "Sec-Fetch-Site", S(browser->site));
    add_field(fields, &count, "Authorization", S(browser->authorization));
    add_field(fields, &count, "DPoP", S(browser->dpop));
    add_field(fields, &count, "Origin", S(browser->origin));
    *call = (struct dw_tenant_call){
        .tenant = world.tenant,
        .arena = world.arena,
        .now_s = world_now_s,
        .method = method,
        .path = dw_slice_sub(text, 0, mark),
        .query = dw_slice_sub(text, mark + 1, text.len),
        .body = dw_arena_copy(world.arena, S(body)),
        .peer_address = S(browser->address ? browser->address : "192.0.2.1"),
        .trace_id = S("4bf92f3577b34da6a3ce929d0e0e4736"),
        .fields = {fields, count},
    };
    dw_tenant_serve(call);
    for (size_t i = 0; i < call->out_count; i++)
        if (dw_slice_eq(call->out[i].name, S("Set-Cookie")))
            keep_cookie(browser, call->out[i].value);
    return call;
}

static inline struct dw_tenant_call *get(struct browser *browser, const char *target)
{
    return ask(browser, DW_HTTP_GET, target, NULL, NULL);
}

static inline struct dw_tenant_call *post(struct browser *browser, const char *target,
                                          const char *body)
{
    return ask(browser, DW_HTTP_POST, target, NULL, body);
}

static inline const char *text_of(struct dw_slice slice)
{
    return dw_arena_text(world.arena, slice);
}

#define assert_status(call, expected)                                                              \
    do {                                                                                           \
        const struct dw_tenant_call *seen_call_ = (call);                                          \
        if (seen_call_->status != (expected)) {                                                    \
            print_error("expected %d, got %d: %.*s %.*s\n", (expected), seen_call_->status,        \
                        DW_PRINT(header(seen_call_, "Location")), DW_PRINT(seen_call_->answer));   \
            fail();                                                                                \
        }                                                                                          \
    } while (0)
#define assert_has(slice, wanted)                                                                  \
    do {                                                                                           \
        struct dw_slice seen_text_ = (slice);                                                      \
        if (!dw_slice_has(seen_text_, S(wanted)))                                                  \
            fail_msg("\"%s\" is not in: %.*s", (wanted), DW_PRINT(seen_text_));                    \
    } while (0)
#define assert_has_not(slice, unwanted)                                                            \
    do {                                                                                           \
        struct dw_slice seen_text_ = (slice);                                                      \
        if (dw_slice_has(seen_text_, S(unwanted)))                                                 \
            fail_msg("\"%s\" is in: %.*s", (unwanted), DW_PRINT(seen_text_));                      \
    } while (0)

/* A parameter of the Location's query, decoded; empty when it is not there. */
static inline struct dw_slice location_value(const struct dw_tenant_call *call, const char *name)
{
    struct dw_slice location = header(call, "Location");
    size_t mark = dw_slice_index(location, '?');
    struct dw_form form = {0};
    struct dw_error error = {0};
    struct dw_slice value;

    assert_done(
        dw_form_parse(dw_slice_sub(location, mark + 1, location.len), world.arena, &form, &error),
        error);
    value = dw_form_value(&form, name);
    return value.ptr ? value : DW_EMPTY;
}

static inline const struct dw_json *json_of(const struct dw_tenant_call *call)
{
    const struct dw_json *document = NULL;
    struct dw_error error = {0};

    assert_done(dw_json_parse(call->answer, world.arena, &document, &error), error);
    return document;
}

/* NULL: there is no such user. */
static inline struct dw_user *user_of(const char *login)
{
    struct dw_user *user = NULL;
    struct dw_error error = {0};

    assert_done(dw_store_user_by_login(world.tenant->store, S(DW_TENANT_CONNECTION), S(login),
                                       world.arena, &user, &error),
                error);
    return user;
}

/* The newest of its kind in the audit log; all is empty when there is none. */
static inline struct dw_log_entry entry_of(const char *code)
{
    struct dw_slice type = S(code);
    struct dw_log_query query = {.types = {&type, 1}, .take = 1, .is_newest_first = true};
    struct dw_log_entry *entries = NULL;
    struct dw_error error = {0};
    size_t count = 0;

    dw_audit_flush(world.tenant);
    assert_done(
        dw_store_log_entries(world.tenant->store, &query, world.arena, &entries, &count, &error),
        error);
    return count > 0 ? entries[0] : (struct dw_log_entry){0};
}

/* What /dev/outbox shows of the mails that would have gone out, the newest first. */
static inline struct dw_tenant_call *ask_outbox(bool is_json)
{
    static const struct dw_http_field accept[] = {{{"Accept", 6}, {"application/json", 16}}};
    struct dw_tenant_call *call = DW_ARENA_NEW(world.arena, struct dw_tenant_call);

    *call = (struct dw_tenant_call){.tenant = world.tenant,
                                    .arena = world.arena,
                                    .now_s = world_now_s,
                                    .method = DW_HTTP_GET,
                                    .path = S("/dev/outbox"),
                                    .peer_address = S("127.0.0.1"),
                                    .is_loopback = true,
                                    .fields = {accept, is_json ? 1 : 0}};
    dw_tenant_serve(call);
    return call;
}

/* The code in the newest mail. */
static inline const char *newest_code(void)
{
    const char *mail = strstr(text_of(ask_outbox(false)->answer), "<pre>");
    const char *at = mail ? strstr(mail, "\n    ") : NULL;

    if (!at)
        fail_msg("no code in %s", mail);
    return text_of(dw_slice_from(at + strlen("\n    "), 6));
}

/* After a sign-up, whose answer leads to the page for the code. */
static inline struct dw_tenant_call *type_signup_code(struct browser *browser,
                                                      const struct dw_tenant_call *call)
{
    struct dw_slice state = dw_slice_sub(header(call, "Location"), strlen("/u/signup/code?state="),
                                         header(call, "Location").len);

    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/signup/code?state=")));
    return post(browser, "/u/signup/code",
                text_of(dw_arena_printf(world.arena, "state=%.*s&code=%s", DW_PRINT(state),
                                        newest_code())));
}

/* "error error_description" of a JSON error. */
static inline struct dw_slice error_of(const struct dw_tenant_call *call)
{
    const struct dw_json *document = json_of(call);

    return dw_arena_printf(world.arena, "%.*s: %.*s", DW_PRINT(dw_json_text(document, "error")),
                           DW_PRINT(dw_json_text(document, "error_description")));
}

#define AUTHORIZE                                                                                  \
    "/authorize?response_type=code&client_id=" DW_TENANT_DEV_CLIENT                                \
    "&redirect_uri=" CALLBACK_ENCODED "&state=s1&code_challenge=" CHALLENGE                        \
    "&code_challenge_method=S256&resource=https%3A%2F%2Fmcp.example.com%2Fmcp"

/* Follows to the page a redirect of ours names. */
static inline struct dw_tenant_call *follow(struct browser *browser,
                                            const struct dw_tenant_call *call)
{
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/")));
    return get(browser, text_of(header(call, "Location")));
}

static inline const char *state_of(const struct dw_tenant_call *call)
{
    return text_of(location_value(call, "state"));
}

static inline struct dw_tenant_call *log_in(struct browser *browser, const char *state,
                                            const char *password)
{
    return post(browser, "/u/login",
                text_of(dw_arena_printf(world.arena, "state=%s&username=" ADA "&password=%s", state,
                                        password)));
}

/* A hidden field of a page; empty when it has none. */
static inline struct dw_slice hidden_value(const struct dw_tenant_call *call, const char *name)
{
    const char *field = text_of(dw_arena_printf(world.arena, "name=\"%s\" value=\"", name));
    const char *html = text_of(call->answer), *at = strstr(html, field);

    return at ? dw_slice_from(at + strlen(field), strcspn(at + strlen(field), "\"")) : DW_EMPTY;
}

/* Reads the page first, as a person does: its form says what was shown. */
static inline struct dw_tenant_call *decide(struct browser *browser, const char *state,
                                            const char *action)
{
    struct dw_tenant_call *page =
        get(browser, text_of(dw_arena_printf(world.arena, "/u/consent?state=%s", state)));

    return post(browser, "/u/consent",
                text_of(dw_arena_printf(world.arena, "state=%s&action=%s&terms=%.*s", state, action,
                                        DW_PRINT(hidden_value(page, "terms")))));
}

/* From the authorization URL to the answer to the client, as Ada who says yes. */
static inline struct dw_tenant_call *authorize(struct browser *browser, const char *url)
{
    struct dw_tenant_call *call = get(browser, url);

    if (dw_slice_starts_with(header(call, "Location"), S("/u/login")))
        call = log_in(browser, state_of(call), ADA_PASSWORD);
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(browser, state_of(call), "accept");
    return call;
}

static inline const char *code_for(const char *url)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = authorize(&browser, url);

    assert_status(call, 303);
    assert_true(location_value(call, "code").len >= 32);
    return text_of(location_value(call, "code"));
}

static inline struct dw_tenant_call *redeem(const char *code)
{
    struct browser nobody = {0};

    return post(
        &nobody, "/oauth/token",
        text_of(dw_arena_printf(world.arena,
                                "grant_type=authorization_code&client_id=" DW_TENANT_DEV_CLIENT
                                "&code=%s&code_verifier=" VERIFIER "&redirect_uri=" CALLBACK,
                                code)));
}

static inline struct dw_tenant_call *refresh(const char *token)
{
    struct browser nobody = {0};

    return post(&nobody, "/oauth/token",
                text_of(dw_arena_printf(world.arena,
                                        "grant_type=refresh_token&client_id=" DW_TENANT_DEV_CLIENT
                                        "&refresh_token=%s",
                                        token)));
}

/* The claims of a JWT in an answer, without checking it. */
static inline const struct dw_json *claims_of(const struct dw_tenant_call *call, const char *member)
{
    struct dw_jwt jwt;
    struct dw_error error = {0};

    assert_done(dw_jwt_parse(dw_json_text(json_of(call), member), world.arena, &jwt, &error),
                error);
    return jwt.claims;
}

#endif
