/* SMTP with libcurl; see smtp.h. One connection a mail: mails are rare, and nothing stays open. */
#include "net/smtp.h"

#include <stdlib.h>

#include "http/url.h"
#include "net/curl_internal.h"

#define DEFAULT_TIMEOUT_MS 30000L
#define CONNECT_TIMEOUT_MS 10000L

struct upload {
    struct dw_slice rest;
};

static size_t give_message(char *room, size_t size, size_t count, void *user)
{
    struct upload *upload = user;
    struct dw_slice part = dw_slice_sub(upload->rest, 0, size * count);

    memcpy(room, part.ptr, part.len);
    upload->rest = dw_slice_sub(upload->rest, part.len, upload->rest.len);
    return part.len;
}

static size_t drop_reply(char *bytes, size_t size, size_t count, void *user)
{
    (void)bytes;
    (void)user;
    return size * count;
}

/* One word of the dialogue: nothing that ends the line, the address or the command. */
static bool is_word(struct dw_slice address)
{
    for (size_t i = 0; i < address.len; i++) {
        unsigned char byte = (unsigned char)address.ptr[i];

        if (byte <= 0x20 || byte >= 0x7f || byte == '<' || byte == '>')
            return false;
    }
    return address.len > 0 && address.len <= 254;
}

static bool check(const struct dw_smtp_request *request, bool *ret_is_plain_allowed,
                  struct dw_error *reterr)
{
    struct dw_url url;

    if (!dw_url_parse(request->url, &url, NULL) || url.has_userinfo || url.has_query ||
        !(dw_url_has_scheme(&url, "smtp") || dw_url_has_scheme(&url, "smtps")))
        return dw_fail(reterr, DW_CONFIG,
                       "[mail] url must be like smtp://mail.example.com:587 or "
                       "smtps://mail.example.com:465");
    if (!is_word(request->from) || !is_word(request->to))
        return dw_fail(reterr, DW_INTERNAL, "a mail address that must not be sent was refused");
    *ret_is_plain_allowed = dw_url_has_scheme(&url, "smtp") && dw_url_is_loopback_host(url.host);
    return true;
}

static void set_up_dialogue(CURL *handle, const struct dw_smtp_request *request,
                            bool is_plain_allowed, struct upload *upload)
{
    const char *ca_file = request->ca_file ? request->ca_file : secure_getenv("SSL_CERT_FILE");

    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(handle, CURLOPT_USE_SSL,
                     (long)(is_plain_allowed ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     request->timeout_ms ? (long)request->timeout_ms : DEFAULT_TIMEOUT_MS);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, dw_curl_look_at_drain);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, handle);
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_message);
    curl_easy_setopt(handle, CURLOPT_READDATA, upload);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, drop_reply);
    if (ca_file)
        curl_easy_setopt(handle, CURLOPT_CAINFO, ca_file);
}

/* False: memory is short. */
static bool set_up_texts(CURL *handle, const struct dw_smtp_request *request,
                         struct dw_arena *arena, struct curl_slist **recipients)
{
    struct dw_slice to = dw_arena_printf(arena, "<%.*s>", DW_PRINT(request->to));
    struct dw_slice from = dw_arena_printf(arena, "<%.*s>", DW_PRINT(request->from));
    char *url = dw_arena_text(arena, request->url);
    char *user = dw_arena_text(arena, request->user);
    char *password = dw_arena_text(arena, request->password.hidden);

    *recipients = to.ptr ? curl_slist_append(NULL, to.ptr) : NULL;
    if (!*recipients || !from.ptr || !url || !user || !password)
        return false;
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_MAIL_FROM, from.ptr);
    curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, *recipients);
    if (request->user.len > 0) {
        curl_easy_setopt(handle, CURLOPT_USERNAME, user);
        curl_easy_setopt(handle, CURLOPT_PASSWORD, password);
    }
    return true;
}

/* RFC 5321 section 4.2.1: 5yz is a permanent refusal. A refused login is none of the mail's. */
static bool fail_dialogue(CURLcode code, long reply, const char *error_text,
                          struct dw_error *reterr)
{
    bool is_final =
        reply >= 500 && reply < 600 && code != CURLE_LOGIN_DENIED && code != CURLE_USE_SSL_FAILED;

    if (code == CURLE_OUT_OF_MEMORY)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_fail_because(reterr, is_final ? DW_FORBIDDEN : DW_UNAVAILABLE, "curl", (int64_t)code,
                           "%s (reply %ld)", error_text[0] ? error_text : curl_easy_strerror(code),
                           reply);
}

bool dw_smtp_send(const struct dw_smtp_request *request, struct dw_arena *arena,
                  struct dw_error *reterr)
{
    struct upload upload = {request->message};
    char error_text[CURL_ERROR_SIZE] = "";
    struct curl_slist *recipients = NULL;
    bool is_plain_allowed = false;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long reply = 0;
    CURL *handle;

    if (!check(request, &is_plain_allowed, reterr))
        return false;
    handle = dw_curl_start() ? curl_easy_init() : NULL;
    if (!handle)
        return dw_fail_because(reterr, DW_UNAVAILABLE, "curl", 0, "curl does not start");
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text);
    set_up_dialogue(handle, request, is_plain_allowed, &upload);
    if (set_up_texts(handle, request, arena, &recipients)) {
        code = curl_easy_perform(handle);
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply);
    }
    curl_slist_free_all(recipients);
    curl_easy_cleanup(handle);
    return code == CURLE_OK || fail_dialogue(code, reply, error_text, reterr);
}
