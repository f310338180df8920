/* guard/key_fetch.c against a server on loopback: which documents lead to keys. */
#include "guard/http_peer.h"

#include "guard/issuer_keys_internal.h"

#define OIDC "/.well-known/openid-configuration"
#define OAUTH "/.well-known/oauth-authorization-server"

static struct dw_arena *arena;

static char *text(const char *format, int port)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice done;

    for (; *format; format++)
        if (*format == '@')
            dw_buf_printf(&out, "http://127.0.0.1:%d", port);
        else
            dw_buf_add_byte(&out, *format);
    assert_true(dw_buf_finish(&out, &done, NULL));
    return dw_arena_text(arena, done);
}

static const struct row {
    const char *provider, *issuer, *jwks_uri; /* '@': scheme, host and port of the peer */
    struct {
        const char *path;
        int status;
        const char *body;
    } pages[3];
    const char *found; /* NULL: refused */
} rows[] = {
    /* refused */
    {"oidc",
     "@/",
     "",
     {{OIDC, 200, "{\"issuer\":\"@\",\"jwks_uri\":\"@/k\"}"}, {"/k", 200, "K"}},
     NULL},
    {"oidc",
     "@/",
     "",
     {{OIDC, 200, "{\"issuer\":\"https://evil.example/\",\"jwks_uri\":\"@/k\"}"}, {"/k", 200, "K"}},
     NULL},
    {"oidc", "@/", "", {{OIDC, 200, "{\"jwks_uri\":\"@/k\"}"}, {"/k", 200, "K"}}, NULL},
    {"oidc", "@/", "", {{OIDC, 200, "{\"issuer\":\"@/\"}"}}, NULL},
    {"oidc", "@/", "", {{OIDC, 200, "{\"issuer\":\"@/\",\"jwks_uri\":7}"}}, NULL},
    {"oidc",
     "@/",
     "",
     {{OIDC, 200, "{\"issuer\":\"@/\",\"jwks_uri\":\"file:///etc/passwd\"}"}},
     NULL},
    {"oidc",
     "@/",
     "",
     {{OIDC, 200, "{\"issuer\":\"@/\",\"issuer\":\"@/\",\"jwks_uri\":\"@/k\"}"}, {"/k", 200, "K"}},
     NULL},
    {"oidc", "@/", "", {{OIDC, 200, "<html>"}}, NULL},
    {"oidc", "@/", "", {{OIDC, 200, "[]"}}, NULL},
    {"oidc", "@/", "", {{OIDC, 500, "{}"}}, NULL},
    {"oidc", "@/", "", {{OIDC, 302, "{}"}}, NULL},
    {"oidc", "@/", "", {{"/k", 200, "K"}}, NULL},
    {"oidc",
     "@/",
     "",
     {{OIDC, 200, "{\"issuer\":\"@/\",\"jwks_uri\":\"@/k\"}"}, {"/k", 404, ""}},
     NULL},
    {"oidc", "@/", "@/k", {{"/k", 500, "K"}}, NULL},
    {"oidc",
     "@/a/v2.0",
     "",
     {{"/a/v2.0" OIDC, 200, "{\"issuer\":\"@/{tenantid}/v2.0\",\"jwks_uri\":\"@/k\"}"},
      {"/k", 200, "K"}},
     NULL}, /* only Entra's may be a template */
    {"entra",
     "@/a/b/v2.0",
     "",
     {{"/a/b/v2.0" OIDC, 200, "{\"issuer\":\"@/{tenantid}/v2.0\",\"jwks_uri\":\"@/k\"}"},
      {"/k", 200, "K"}},
     NULL}, /* a template stands for one segment */
    {"entra",
     "@/a/v2.0",
     "",
     {{"/a/v2.0" OIDC, 200, "{\"issuer\":\"https://evil/{tenantid}/v2.0\",\"jwks_uri\":\"@/k\"}"},
      {"/k", 200, "K"}},
     NULL},
    /* found */
    {"oidc",
     "@/",
     "",
     {{OIDC, 200, "{\"issuer\":\"@/\",\"jwks_uri\":\"@/k\"}"}, {"/k", 200, "K"}},
     "K"},
    {"oidc",
     "@",
     "",
     {{OIDC, 200, "{\"issuer\":\"@\",\"jwks_uri\":\"@/k\"}"}, {"/k", 200, "K"}},
     "K"},
    {"oidc",
     "@/realms/x",
     "",
     {{"/realms/x" OIDC, 200, "{\"issuer\":\"@/realms/x\",\"jwks_uri\":\"@/k\"}"},
      {"/k", 200, "K"}},
     "K"},
    {"oidc",
     "@/t",
     "",
     {{OAUTH "/t", 200, "{\"issuer\":\"@/t\",\"jwks_uri\":\"@/k\"}"}, {"/k", 200, "K"}},
     "K"}, /* RFC 8414 when there is no OpenID document */
    {"oidc", "@/", "@/k", {{"/k", 200, "K"}}, "K"},
    {"entra",
     "@/a/v2.0",
     "",
     {{"/a/v2.0" OIDC, 200, "{\"issuer\":\"@/{tenantid}/v2.0\",\"jwks_uri\":\"@/k\"}"},
      {"/k", 200, "K"}},
     "K"},
};

static void keys_come_from_the_configured_issuer_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct peer peer = {.delay_ms = 0};
        struct dw_issuer_config config = {.provider = S(rows[i].provider)};
        struct dw_slice json = {NULL, 0};
        struct dw_error error = {.message = ""};
        bool is_found;

        peer_open(&peer);
        for (size_t j = 0; j < 3 && rows[i].pages[j].path; j++) {
            peer.pages[j].path = rows[i].pages[j].path;
            peer.pages[j].status = rows[i].pages[j].status;
            peer.pages[j].body = text(rows[i].pages[j].body, peer.port);
        }
        config.issuer = S(text(rows[i].issuer, peer.port));
        config.jwks_uri = S(text(rows[i].jwks_uri, peer.port));
        peer_start(&peer);
        is_found = dw_keys_fetch(&config, arena, &json, &error);
        peer_stop(&peer);
        if (is_found != (rows[i].found != NULL))
            fail_msg("row %zu: %s %s", i, error.message, error.cause);
        if (is_found)
            assert_slice(json, rows[i].found);
        else if (!*error.message)
            fail_msg("row %zu is refused without a reason", i);
        dw_arena_reset(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_from_the_configured_issuer_only),
    };

    arena = dw_arena_new(8 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
