/* Control-plane HTTP requests with libcurl. The guard looks at the address that is connected to,
 * after name resolution and for every one that is tried, so that a name cannot change its mind in
 * between (DNS rebinding). One easy handle a thread, reused for its connections. */
#include "net/fetch.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "http/field.h"
#include "http/url.h"
#include "net/address.h"
#include "net/curl_internal.h"
#include "net/net_internal.h"

#define DEFAULT_MAX_BYTES ((size_t)256 * 1024)
#define DEFAULT_TIMEOUT_MS 10000L
#define DRAIN_PATIENCE_US 2000000
#define MAX_RESPONSE_FIELDS 100
#define MAX_RESPONSE_HEAD_BYTES ((size_t)64 * 1024)

struct transfer {
    const struct dw_fetch_request *request;
    struct dw_arena *arena;
    struct dw_buf body;
    size_t max_bytes;
    size_t head_bytes;
    struct dw_http_field *fields;
    size_t field_count;
    bool is_refused;   /* by the guard */
    bool is_too_large; /* head or body */
    bool is_out_of_memory;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t handle_key;
static bool is_ready;
static X509_STORE *also_trusted; /* NULL: nothing; set before the first fetch, then read only */

static void close_handle(void *handle)
{
    curl_easy_cleanup(handle);
}

static void start_library(void)
{
    is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK &&
               pthread_key_create(&handle_key, close_handle) == 0;
}

int dw_curl_look_at_drain(void *handle, curl_off_t download_total, curl_off_t download_now,
                          curl_off_t upload_total, curl_off_t upload_now)
{
    curl_off_t spent_us = 0;

    (void)download_total;
    (void)download_now;
    (void)upload_total;
    (void)upload_now;
    return dw_job_is_draining() &&
           curl_easy_getinfo(handle, CURLINFO_TOTAL_TIME_T, &spent_us) == CURLE_OK &&
           spent_us > DRAIN_PATIENCE_US;
}

bool dw_curl_start(void)
{
    return pthread_once(&once, start_library) == 0 && is_ready;
}

static CURL *thread_handle(void)
{
    CURL *handle;

    if (!dw_curl_start())
        return NULL;
    handle = pthread_getspecific(handle_key);
    if (!handle) {
        handle = curl_easy_init();
        if (handle && pthread_setspecific(handle_key, handle) != 0) {
            curl_easy_cleanup(handle);
            handle = NULL;
        }
    } else {
        curl_easy_reset(handle);
    }
    return handle;
}

static bool may_connect(enum dw_fetch_guard guard, const struct sockaddr *address)
{
    enum dw_address_class address_class = dw_address_classify(address);

    switch (guard) {
    case DW_FETCH_OPERATOR:
        return true;
    case DW_FETCH_PUBLIC_OR_LOOPBACK:
        return address_class == DW_ADDRESS_PUBLIC || address_class == DW_ADDRESS_LOOPBACK;
    case DW_FETCH_PUBLIC_ONLY:
        return address_class == DW_ADDRESS_PUBLIC;
    }
    return false;
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = user;

    (void)purpose;
    if (!may_connect(transfer->request->guard, &address->addr)) {
        transfer->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;

    (void)size; /* always 1 */
    if (count > transfer->max_bytes - transfer->body.len) {
        transfer->is_too_large = true;
        return 0;
    }
    dw_buf_add(&transfer->body, dw_slice_from(bytes, count));
    transfer->is_out_of_memory = transfer->body.has_failed;
    return transfer->body.has_failed ? 0 : count;
}

static size_t take_field(char *bytes, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;
    struct dw_slice line = dw_slice_from(bytes, count), name;

    (void)size;
    transfer->head_bytes += count;
    if (transfer->head_bytes > MAX_RESPONSE_HEAD_BYTES ||
        transfer->field_count == MAX_RESPONSE_FIELDS) {
        transfer->is_too_large = true;
        return 0;
    }
    if (dw_slice_starts_with(line, DW_LIT("HTTP/"))) {
        transfer->field_count = 0; /* what came before was an interim answer */
        return count;
    }
    while (line.len && (line.ptr[line.len - 1] == '\r' || line.ptr[line.len - 1] == '\n'))
        line.len--;
    if (!dw_slice_contains(line, ':'))
        return count;
    line = dw_arena_copy(transfer->arena, line);
    if (!line.ptr) {
        transfer->is_out_of_memory = true;
        return 0;
    }
    if (dw_slice_split(&line, ':', &name))
        transfer->fields[transfer->field_count++] =
            (struct dw_http_field){name, dw_slice_trim(line)};
    return count;
}

static bool check_url(const struct dw_fetch_request *request, struct dw_error *reterr)
{
    struct dw_url url;

    if (!dw_url_parse(request->url, &url, reterr))
        return false;
    if (!dw_url_has_scheme(&url, "https") && !dw_url_has_scheme(&url, "http"))
        return dw_fail(reterr, DW_FORBIDDEN, "only https and http URLs are fetched");
    if (request->guard == DW_FETCH_OPERATOR)
        return true;
    if (url.has_userinfo || url.has_fragment)
        return dw_fail(reterr, DW_FORBIDDEN, "the URL must have no user name and no fragment");
    if (dw_url_has_scheme(&url, "https"))
        return true;
    if (request->guard == DW_FETCH_PUBLIC_OR_LOOPBACK && dw_url_is_loopback_host(url.host))
        return true;
    return dw_fail(reterr, DW_FORBIDDEN, "the URL must begin with https://");
}

/* curl sends what it is given: a line break in a value would be a field of its own. */
static bool add_header(struct curl_slist **headers, struct dw_arena *arena,
                       const struct dw_http_field *field, struct dw_error *reterr)
{
    struct dw_slice line = dw_arena_printf(arena, field->value.len ? "%.*s: %.*s" : "%.*s;%.*s",
                                           DW_PRINT(field->name), DW_PRINT(field->value));
    struct curl_slist *grown;

    if (!dw_http_is_token(field->name) || !dw_http_is_field_value(field->value))
        return dw_fail(reterr, DW_INTERNAL, "a header field that must not be sent was refused");
    grown = line.ptr ? curl_slist_append(*headers, line.ptr) : NULL;
    if (!grown)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *headers = grown;
    return true;
}

static const char *method_name(enum dw_http_method method)
{
    static const char *const names[] = {
        [DW_HTTP_OTHER] = "GET",     [DW_HTTP_GET] = "GET",         [DW_HTTP_HEAD] = "HEAD",
        [DW_HTTP_POST] = "POST",     [DW_HTTP_PUT] = "PUT",         [DW_HTTP_PATCH] = "PATCH",
        [DW_HTTP_DELETE] = "DELETE", [DW_HTTP_OPTIONS] = "OPTIONS",
    };

    return names[method];
}

static void set_up_method(CURL *handle, const struct dw_fetch_request *request)
{
    if (request->method == DW_HTTP_HEAD) {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request->body.len || request->method == DW_HTTP_POST) {
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body.len ? request->body.ptr : "");
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method_name(request->method));
}

bool dw_fetch_trust_also(const char *ca_file, struct dw_error *reterr)
{
    X509_STORE *store = X509_STORE_new();

    if (!store || X509_STORE_load_file(store, ca_file) != 1) {
        X509_STORE_free(store);
        return dw_fail(reterr, DW_CONFIG, "%s holds no certificate to trust", ca_file);
    }
    X509_STORE_free(also_trusted);
    also_trusted = store;
    return true;
}

/* Adds to what curl has loaded for this connection already. */
static CURLcode add_trust(CURL *handle, void *context, void *user)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(also_trusted);

    (void)handle;
    (void)user;
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

        if (certificate && X509_STORE_add_cert(store, certificate) != 1)
            return CURLE_OUT_OF_MEMORY;
    }
    return CURLE_OK;
}

static void set_up(CURL *handle, struct transfer *transfer, const char *url,
                   struct curl_slist *headers, char *error_text)
{
    const struct dw_fetch_request *request = transfer->request;
    const char *ca_file;

    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     request->timeout_ms ? (long)request->timeout_ms : DEFAULT_TIMEOUT_MS);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, dw_curl_look_at_drain);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, handle);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "doorward/" DW_VERSION);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_field);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, transfer);
    /* The environment's file as in OpenSSL's own programs: a company's proxy, a test. */
    ca_file = request->ca_file ? request->ca_file : secure_getenv("SSL_CERT_FILE");
    if (ca_file)
        curl_easy_setopt(handle, CURLOPT_CAINFO, ca_file);
    if (also_trusted)
        curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, add_trust);
    if (request->guard != DW_FETCH_OPERATOR) {
        /* A proxy would connect where our guard cannot look, and a kept connection was judged under
         * another request's guard. */
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
    }
    set_up_method(handle, request);
}

static bool fail_transfer(const struct transfer *transfer, CURLcode code, const char *error_text,
                          struct dw_error *reterr)
{
    struct dw_slice url = dw_slice_sub(transfer->request->url, 0, 80);

    if (transfer->is_refused)
        return dw_fail(reterr, DW_FORBIDDEN,
                       "%.*s leads to an address that is not public, so it is not fetched",
                       DW_PRINT(url));
    if (transfer->is_out_of_memory || code == CURLE_OUT_OF_MEMORY)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (transfer->is_too_large)
        return dw_fail(reterr, DW_UNAVAILABLE, "the answer of %.*s is larger than %zu bytes",
                       DW_PRINT(url), transfer->max_bytes);
    return dw_fail_because(reterr, DW_UNAVAILABLE, "curl", (int64_t)code, "%.*s: %s", DW_PRINT(url),
                           error_text[0] ? error_text : curl_easy_strerror(code));
}

static bool perform(struct transfer *transfer, const char *url, struct curl_slist *headers,
                    struct dw_fetch_response *ret_response, struct dw_error *reterr)
{
    char error_text[CURL_ERROR_SIZE] = "";
    CURL *handle = thread_handle();
    long status = 0;
    CURLcode code;

    if (!handle)
        return dw_fail_because(reterr, DW_UNAVAILABLE, "curl", 0, "curl does not start");
    set_up(handle, transfer, url, headers, error_text);
    code = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_reset(handle); /* it must not point to this frame any more */
    if (code != CURLE_OK)
        return fail_transfer(transfer, code, error_text, reterr);
    ret_response->status = (int)status;
    ret_response->fields = (struct dw_http_fields){transfer->fields, transfer->field_count};
    return dw_buf_finish(&transfer->body, &ret_response->body, reterr);
}

static void free_headers(struct curl_slist **headers)
{
    curl_slist_free_all(*headers);
}

bool dw_fetch(const struct dw_fetch_request *request, struct dw_arena *arena,
              struct dw_fetch_response *ret_response, struct dw_error *reterr)
{
    dw_auto(free_headers) struct curl_slist *headers = NULL;
    char *url = dw_arena_text(arena, request->url);
    struct transfer transfer = {
        .request = request,
        .arena = arena,
        .body = dw_buf_in(arena),
        .max_bytes = request->max_bytes ? request->max_bytes : DEFAULT_MAX_BYTES,
        .fields = dw_arena_new_array(arena, MAX_RESPONSE_FIELDS, sizeof *transfer.fields),
    };

    if (!url || !transfer.fields)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!check_url(request, reterr))
        return false;
    /* Without it curl would ask for 100 Continue before a larger body and wait a second. */
    headers = curl_slist_append(NULL, "Expect:");
    if (!headers)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < request->fields.count; i++)
        if (!add_header(&headers, arena, &request->fields.items[i], reterr))
            return false;
    return perform(&transfer, url, headers, ret_response, reterr);
}
