/* An authorization request that is taken has a registered redirect URI, PKCE S256 and one value for
 * each parameter; its answer goes to that URI and nowhere else. */
#include "fuzz_http.h"
#include "oauth/authorization_request.h"
#include "oauth/scope.h"

static const struct dw_slice redirect_uris[] = {{"https://a.example/cb", 20},
                                                {"http://127.0.0.1/cb", 19}};
static const struct dw_slice grant_types[] = {{"authorization_code", 18}};
static const struct dw_oauth_client client = {.id = {"c1", 2},
                                              .kind = DW_CLIENT_DCR,
                                              .redirect_uris = {redirect_uris, 2},
                                              .grant_types = {grant_types, 1}};

static void check_answer(const struct dw_authorization_request *request, struct dw_arena *arena)
{
    struct dw_authorization_response response;
    struct dw_error error;
    struct dw_slice url;

    dw_authorization_response_make(request, DW_LIT("c0de"), NULL, DW_LIT("https://t.example/"),
                                   &response);
    REQUIRE(dw_authorization_response_url(request, &response, arena, &url, &error));
    REQUIRE(dw_slice_starts_with(url, request->redirect_uri));
    for (size_t at = 0; at < url.len; at++)
        REQUIRE(url.ptr[at] > 0x20 && url.ptr[at] < 0x7f); /* no header is split by it */
}

static void check(const struct dw_form *form, const struct dw_authorization_request *request,
                  struct dw_arena *arena)
{
    static const char *const once[] = {"client_id", "redirect_uri",   "state",    "scope",
                                       "nonce",     "code_challenge", "audience", "prompt"};

    REQUIRE(dw_slice_starts_with(request->redirect_uri, DW_LIT("https://a.example/cb")) ||
            dw_slice_starts_with(request->redirect_uri, DW_LIT("http://127.0.0.1")));
    REQUIRE(request->code_challenge.len == 43);
    for (size_t at = 0; at < sizeof once / sizeof *once; at++)
        REQUIRE(dw_form_count(form, once[at]) <= 1);
    for (size_t at = 0; at < request->scopes.count; at++)
        REQUIRE(dw_scope_is_name(request->scopes.items[at]));
    REQUIRE(!request->prompts_none || !request->prompts_login);
    REQUIRE(request->max_age_s >= -1);
    check_answer(request, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dw_tenant_settings settings = {0};
    struct dw_arena *arena = dw_arena_new((size_t)4 * 1024 * 1024);
    struct dw_authorization_request request;
    struct dw_error error = {0};
    struct dw_slice client_id;
    struct dw_form form;

    if (dw_form_parse(dw_slice_from((const char *)data, size), arena, &form, &error) &&
        dw_authorization_request_client_id(&form, &client_id, &error) &&
        dw_authorization_request_start(&form, &client, &request, &error)) {
        check_answer(&request, arena);
        if (dw_authorization_request_fill(&form, &client, &settings, arena, &request, &error))
            check(&form, &request, arena);
    }
    dw_arena_free(arena);
    return 0;
}
