/* The authorization code flow through the user's browser. */
#include "cli/token_browser.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "http/form.h"
#include "net/server.h"
#include "sys/sys.h"

#define WAIT_MS (5 * 60 * 1000)
#define SECRET_BYTES 32
#define LARGEST_ANSWER_BYTES 8192

/* What the listener and the flow share. */
struct waiting {
    struct dw_net *net;
    const struct dw_token_server *server;
    struct dw_slice state;
    struct dw_arena *arena; /* only the loop uses it while the loop runs */
    struct dw_slice code;   /* ptr NULL: none came */
    struct dw_error error;  /* why not */
};

static const struct dw_http_field page_fields[] = {
    {DW_LIT("Content-Type"), DW_LIT("text/html; charset=utf-8")},
    {DW_LIT("Cache-Control"), DW_LIT("no-store")},
    {DW_LIT("Content-Security-Policy"), DW_LIT("default-src 'none'; frame-ancestors 'none'")},
    {DW_LIT("Referrer-Policy"), DW_LIT("no-referrer")},
};

static void answer(struct dw_exchange *exchange, int status, struct dw_slice text)
{
    struct dw_slice page =
        dw_arena_printf(dw_exchange_arena(exchange),
                        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>doorward"
                        "</title><p>%.*s</p></html>\n",
                        DW_PRINT(text));

    dw_exchange_respond(
        exchange, status,
        (struct dw_http_fields){page_fields, sizeof page_fields / sizeof page_fields[0]},
        page.ptr ? page : text);
}

/* The answer of RFC 6749 section 4.1.2, with RFC 9207's iss against mix-up. */
static bool take_answer(struct waiting *waiting, const struct dw_form *form)
{
    struct dw_slice error = dw_form_value(form, "error");
    struct dw_slice iss = dw_form_value(form, "iss");

    if ((waiting->server->sends_iss || iss.len) && !dw_slice_eq(iss, waiting->server->issuer))
        return dw_fail(&waiting->error, DW_ACCESS_DENIED,
                       "the answer in the browser came from another issuer");
    if (error.len)
        return dw_fail(&waiting->error, DW_ACCESS_DENIED, "the issuer refused: %.*s: %.*s",
                       DW_PRINT(dw_slice_sub(error, 0, 40)),
                       DW_PRINT(dw_slice_sub(dw_form_value(form, "error_description"), 0, 100)));
    if (!dw_form_value(form, "code").len)
        return dw_fail(&waiting->error, DW_ACCESS_DENIED, "the issuer sent no code");
    waiting->code = dw_arena_copy(waiting->arena, dw_form_value(form, "code"));
    return waiting->code.ptr || dw_fail(&waiting->error, DW_NO_MEMORY, "out of memory");
}

static size_t take_head(void *user, struct dw_exchange *exchange)
{
    (void)user;
    (void)exchange;
    return 0;
}

/* Other pages can reach this port too, so what has not our state is not an answer. */
static void take_request(void *user, struct dw_exchange *exchange)
{
    struct waiting *waiting = user;
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_form form;

    if (request->method != DW_HTTP_GET || !dw_slice_eq(request->path, DW_LIT("/callback")) ||
        request->query.len > LARGEST_ANSWER_BYTES ||
        !dw_form_parse(request->query, dw_exchange_arena(exchange), &form, NULL) ||
        !dw_secret_eq(dw_secret_from(dw_form_value(&form, "state")),
                      dw_secret_from(waiting->state))) {
        answer(exchange, 404, DW_LIT("There is nothing here."));
        return;
    }
    if (take_answer(waiting, &form))
        answer(exchange, 200, DW_LIT("You are logged in. You can close this page."));
    else
        answer(exchange, 400, DW_LIT("That did not work; the terminal says why."));
    dw_net_stop(waiting->net, 1);
}

static void give_up(void *user)
{
    struct waiting *waiting = user;

    dw_fail(&waiting->error, DW_TIMED_OUT, "nobody logged in within five minutes");
    dw_net_stop(waiting->net, 0);
}

static bool make_secret(struct dw_arena *arena, struct dw_slice *ret_text, struct dw_error *reterr)
{
    unsigned char random[SECRET_BYTES];

    dw_sys_random(random, sizeof random);
    *ret_text = dw_text_base64url(arena, dw_slice_from((const char *)random, sizeof random));
    return ret_text->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* No shell: the URL is one argument, and dw_token_check_url has read it. */
static void open_browser(char *url)
{
    char program[] = "xdg-open";
    char *const argv[] = {program, url, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return;
    for (int fd = 0; fd <= 2; fd++)
        (void)posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    (void)posix_spawnp(&child, program, &actions, NULL, argv, environ); /* the URL is printed too */
    posix_spawn_file_actions_destroy(&actions);
}

static bool make_url(const struct dw_token_server *server, const struct dw_token_login *login,
                     const struct dw_token_code *code, struct dw_slice state,
                     struct dw_arena *arena, struct dw_slice *ret_url, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice challenge;

    if (!dw_sha256_base64url(code->code_verifier, arena, &challenge, reterr))
        return false;
    const struct dw_token_parameter parameters[] = {
        {"response_type", DW_LIT("code")},
        {"client_id", code->client_id},
        {"redirect_uri", code->redirect_uri},
        {"state", state},
        {"code_challenge", challenge},
        {"code_challenge_method", DW_LIT("S256")},
        {"audience", login->audience},
        {"resource", login->resource},
        {"scope", login->scope},
    };

    dw_buf_add(&out, server->authorization_endpoint);
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        if (parameters[i].value.len)
            dw_form_add_to_url(&out, dw_slice_from_text(parameters[i].name), parameters[i].value);
    return dw_buf_finish(&out, ret_url, reterr);
}

/* With the listener open, so that the port is known. */
static bool log_in(struct waiting *waiting, const struct dw_token_login *login, int port,
                   struct dw_token_code *ret_code, struct dw_error *reterr)
{
    struct dw_slice url;

    ret_code->client_id = login->client_id;
    ret_code->redirect_uri = dw_arena_printf(waiting->arena, "http://127.0.0.1:%d/callback", port);
    if (!ret_code->redirect_uri.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!make_secret(waiting->arena, &ret_code->code_verifier, reterr) ||
        !make_secret(waiting->arena, &waiting->state, reterr) ||
        (!login->client_id.len &&
         !dw_token_register(waiting->server, ret_code->redirect_uri, waiting->arena,
                            &ret_code->client_id, reterr)) ||
        !make_url(waiting->server, login, ret_code, waiting->state, waiting->arena, &url, reterr))
        return false;
    fprintf(stderr, "Log in at\n  %.*s\n", DW_PRINT(url));
    if (login->opens_browser)
        open_browser(dw_arena_text(waiting->arena, url));
    if (!dw_net_run(waiting->net, reterr))
        return false;
    if (!waiting->code.ptr && reterr)
        *reterr = waiting->error;
    ret_code->code = waiting->code;
    return waiting->code.ptr != NULL;
}

bool dw_token_login(const struct dw_token_server *server, const struct dw_token_login *login,
                    struct dw_arena *arena, struct dw_token_code *ret_code, struct dw_error *reterr)
{
    const struct dw_net_config net_config = {.size = sizeof net_config, .loop_count = 1};
    struct waiting waiting = {.server = server, .arena = arena};
    const struct dw_listener_config config = {
        .size = sizeof config,
        .address = DW_LIT("127.0.0.1:0"),
        .handler = {.on_head = take_head, .on_request = take_request, .user = &waiting},
    };
    struct dw_listener *listener;
    struct dw_timer *timer = NULL;
    bool is_done = false;

    if (!server->authorization_endpoint.len)
        return dw_fail(reterr, DW_CONFIG, "the issuer has no authorization endpoint");
    dw_fail(&waiting.error, DW_ACCESS_DENIED, "the login was given up");
    waiting.net = dw_net_new(&net_config, reterr);
    if (!waiting.net)
        return false;
    listener = dw_listener_open(waiting.net, &config, reterr);
    if (listener)
        timer = dw_timer_new(dw_net_loop(waiting.net, 0), WAIT_MS, 0, give_up, &waiting);
    if (timer)
        is_done = log_in(&waiting, login, dw_listener_port(listener), ret_code, reterr);
    else if (listener)
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    dw_timer_free(timer);
    dw_net_free(waiting.net);
    return is_done;
}
