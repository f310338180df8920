/* Keeps the certificates that a source has made for the names clients asked for (SNI, RFC 6066
 * section 3), and has them made again before they end. */
#include "net/tls_issuer_internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/mem.h"
#include "net/net_internal.h"

/* Whoever asks for more names pushes out the one that was made first. */
#define MAX_HOSTS 64
#define MAX_HOST_BYTES 253
#define ISSUE_ARENA_BYTES ((size_t)64 * 1024)

struct issued {
    char host[MAX_HOST_BYTES + 1]; /* "": no name was asked for */
    X509 *certificate;             /* NULL: the slot is free */
    EVP_PKEY *key;
    int64_t renew_at_s;
};

struct dw_tls_issuer {
    struct dw_certificate_source source;
    uv_mutex_t lock;                     /* over all below */
    struct issued issued[1 + MAX_HOSTS]; /* the first is for "" */
    size_t next;                         /* among the others */
};

DW_AUTO_FREE(free_bio, BIO, BIO_free)

static int64_t wall_s(void)
{
    uv_timeval64_t now = {0};

    return uv_gettimeofday(&now) == 0 ? now.tv_sec : INT64_MAX; /* cannot tell: make it again */
}

static void release(struct issued *issued)
{
    X509_free(issued->certificate);
    EVP_PKEY_free(issued->key);
    *issued = (struct issued){.certificate = NULL};
}

static bool read_pair(const struct dw_certificate *made, struct issued *ret_issued,
                      struct dw_error *reterr)
{
    struct dw_slice key_pem = made->key_pem.hidden;
    dw_auto(free_bio) BIO *certificate =
        BIO_new_mem_buf(made->certificate_pem.ptr, (int)made->certificate_pem.len);
    dw_auto(free_bio) BIO *key = BIO_new_mem_buf(key_pem.ptr, (int)key_pem.len);

    if (certificate && key) {
        ret_issued->certificate = PEM_read_bio_X509(certificate, NULL, NULL, NULL);
        ret_issued->key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
    }
    if (ret_issued->certificate && ret_issued->key)
        return true;
    release(ret_issued);
    ERR_clear_error();
    return dw_fail(reterr, DW_INTERNAL, "a certificate that was just made cannot be read");
}

static bool issue(struct dw_tls_issuer *issuer, struct issued *slot, const char *host,
                  struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(ISSUE_ARENA_BYTES);
    struct issued fresh = {.certificate = NULL};
    struct dw_certificate made;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!issuer->source.issue(issuer->source.user, dw_slice_from_text(host), arena, &made,
                              reterr) ||
        !read_pair(&made, &fresh, reterr))
        return false;
    fresh.renew_at_s = made.renew_at_s;
    memcpy(fresh.host, host, strlen(host));
    release(slot);
    *slot = fresh;
    return true;
}

static struct issued *find(struct dw_tls_issuer *issuer, const char *host)
{
    for (size_t i = 0; i <= MAX_HOSTS; i++)
        if (issuer->issued[i].certificate && strcmp(issuer->issued[i].host, host) == 0)
            return &issuer->issued[i];
    return NULL;
}

/* The certificate for a name; that for no name when the source makes none for it, as a server does
 * that has one certificate: the client then sees the mismatch. NULL: there is none at all. */
static struct issued *certificate_for(struct dw_tls_issuer *issuer, const char *host)
{
    struct issued *slot = find(issuer, host);
    bool is_new = !slot;

    if (slot && wall_s() < slot->renew_at_s)
        return slot;
    if (is_new)
        slot = *host ? &issuer->issued[1 + issuer->next] : &issuer->issued[0];
    if (issue(issuer, slot, host, NULL)) {
        if (is_new && *host)
            issuer->next = (issuer->next + 1) % MAX_HOSTS;
        return slot;
    }
    return *host ? certificate_for(issuer, "") : NULL;
}

static int choose_certificate(SSL *ssl, void *user)
{
    struct dw_tls_issuer *issuer = user;
    const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    char host[MAX_HOST_BYTES + 1] = "";
    struct issued *chosen;
    int is_set;

    for (size_t i = 0; asked && asked[i] && strlen(asked) <= MAX_HOST_BYTES; i++) {
        bool is_upper = asked[i] >= 'A' && asked[i] <= 'Z';

        host[i] = is_upper ? (char)(asked[i] | 0x20) : asked[i];
    }
    uv_mutex_lock(&issuer->lock);
    chosen = certificate_for(issuer, host);
    is_set = chosen ? SSL_use_cert_and_key(ssl, chosen->certificate, chosen->key, NULL, 1) == 1 : 0;
    uv_mutex_unlock(&issuer->lock);
    ERR_clear_error();
    return is_set; /* 0: the handshake ends with an alert */
}

struct dw_tls_issuer *dw_tls_issuer_new(const struct dw_certificate_source *source,
                                        struct dw_error *reterr)
{
    struct dw_tls_issuer *issuer = dw_mem_new(sizeof *issuer);

    if (!issuer || uv_mutex_init(&issuer->lock)) {
        dw_mem_free(issuer);
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    issuer->source = *source;
    if (issue(issuer, &issuer->issued[0], "", reterr))
        return issuer;
    dw_tls_issuer_free(issuer);
    return NULL;
}

void dw_tls_issuer_free(struct dw_tls_issuer *issuer)
{
    if (!issuer)
        return;
    for (size_t i = 0; i <= MAX_HOSTS; i++)
        release(&issuer->issued[i]);
    uv_mutex_destroy(&issuer->lock);
    dw_mem_free(issuer);
}

void dw_tls_issuer_install(struct dw_tls_issuer *issuer, SSL_CTX *context)
{
    SSL_CTX_set_cert_cb(context, choose_certificate, issuer);
}
