/* The development authority's files, and the certificates of a process. The authority's key and
 * certificate are one file, ca.key, so that two processes that start at once agree; ca.crt is
 * written from it. Certificates of servers are never written: each process makes its own. */
#include "cli/development_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "crypto/authority.h"
#include "net/fetch.h"
#include "sys/sys.h"

#define DAY_S 86400
#define AUTHORITY_LIFE_S ((int64_t)10 * 365 * DAY_S)
#define CERTIFICATE_LIFE_S ((int64_t)30 * DAY_S) /* Apple and Chromium take 398 days at most */
#define RENEW_BEFORE_S ((int64_t)10 * DAY_S)
#define BACKDATE_S 3600 /* for virtual machines whose clock is behind */
#define ARENA_BYTES ((size_t)256 * 1024)
#define MAX_FILE_BYTES ((size_t)64 * 1024)
#define MAX_HOSTS 4

static const struct dw_slice always[] = {DW_LIT("localhost"), DW_LIT("127.0.0.1"), DW_LIT("::1")};
#define ALWAYS_COUNT (sizeof always / sizeof always[0])

struct dw_development_tls {
    struct dw_arena *arena;
    struct dw_authority *authority;
    struct dw_key *key; /* of every certificate of this process */
    struct dw_secret key_pem;
    struct dw_slice names[ALWAYS_COUNT + MAX_HOSTS];
    size_t name_count;
    struct dw_slice ca_file;
    struct dw_server_tls *server;
};

static bool is_in(const struct dw_slice *names, size_t count, struct dw_slice name)
{
    for (size_t i = 0; i < count; i++)
        if (dw_slice_eq(names[i], name))
            return true;
    return false;
}

static void fill_request(struct dw_x509_request *request, const char *common_name, int64_t life_s)
{
    int64_t now_s = dw_sys_wall_s();

    request->common_name = dw_slice_from_text(common_name);
    request->not_before_s = now_s - BACKDATE_S;
    request->not_after_s = now_s + life_s;
    dw_sys_random(request->serial, sizeof request->serial);
}

/* ---- the authority ---- */

static bool make_authority_file(const struct dw_development_tls *tls, const char *path,
                                struct dw_error *reterr)
{
    struct dw_x509_request request = {
        .names = {(struct dw_slice *)(uintptr_t)tls->names + ALWAYS_COUNT,
                  tls->name_count - ALWAYS_COUNT}};
    dw_auto(dw_authority_auto_free) struct dw_authority *authority = NULL;
    struct dw_slice certificate, both;
    struct dw_secret key;

    fill_request(&request, "Doorward development authority", AUTHORITY_LIFE_S);
    authority = dw_authority_make(&request, reterr);
    if (!authority || !dw_authority_pem(authority, tls->arena, &certificate, &key, reterr))
        return false;
    both = dw_arena_printf(tls->arena, "%.*s%.*s", DW_PRINT(key.hidden), DW_PRINT(certificate));
    if (!both.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_sys_make_file(path, 0600, both, reterr);
}

static bool open_authority(struct dw_development_tls *tls, const char *path,
                           struct dw_error *reterr)
{
    struct dw_slice text;
    struct stat info;

    if (stat(path, &info) != 0 && errno == ENOENT && !make_authority_file(tls, path, reterr))
        return false;
    if (stat(path, &info) == 0 && (info.st_mode & 077) != 0)
        return dw_fail(reterr, DW_CONFIG, "others can read the key file %s; run: chmod 600 %s",
                       path, path);
    if (!dw_sys_read_file(path, MAX_FILE_BYTES, tls->arena, &text, reterr))
        return false;
    tls->authority = dw_authority_open(text, dw_secret_from(text), reterr);
    if (!tls->authority)
        return dw_fail(reterr, DW_CONFIG,
                       "%s is not what --https made; remove it, and the next start makes a new one",
                       path);
    if (dw_authority_not_after_s(tls->authority) <= dw_sys_wall_s() + CERTIFICATE_LIFE_S)
        return dw_fail(reterr, DW_CONFIG,
                       "the development authority in %s ends within a month; remove it, and trust "
                       "the new one that the next start makes",
                       path);
    return true;
}

/* For everyone to trust: always what the authority's own file says. */
static bool publish(struct dw_development_tls *tls, const char *path, struct dw_error *reterr)
{
    struct dw_slice certificate, written;
    struct dw_secret key;
    char *absolute;

    if (!dw_authority_pem(tls->authority, tls->arena, &certificate, &key, reterr))
        return false;
    if ((!dw_sys_read_file(path, MAX_FILE_BYTES, tls->arena, &written, NULL) ||
         !dw_slice_eq(written, certificate)) &&
        !dw_sys_write_file(path, 0644, certificate, reterr))
        return false;
    absolute = realpath(path, NULL);
    tls->ca_file = dw_arena_copy(tls->arena, dw_slice_from_text(absolute ? absolute : path));
    free(absolute); /* realpath's own memory */
    if (!tls->ca_file.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_fetch_trust_also(path, reterr);
}

/* ---- certificates ---- */

static bool issue(void *user, struct dw_slice host, struct dw_arena *arena,
                  struct dw_certificate *ret_certificate, struct dw_error *reterr)
{
    const struct dw_development_tls *tls = user;
    struct dw_slice names[ALWAYS_COUNT + MAX_HOSTS + 1];
    struct dw_x509_request request = {.names = {names, tls->name_count}};

    memcpy(names, tls->names, tls->name_count * sizeof names[0]);
    if (host.len && !is_in(names, tls->name_count, host))
        names[request.names.count++] = host;
    fill_request(&request, "Doorward development", CERTIFICATE_LIFE_S);
    ret_certificate->key_pem = tls->key_pem;
    ret_certificate->renew_at_s = request.not_after_s - RENEW_BEFORE_S;
    return dw_authority_issue(tls->authority, tls->key, &request, arena,
                              &ret_certificate->certificate_pem, reterr);
}

static bool open_server(struct dw_development_tls *tls, const char *key_file,
                        struct dw_error *reterr)
{
    const struct dw_certificate_source source = {.issue = issue, .user = tls};
    struct dw_error error = {.code = DW_OK};

    tls->key = dw_key_generate(DW_KEY_P256, 0, reterr);
    if (!tls->key || !dw_key_to_pem(tls->key, tls->arena, &tls->key_pem, reterr))
        return false;
    tls->server = dw_server_tls_open_issuing(&source, &error);
    if (!tls->server && error.code == DW_FORBIDDEN)
        return dw_fail(reterr, DW_CONFIG,
                       "the development authority in %s was made for another host name; remove it, "
                       "and trust the new one that the next start makes",
                       key_file);
    if (!tls->server && reterr)
        *reterr = error;
    return tls->server != NULL;
}

static bool set_names(struct dw_development_tls *tls, struct dw_slices hosts,
                      struct dw_error *reterr)
{
    memcpy(tls->names, always, sizeof always);
    tls->name_count = ALWAYS_COUNT;
    for (size_t i = 0; i < hosts.count && i < MAX_HOSTS; i++) {
        struct dw_slice name = dw_arena_copy(tls->arena, hosts.items[i]);

        if (!name.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (!is_in(tls->names, tls->name_count, name))
            tls->names[tls->name_count++] = name;
    }
    return true;
}

static bool open_all(struct dw_development_tls *tls, struct dw_slice state_dir,
                     struct dw_slices hosts, struct dw_error *reterr)
{
    char *folder = dw_arena_text(tls->arena, state_dir);
    struct dw_slice key_file = dw_arena_printf(tls->arena, "%.*s/ca.key", DW_PRINT(state_dir));
    struct dw_slice ca_file = dw_arena_printf(tls->arena, "%.*s/ca.crt", DW_PRINT(state_dir));

    if (!folder || !key_file.ptr || !ca_file.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return set_names(tls, hosts, reterr) && dw_sys_make_folder(folder, reterr) &&
           open_authority(tls, key_file.ptr, reterr) && publish(tls, ca_file.ptr, reterr) &&
           open_server(tls, key_file.ptr, reterr);
}

struct dw_development_tls *dw_development_tls_open(struct dw_slice state_dir,
                                                   struct dw_slices hosts, struct dw_error *reterr)
{
    struct dw_development_tls *tls = dw_mem_new(sizeof *tls);

    if (tls)
        tls->arena = dw_arena_new(ARENA_BYTES);
    if (!tls || !tls->arena) {
        dw_development_tls_close(tls);
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (open_all(tls, state_dir, hosts, reterr))
        return tls;
    dw_development_tls_close(tls);
    return NULL;
}

void dw_development_tls_close(struct dw_development_tls *tls)
{
    if (!tls)
        return;
    dw_server_tls_free(tls->server);
    dw_authority_free(tls->authority);
    dw_key_unref(tls->key);
    if (tls->arena)
        dw_arena_free(tls->arena);
    dw_mem_free(tls);
}

struct dw_server_tls *dw_development_tls_server(const struct dw_development_tls *tls)
{
    return tls->server;
}

struct dw_slice dw_development_tls_ca_file(const struct dw_development_tls *tls)
{
    return tls->ca_file;
}

void dw_development_tls_print(struct dw_slice ca_file, struct dw_slice url, struct dw_buf *out)
{
    dw_buf_printf(
        out,
        "Its certificates are signed by an authority of this machine's own. To trust it:\n"
        "  Node.js              export NODE_EXTRA_CA_CERTS=%.*s\n"
        "  OpenSSL, Python, Go  export SSL_CERT_FILE=%.*s   (instead of the system's)\n"
        "  curl                 curl --cacert %.*s %.*s\n"
        "  Chromium             certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n doorward -i "
        "%.*s\n",
        DW_PRINT(ca_file), DW_PRINT(ca_file), DW_PRINT(ca_file), DW_PRINT(url), DW_PRINT(ca_file));
}
