/* doorward doctor: asks what the configuration names, and says what is wrong and what to change. It
 * looks from outside: the issuers, the MCP server behind, and whether the running gateway refuses
 * what it must. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/token_client.h"
#include "cli/verbs.h"
#include "http/url.h"
#include "jose/jwk.h"
#include "net/fetch.h"
#include "json/json.h"
#include "json/json_writer.h"

#define MOST_FINDINGS 64
#define LARGEST_KEYS_BYTES ((size_t)1024 * 1024)

struct settings {
    struct dw_slice config;
    bool is_json;
};

static const struct dw_option options[] = {
    {"config", "FILE", false, offsetof(struct settings, config),
     "the configuration (standard: doorward.toml, then .pmcp/deploy.toml)"},
    {"json", NULL, false, offsetof(struct settings, is_json), "print the findings as JSON"},
};

struct finding {
    bool is_good;
    const char *check;
    struct dw_slice text;
};

struct report {
    struct dw_arena *arena;
    struct finding findings[MOST_FINDINGS];
    size_t count, bad_count;
};

static void dw_printf(4, 5)
    note(struct report *report, bool is_good, const char *check, const char *format, ...)
{
    char text[320];
    va_list arguments;

    if (report->count == MOST_FINDINGS)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report->findings[report->count++] =
        (struct finding){is_good, check, dw_arena_copy(report->arena, dw_slice_from_text(text))};
    report->bad_count += !is_good;
}

static void note_error(struct report *report, const char *check, struct dw_slice about,
                       const struct dw_error *error)
{
    note(report, false, check, "%.*s: %s", DW_PRINT(dw_slice_sub(about, 0, 100)),
         dw_cli_error_text(error));
}

static void check_issuer(struct report *report, const struct dw_issuer_config *issuer)
{
    struct dw_fetch_request request = {
        .url = issuer->jwks_uri, .guard = DW_FETCH_OPERATOR, .max_bytes = LARGEST_KEYS_BYTES};
    struct dw_fetch_response response;
    struct dw_token_server server;
    struct dw_error error;
    struct dw_jwks *keys;
    size_t skipped;

    if (!request.url.len) {
        if (!dw_token_discover(issuer->issuer, report->arena, &server, &error)) {
            note_error(report, "issuer", issuer->issuer, &error);
            return;
        }
        request.url = server.jwks_uri;
    }
    if (!dw_fetch(&request, report->arena, &response, &error)) {
        note_error(report, "keys", request.url, &error);
        return;
    }
    keys = dw_jwks_parse(response.body, &skipped, &error);
    if (!keys || response.status != 200 || dw_jwks_count(keys) == 0)
        note(report, false, "keys", "%.*s answered with status %d and no key that can be used",
             DW_PRINT(request.url), response.status);
    else
        note(report, true, "issuer", "%.*s: %zu keys, %zu of other kinds", DW_PRINT(issuer->issuer),
             dw_jwks_count(keys), skipped);
    dw_jwks_unref(keys);
}

/* Any answer will do: without a session most MCP servers refuse a GET. */
static void check_upstream(struct report *report, const struct dw_gateway_config *gateway)
{
    struct dw_fetch_request request = {.url = gateway->upstream, .guard = DW_FETCH_OPERATOR};
    struct dw_slice path = gateway->upstream;
    struct dw_fetch_response response;
    struct dw_error error;
    char *program;

    if (gateway->command.count) {
        program = dw_arena_text(report->arena, gateway->command.items[0]);
        if (program && dw_cli_is_program(program))
            note(report, true, "upstream", "the program %s is there", program);
        else
            note(report, false, "upstream", "%.*s is not found in PATH",
                 DW_PRINT(gateway->command.items[0]));
    } else if (!path.len) {
        note(report, false, "upstream",
             "none is configured: set gateway.upstream or "
             "gateway.command");
    } else if (dw_slice_eat(&path, DW_LIT("unix:"))) {
        program = dw_arena_text(report->arena, dw_slice_sub(path, 0, dw_slice_index(path, ':')));
        note(report, program && access(program, R_OK | W_OK) == 0, "upstream", "the unix socket %s",
             program ? program : "");
    } else if (dw_fetch(&request, report->arena, &response, &error)) {
        note(report, response.status < 500, "upstream", "%.*s answers with status %d",
             DW_PRINT(gateway->upstream), response.status);
    } else {
        note_error(report, "upstream", gateway->upstream, &error);
    }
}

/* RFC 9728 section 3.1: the well-known name goes between host and path. */
static struct dw_slice metadata_url(struct dw_slice public_url, struct dw_arena *arena)
{
    struct dw_slice origin;
    struct dw_url url;

    if (!dw_url_parse(public_url, &url, NULL) || !dw_url_origin(&url, arena, &origin, NULL))
        return DW_EMPTY;
    return dw_arena_printf(arena, "%.*s/.well-known/oauth-protected-resource%.*s", DW_PRINT(origin),
                           DW_PRINT(url.path));
}

static void check_metadata(struct report *report, struct dw_slice public_url)
{
    struct dw_fetch_request request = {.url = metadata_url(public_url, report->arena),
                                       .guard = DW_FETCH_OPERATOR};
    const struct dw_json *document = NULL;
    struct dw_fetch_response response;
    struct dw_error error;

    if (!dw_fetch(&request, report->arena, &response, &error)) {
        note_error(report, "gateway", public_url, &error);
        return;
    }
    if (response.status != 200 || !dw_json_parse(response.body, report->arena, &document, NULL))
        note(report, false, "gateway", "%.*s answers with status %d and no metadata",
             DW_PRINT(request.url), response.status);
    else if (!dw_slice_eq(dw_json_text(document, "resource"), public_url))
        note(report, false, "gateway",
             "the metadata says the resource is \"%.*s\"; clients need it byte for byte as they "
             "call it: set gateway.public_url",
             DW_PRINT(dw_json_text(document, "resource")));
    else
        note(report, true, "gateway", "%.*s has its metadata", DW_PRINT(public_url));
}

/* A request without a token, or with one that is none, must be told where to log in. */
static void check_refusal(struct report *report, struct dw_slice public_url,
                          struct dw_slice authorization, const char *what)
{
    const struct dw_http_field fields[] = {
        {DW_LIT("Content-Type"), DW_LIT("application/json")},
        {DW_LIT("Accept"), DW_LIT("application/json, text/event-stream")},
        {DW_LIT("Authorization"), authorization},
    };
    const struct dw_fetch_request request = {
        .method = DW_HTTP_POST,
        .url = public_url,
        .fields = {fields, authorization.len ? 3 : 2},
        .body = DW_LIT("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}"),
        .guard = DW_FETCH_OPERATOR,
    };
    struct dw_fetch_response response;
    struct dw_slice challenge;
    struct dw_error error;

    if (!dw_fetch(&request, report->arena, &response, &error)) {
        note_error(report, "refusal", public_url, &error);
        return;
    }
    challenge = dw_http_field(response.fields, "WWW-Authenticate");
    note(report,
         response.status == 401 && challenge.len &&
             dw_slice_has(challenge, DW_LIT("resource_metadata=")),
         "refusal", "%s gets status %d%s", what, response.status,
         challenge.len ? " and a challenge" : " and no challenge");
}

static void check_gateway(struct report *report, const struct dw_config *config)
{
    struct dw_slice url = config->gateway.public_url;

    if (!url.len)
        url = dw_arena_printf(report->arena, "http://%.*s/mcp", DW_PRINT(config->gateway.listen));
    check_metadata(report, url);
    if (report->bad_count && !report->findings[report->count - 1].is_good)
        return; /* nothing answers there */
    check_refusal(report, url, DW_EMPTY, "a request without a token");
    check_refusal(report, url, DW_LIT("Bearer not.a.token"), "a request with a bad token");
}

static bool examine(const struct settings *settings, struct report *report, struct dw_error *reterr)
{
    const struct dw_issuer_config *issuers;
    struct dw_config config;
    size_t count;

    if (!dw_config_load(settings->config, report->arena, &config, reterr) ||
        !dw_config_issuers(&config, report->arena, &issuers, &count, reterr))
        return false;
    note(report, true, "configuration", "%.*s is well-formed",
         DW_PRINT(config.path.len ? config.path : DW_LIT("what the environment says")));
    for (size_t i = 0; i < count; i++)
        check_issuer(report, &issuers[i]);
    check_upstream(report, &config.gateway);
    check_gateway(report, &config);
    return true;
}

static void print_json(const struct report *report)
{
    struct dw_buf out = dw_buf_in(report->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    dw_json_write_object_start(&writer);
    dw_json_put_bool(&writer, "ok", report->bad_count == 0);
    dw_json_write_key(&writer, DW_LIT("findings"));
    dw_json_write_array_start(&writer);
    for (size_t i = 0; i < report->count; i++) {
        dw_json_write_object_start(&writer);
        dw_json_put_text(&writer, "check", dw_slice_from_text(report->findings[i].check));
        dw_json_put_bool(&writer, "ok", report->findings[i].is_good);
        dw_json_put_text(&writer, "text", report->findings[i].text);
        dw_json_write_object_end(&writer);
    }
    dw_json_write_array_end(&writer);
    dw_json_write_object_end(&writer);
    printf("%.*s\n", DW_PRINT(dw_buf_view(&out)));
}

static enum dw_cli_status run(void *user, struct dw_slices rest, struct dw_arena *arena)
{
    struct settings *settings = user;
    struct report report = {.arena = arena};
    struct dw_error error = {.code = DW_OK};

    (void)rest;
    if (!examine(settings, &report, &error)) {
        dw_cli_say_error("doctor", &error);
        return DW_CLI_FAILED;
    }
    if (settings->is_json)
        print_json(&report);
    for (size_t i = 0; !settings->is_json && i < report.count; i++)
        printf("%-4s  %-13s  %.*s\n", report.findings[i].is_good ? "ok" : "BAD",
               report.findings[i].check, DW_PRINT(report.findings[i].text));
    return report.bad_count ? DW_CLI_DIFFERENT : DW_CLI_DONE;
}

const struct dw_verb dw_verb_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "ask the issuers, the upstream and the running gateway what is wrong",
    .details = "Exit status 0: all is well; 3: something is not.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .run = run,
};
