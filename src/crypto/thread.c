/* What each thread keeps of OpenSSL. */
#include "crypto/thread_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <threads.h>

#include "base/mem.h"

static const char *const md_names[DW_DIGEST_COUNT] = {
    [DW_SHA256] = "SHA2-256",
    [DW_SHA384] = "SHA2-384",
    [DW_SHA512] = "SHA2-512",
    [DW_SHA1] = "SHA1",
};

static once_flag once = ONCE_FLAG_INIT;
static tss_t at_thread_end;
static bool has_thread_end;
static EVP_MD *mds[DW_DIGEST_COUNT]; /* these two until the process ends */
static EVP_MAC *hmac;
static _Thread_local struct dw_crypto_thread *here;

static void free_thread(void *memory)
{
    struct dw_crypto_thread *thread = memory;

    for (size_t i = 0; i < DW_CRYPTO_SLOTS; i++)
        EVP_PKEY_CTX_free(thread->slots[i].context);
    for (size_t i = 0; i < DW_DIGEST_COUNT; i++)
        EVP_MAC_CTX_free(thread->hmacs[i]);
    EVP_MD_CTX_free(thread->digest);
    dw_mem_free(thread);
    here = NULL;
}

static void start(void)
{
    for (size_t i = 0; i < DW_DIGEST_COUNT; i++)
        mds[i] = EVP_MD_fetch(NULL, md_names[i], NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    has_thread_end = tss_create(&at_thread_end, free_thread) == thrd_success;
}

struct dw_crypto_thread *dw_crypto_thread(struct dw_error *reterr)
{
    struct dw_crypto_thread *thread = here;

    if (thread)
        return thread;
    call_once(&once, start);
    thread = dw_mem_new(sizeof *thread);
    if (thread)
        thread->digest = EVP_MD_CTX_new();
    if (!thread || !thread->digest || !has_thread_end ||
        tss_set(at_thread_end, thread) != thrd_success) {
        if (thread)
            free_thread(thread);
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    here = thread;
    return thread;
}

const EVP_MD *dw_crypto_md(enum dw_digest_alg alg, struct dw_error *reterr)
{
    call_once(&once, start);
    if ((unsigned)alg >= DW_DIGEST_COUNT || !mds[alg]) {
        dw_fail_because(reterr, DW_UNAVAILABLE, "openssl", (int64_t)alg,
                        "OpenSSL does not have the digest");
        return NULL;
    }
    return mds[alg];
}

EVP_MAC_CTX *dw_crypto_hmac(enum dw_digest_alg alg, struct dw_error *reterr)
{
    struct dw_crypto_thread *thread = dw_crypto_thread(reterr);
    OSSL_PARAM parameters[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    EVP_MAC_CTX *fresh;

    if (!thread || !dw_crypto_md(alg, reterr))
        return NULL;
    if (thread->hmacs[alg])
        return thread->hmacs[alg];
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                     (char *)(uintptr_t)md_names[alg], 0);
    fresh = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    if (!fresh || EVP_MAC_CTX_set_params(fresh, parameters) != 1) {
        EVP_MAC_CTX_free(fresh);
        dw_crypto_fail(reterr, "HMAC");
        return NULL;
    }
    thread->hmacs[alg] = fresh;
    return fresh;
}

bool dw_crypto_fail(struct dw_error *reterr, const char *what)
{
    unsigned long code = ERR_get_error();
    char text[120];

    ERR_clear_error();
    if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    ERR_error_string_n(code, text, sizeof text);
    return dw_fail_because(reterr, DW_UNAVAILABLE, "openssl", (int64_t)code, "%s: %s", what, text);
}
