/* TLS 1.2 and 1.3 through OpenSSL memory BIOs, so that the sockets stay the loop's. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "net/net_internal.h"
#include "net/server.h"
#include "net/tls_internal.h"
#include "net/tls_issuer_internal.h"

/* TLS 1.2: forward secrecy and AEAD only (RFC 9325 section 4.2); TLS 1.3 has nothing else. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

struct dw_server_tls {
    SSL_CTX *context; /* under lock: sessions of any loop take it, a reload replaces it */
    uv_mutex_t lock;
    char *certificate_file, *key_file; /* NULL with an issuer */
    struct dw_tls_issuer *issuer;      /* NULL with files */
};

struct dw_client_tls {
    SSL_CTX *context;
};

struct dw_tls_session {
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
};

static bool fail_openssl(struct dw_error *reterr, enum dw_code code, const char *what,
                         const char *file)
{
    unsigned long number = ERR_peek_last_error();
    char text[96] = "";

    if (number)
        ERR_error_string_n(number, text, sizeof text);
    ERR_clear_error();
    return dw_fail_because(reterr, code, "openssl", (int64_t)number, "%s%s%s: %s", what,
                           file ? " " : "", file ? file : "", text);
}

static int choose_protocol(SSL *ssl, const unsigned char **ret_protocol, unsigned char *ret_len,
                           const unsigned char *offered, unsigned offered_len, void *user)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;

    (void)ssl;
    (void)user;
    if (SSL_select_next_proto(&chosen, ret_len, ours, sizeof ours - 1, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301 3.2: no_application_protocol */
    *ret_protocol = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *context_new(const SSL_METHOD *method, struct dw_error *reterr)
{
    SSL_CTX *context = SSL_CTX_new(method);

    if (context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_cipher_list(context, TLS12_CIPHERS) == 1) {
        SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        return context;
    }
    SSL_CTX_free(context);
    (void)fail_openssl(reterr, DW_UNAVAILABLE, "preparing TLS", NULL);
    return NULL;
}

static SSL_CTX *server_context(struct dw_error *reterr)
{
    SSL_CTX *context = context_new(TLS_server_method(), reterr);

    if (context)
        SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return context;
}

static SSL_CTX *load_pair(const char *certificate_file, const char *key_file,
                          struct dw_error *reterr)
{
    SSL_CTX *context = server_context(reterr);
    const char *what = NULL, *file = NULL;

    if (!context)
        return NULL;
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file) != 1) {
        what = "cannot be used as a TLS certificate chain";
        file = certificate_file;
    } else if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1 ||
               SSL_CTX_check_private_key(context) != 1) {
        what = "cannot be used as the TLS key of that certificate";
        file = key_file;
    }
    if (!what)
        return context;
    SSL_CTX_free(context);
    (void)fail_openssl(reterr, DW_CONFIG, "loading", file);
    /* The operator's own file: the message may name it. */
    if (reterr) {
        struct dw_error with_cause = *reterr;

        (void)dw_fail(&with_cause, DW_CONFIG, "%s: %s", file, what);
        memcpy(reterr->message, with_cause.message, sizeof reterr->message);
    }
    return NULL;
}

/* ---- a server's certificate ---- */

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = dw_mem_alloc(size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

static struct dw_server_tls *server_tls_new(struct dw_error *reterr)
{
    struct dw_server_tls *tls = dw_mem_new(sizeof *tls);

    if (tls && uv_mutex_init(&tls->lock) == 0)
        return tls;
    dw_mem_free(tls);
    (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return NULL;
}

struct dw_server_tls *dw_server_tls_open(const char *certificate_file, const char *key_file,
                                         struct dw_error *reterr)
{
    struct dw_server_tls *tls = server_tls_new(reterr);

    if (!tls)
        return NULL;
    tls->certificate_file = copy_text(certificate_file);
    tls->key_file = copy_text(key_file);
    if (!tls->certificate_file || !tls->key_file)
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    else
        tls->context = load_pair(certificate_file, key_file, reterr);
    if (tls->context)
        return tls;
    dw_server_tls_free(tls);
    return NULL;
}

struct dw_server_tls *dw_server_tls_open_issuing(const struct dw_certificate_source *source,
                                                 struct dw_error *reterr)
{
    struct dw_server_tls *tls = server_tls_new(reterr);

    if (!tls)
        return NULL;
    tls->issuer = dw_tls_issuer_new(source, reterr);
    tls->context = tls->issuer ? server_context(reterr) : NULL;
    if (!tls->context) {
        dw_server_tls_free(tls);
        return NULL;
    }
    dw_tls_issuer_install(tls->issuer, tls->context);
    return tls;
}

bool dw_server_tls_reload(struct dw_server_tls *tls, struct dw_error *reterr)
{
    SSL_CTX *fresh, *old;

    if (tls->issuer)
        return true; /* makes its certificates afresh by itself */
    fresh = load_pair(tls->certificate_file, tls->key_file, reterr);
    if (!fresh)
        return false;
    uv_mutex_lock(&tls->lock);
    old = tls->context;
    tls->context = fresh;
    uv_mutex_unlock(&tls->lock);
    SSL_CTX_free(old); /* sessions hold references of their own */
    return true;
}

void dw_server_tls_free(struct dw_server_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    dw_tls_issuer_free(tls->issuer);
    uv_mutex_destroy(&tls->lock);
    dw_mem_free(tls->certificate_file);
    dw_mem_free(tls->key_file);
    dw_mem_free(tls);
}

/* ---- a client's trust ---- */

struct dw_client_tls *dw_client_tls_open(const char *ca_file, struct dw_error *reterr)
{
    struct dw_client_tls *tls = dw_mem_new(sizeof *tls);

    if (!tls) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    tls->context = context_new(TLS_client_method(), reterr);
    if (!tls->context) {
        dw_mem_free(tls);
        return NULL;
    }
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    if (ca_file ? SSL_CTX_load_verify_file(tls->context, ca_file) == 1
                : SSL_CTX_set_default_verify_paths(tls->context) == 1)
        return tls;
    (void)fail_openssl(reterr, DW_CONFIG, "loading trusted certificates from",
                       ca_file ? ca_file : "the system");
    dw_client_tls_free(tls);
    return NULL;
}

void dw_client_tls_free(struct dw_client_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    dw_mem_free(tls);
}

/* ---- sessions ---- */

static struct dw_tls_session *session_new(SSL_CTX *context)
{
    struct dw_tls_session *session = dw_mem_new(sizeof *session);

    if (!session)
        return NULL;
    session->ssl = SSL_new(context);
    session->in = BIO_new(BIO_s_mem());
    session->out = BIO_new(BIO_s_mem());
    if (session->ssl && session->in && session->out) {
        BIO_set_mem_eof_return(session->in, -1); /* empty means: wait */
        BIO_set_mem_eof_return(session->out, -1);
        SSL_set_bio(session->ssl, session->in, session->out);
        return session;
    }
    BIO_free(session->in);
    BIO_free(session->out);
    SSL_free(session->ssl);
    dw_mem_free(session);
    return NULL;
}

struct dw_tls_session *dw_tls_accept(struct dw_server_tls *tls)
{
    struct dw_tls_session *session;

    uv_mutex_lock(&tls->lock);
    session = session_new(tls->context);
    uv_mutex_unlock(&tls->lock);
    if (session)
        SSL_set_accept_state(session->ssl);
    return session;
}

static bool set_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *rules = SSL_get0_param(ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(rules, host) == 1)
        return true; /* an address: no SNI (RFC 6066 section 3) */
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* SSL_set_tlsext_host_name, whose cast some compilers refuse; OpenSSL copies the text. */
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)host) == 1 &&
           X509_VERIFY_PARAM_set1_host(rules, host, 0) == 1;
}

struct dw_tls_session *dw_tls_connect(struct dw_client_tls *tls, const char *host)
{
    struct dw_tls_session *session = session_new(tls->context);

    if (session && !set_host(session->ssl, host)) {
        dw_tls_session_free(session);
        return NULL;
    }
    if (session)
        SSL_set_connect_state(session->ssl);
    return session;
}

void dw_tls_session_free(struct dw_tls_session *session)
{
    if (!session)
        return;
    SSL_free(session->ssl);
    dw_mem_free(session);
}

bool dw_tls_take(struct dw_tls_session *session, struct dw_slice bytes)
{
    return bytes.len <= INT32_MAX &&
           BIO_write(session->in, bytes.ptr, (int)bytes.len) == (int)bytes.len;
}

static enum dw_tls_step step_of(struct dw_tls_session *session, int result, struct dw_error *reterr)
{
    long verification = SSL_get_verify_result(session->ssl);

    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return DW_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return DW_TLS_CLOSED;
    default:
        if (verification != X509_V_OK)
            (void)dw_fail_because(reterr, DW_BAD_GATEWAY, "openssl", verification,
                                  "the certificate of the peer is not good: %s",
                                  X509_verify_cert_error_string(verification));
        else
            (void)fail_openssl(reterr, DW_MALFORMED, "TLS", NULL);
        ERR_clear_error();
        return DW_TLS_FAILED;
    }
}

enum dw_tls_step dw_tls_read(struct dw_tls_session *session, char *room, size_t size,
                             size_t *ret_len, struct dw_error *reterr)
{
    int count;

    ERR_clear_error();
    count = SSL_read(session->ssl, room, size > INT32_MAX ? INT32_MAX : (int)size);
    *ret_len = count > 0 ? (size_t)count : 0;
    return count > 0 ? DW_TLS_DONE : step_of(session, count, reterr);
}

enum dw_tls_step dw_tls_handshake(struct dw_tls_session *session, struct dw_error *reterr)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(session->ssl);
    return result == 1 ? DW_TLS_DONE : step_of(session, result, reterr);
}

bool dw_tls_write(struct dw_tls_session *session, struct dw_slice bytes)
{
    ERR_clear_error();
    while (bytes.len) {
        int count =
            SSL_write(session->ssl, bytes.ptr, bytes.len > INT32_MAX ? INT32_MAX : (int)bytes.len);

        if (count <= 0) {
            ERR_clear_error();
            return false;
        }
        bytes = dw_slice_sub(bytes, (size_t)count, bytes.len);
    }
    return true;
}

bool dw_tls_is_ready(const struct dw_tls_session *session)
{
    return SSL_is_init_finished(session->ssl) == 1;
}

void dw_tls_close(struct dw_tls_session *session)
{
    if (dw_tls_is_ready(session))
        (void)SSL_shutdown(session->ssl);
    ERR_clear_error();
}

struct dw_slice dw_tls_unsent(struct dw_tls_session *session)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(session->out, &bytes);

    return len > 0 ? dw_slice_from(bytes, (size_t)len) : DW_EMPTY;
}

void dw_tls_sent(struct dw_tls_session *session, size_t len)
{
    char dropped[4096];

    if (len == dw_tls_unsent(session).len) {
        (void)BIO_reset(session->out);
        return;
    }
    while (len) {
        int count =
            BIO_read(session->out, dropped, (int)(len < sizeof dropped ? len : sizeof dropped));

        if (count <= 0)
            return;
        len -= (size_t)count;
    }
}
