/* Finding or making the master key; see secrets_internal.h. */
#include "tenant/secrets_internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/text.h"
#include "crypto/hmac.h"
#include "sys/sys.h"

#define KEY_FILE_MAX_BYTES 256

static bool read_hex(struct dw_slice hex, const char *source, struct dw_arena *arena,
                     unsigned char *ret_key, struct dw_error *reterr)
{
    struct dw_slice bytes;

    while (hex.len > 0 && strchr(" \t\r\n", hex.ptr[hex.len - 1]))
        hex.len--;
    if (!dw_text_unhex(hex, arena, &bytes, NULL) || bytes.len != DW_MASTER_KEY_BYTES)
        return dw_fail(reterr, DW_CONFIG,
                       "%s must be 64 hex digits; make one with: openssl rand -hex 32", source);
    memcpy(ret_key, bytes.ptr, bytes.len);
    return true;
}

static bool make_file(const char *path, struct dw_arena *arena, struct dw_error *reterr)
{
    unsigned char random[DW_MASTER_KEY_BYTES];
    struct dw_slice hex, line;

    dw_sys_random(random, sizeof random);
    hex = dw_text_hex(arena, dw_slice_from((const char *)random, sizeof random));
    line = dw_arena_printf(arena, "%.*s\n", DW_PRINT(hex));
    if (!hex.ptr || !line.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_sys_make_file(path, 0600, line, reterr);
}

/* A new key would open nothing of a store that is there, and lie in the way of the old one. */
static bool make_first(const char *path, bool has_store, struct dw_arena *arena,
                       struct dw_error *reterr)
{
    if (has_store)
        return dw_fail(reterr, DW_CONFIG,
                       "put the key file back, or set DOORWARD_KEY to what was in it: the store "
                       "was sealed under it, and there is no %s",
                       path);
    return make_file(path, arena, reterr);
}

static bool read_file(const struct dw_tenant_config *config, struct dw_arena *arena,
                      unsigned char *ret_key, struct dw_error *reterr)
{
    struct dw_slice path = dw_arena_printf(arena, "%.*s/key", DW_PRINT(config->state_dir));
    struct dw_slice store = dw_arena_printf(arena, "%.*s/tenant.db", DW_PRINT(config->state_dir));
    struct dw_slice text;
    struct stat info;
    bool has_store;

    if (!path.ptr || !store.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    /* Looked for before the key, which other processes that start now make first. */
    has_store = stat(store.ptr, &info) == 0 && info.st_size > 0;
    if (stat(path.ptr, &info) != 0 && errno == ENOENT &&
        !make_first(path.ptr, has_store, arena, reterr))
        return false;
    if (stat(path.ptr, &info) == 0 && (info.st_mode & 077) != 0)
        return dw_fail(reterr, DW_CONFIG, "others can read the key file %s; run: chmod 600 %s",
                       path.ptr, path.ptr);
    return dw_sys_read_file(path.ptr, KEY_FILE_MAX_BYTES, arena, &text, reterr) &&
           read_hex(text, path.ptr, arena, ret_key, reterr);
}

bool dw_master_key_open(const struct dw_tenant_config *config,
                        unsigned char ret_key[static DW_MASTER_KEY_BYTES], struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new((size_t)64 * 1024);
    struct dw_slice from_environment = dw_sys_environment("DOORWARD_KEY");

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (config->key_encryption_key.hidden.len > 0)
        return read_hex(config->key_encryption_key.hidden, "key_encryption_key", arena, ret_key,
                        reterr);
    if (from_environment.len > 0)
        return read_hex(from_environment, "DOORWARD_KEY", arena, ret_key, reterr);
    return read_file(config, arena, ret_key, reterr);
}

bool dw_master_key_derive(const unsigned char master[static DW_MASTER_KEY_BYTES],
                          const char *purpose, unsigned char ret_key[static DW_MASTER_KEY_BYTES],
                          struct dw_error *reterr)
{
    return dw_hmac_sha256(dw_secret_from(dw_slice_from((const char *)master, DW_MASTER_KEY_BYTES)),
                          dw_slice_from_text(purpose), ret_key, reterr);
}
