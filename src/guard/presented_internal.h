/* What a connection presented last: the Authorization field that held a good token, the token in it
 * and the token's digest. The next request usually brings the same bytes, and then nothing has to
 * be parsed and hashed again. It says nothing about the token: whether it counts is asked of the
 * cache each time. Only inside guard/. */
#ifndef DW_GUARD_PRESENTED_INTERNAL_H
#define DW_GUARD_PRESENTED_INTERNAL_H

#include "crypto/digest.h"
#include "net/server.h"

#define DW_PRESENTED_MAX_BYTES 4096 /* a longer field is read and hashed each time */

struct dw_presented {
    struct dw_slice token; /* a view of the field */
    bool is_dpop;          /* it came with the DPoP scheme */
    unsigned char digest[DW_SHA256_BYTES];
};

/* True when these are the bytes kept; the time it takes does not tell how many of them are. kept:
 * the connection's, or NULL, which has nothing. */
bool dw_presented_find(const struct dw_kept *kept, struct dw_slice field,
                       struct dw_presented *ret_presented);
/* In place of what was kept before. Does nothing when it is too long or memory is short. */
void dw_presented_keep(struct dw_kept *kept, struct dw_slice field,
                       const struct dw_presented *presented);

#endif
