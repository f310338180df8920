/* Who asks, when reverse proxies stand in between. Nobody's word counts but that of the addresses
 * an operator listed: limits on attempts hang on the answer. */
#include "base/text.h"
#include "http/field.h"
#include "tenant/audit_internal.h"

/* A chain of proxies longer than this is nonsense or an attack. */
#define MAX_HOPS 32
#define LIMIT_NOTES_WINDOW_S 60

bool dw_tenant_proxies_open(struct dw_tenant *tenant, struct dw_error *reterr)
{
    struct dw_slices texts = tenant->config.trusted_proxies;
    struct dw_address_range *ranges =
        dw_arena_new_array(tenant->arena, texts.count + 1, sizeof *ranges);

    if (!ranges)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < texts.count; i++)
        if (!dw_address_range_parse(texts.items[i], &ranges[i], reterr))
            return false;
    tenant->trusted_proxies = ranges;
    tenant->trusted_proxy_count = texts.count;
    return true;
}

static bool is_trusted(const struct dw_tenant *tenant, struct dw_slice address)
{
    return dw_address_is_in(address, tenant->trusted_proxies, tenant->trusted_proxy_count);
}

struct dw_slice dw_tenant_client_address(const struct dw_tenant *tenant, struct dw_slice peer,
                                         struct dw_http_fields fields)
{
    struct dw_slice hops[MAX_HOPS], rest, hop;
    struct dw_address_range range;
    size_t count = 0;

    if (tenant->trusted_proxy_count == 0 || !is_trusted(tenant, peer))
        return peer;
    for (size_t i = 0; i < fields.count; i++) {
        if (!dw_slice_eq_nocase(fields.items[i].name, DW_LIT("X-Forwarded-For")))
            continue;
        rest = fields.items[i].value;
        while (dw_http_list_next(&rest, &hop)) {
            if (count == MAX_HOPS)
                return peer;
            hops[count++] = hop;
        }
    }
    while (count > 0) {
        hop = hops[--count];
        if (!dw_address_range_parse(hop, &range, NULL) || dw_slice_contains(hop, '/'))
            return peer;
        if (!is_trusted(tenant, hop))
            return hop;
    }
    return peer;
}

bool dw_tenant_rate_key(struct dw_tenant_call *call, struct dw_slice *ret_key,
                        struct dw_error *reterr)
{
    static const unsigned char ipv4_mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct dw_address_range range;
    struct dw_slice network;

    *ret_key = call->peer_address;
    if (!dw_slice_contains(call->peer_address, ':') ||
        !dw_address_range_parse(call->peer_address, &range, NULL))
        return true;
    if (memcmp(range.address, ipv4_mapped, sizeof ipv4_mapped) == 0)
        return true;
    network = dw_text_hex(call->arena, dw_slice_from((const char *)range.address, 8));
    *ret_key = dw_arena_printf(call->arena, "%.*s/64", DW_PRINT(network));
    return (network.ptr && ret_key->ptr) || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_tenant_rate_take(struct dw_tenant_call *call, const struct dw_rate *rate,
                         bool *ret_is_allowed, struct dw_error *reterr)
{
    struct dw_rate notes = {
        .space = DW_LIT("api_limit"), .limit = 1, .window_s = LIMIT_NOTES_WINDOW_S};
    bool is_to_be_noted = false;

    if (!dw_store_rate_take(call->tenant->store, rate, call->now_s, ret_is_allowed, reterr))
        return false;
    if (*ret_is_allowed)
        return true;
    if (!dw_tenant_rate_key(call, &notes.key, reterr) ||
        !dw_store_rate_take(call->tenant->store, &notes, call->now_s, &is_to_be_noted, reterr))
        return false;
    if (is_to_be_noted)
        dw_audit(call, DW_AUDIT_API_LIMIT, .description = call->path);
    return true;
}
