/* Randomness from the kernel. */
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void dw_sys_random(void *ret_bytes, size_t len)
{
    unsigned char *at = ret_bytes;

    while (len) {
        ssize_t got = getrandom(at, len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            /* No key, code or nonce may be made from anything else. */
            fputs("doorward: the kernel gives no random numbers\n", stderr);
            abort();
        }
        at += got;
        len -= (size_t)got;
    }
}

struct dw_hash_seed dw_sys_hash_seed(void)
{
    struct dw_hash_seed seed;

    dw_sys_random(seed.bytes, sizeof seed.bytes);
    return seed;
}
