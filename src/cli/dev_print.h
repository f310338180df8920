/* What `doorward dev` prints: where everything is, and lines to paste. */
#ifndef DW_CLI_DEV_PRINT_H
#define DW_CLI_DEV_PRINT_H

#include "base/buf.h"
#include "tenant/tenant.h"

struct dw_dev_facts {
    struct dw_slice mcp_url, issuer, upstream, log;
    struct dw_slice ca_file; /* of --https; empty: no TLS */
    const struct dw_tenant_dev_user *users;
    size_t user_count;
    bool has_policy;
};

/* Everything for people and as it is to be pasted. */
void dw_dev_print(const struct dw_dev_facts *facts, struct dw_buf *out);

#endif
