/* IP address ranges. */
#include "net/address_range.h"

#include <arpa/inet.h>

#include "base/text.h"

static bool parse_address(struct dw_slice text, unsigned char ret_address[static 16],
                          bool *ret_is_v4)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[INET6_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *ret_is_v4 = inet_pton(AF_INET, copy, ret_address + 12) == 1;
    if (*ret_is_v4) {
        memcpy(ret_address, mapped, sizeof mapped);
        return true;
    }
    return inet_pton(AF_INET6, copy, ret_address) == 1;
}

static bool has_bits_after(const unsigned char address[static 16], unsigned prefix_bits)
{
    for (unsigned bit = prefix_bits; bit < 128; bit++)
        if (address[bit / 8] & (0x80u >> bit % 8))
            return true;
    return false;
}

bool dw_address_range_parse(struct dw_slice text, struct dw_address_range *ret_range,
                            struct dw_error *reterr)
{
    size_t slash = dw_slice_index(text, '/');
    int64_t bits = 0;
    bool is_v4 = false;

    if (!parse_address(dw_slice_from(text.ptr, slash), ret_range->address, &is_v4))
        return dw_fail(reterr, DW_CONFIG, "\"%.*s\" is no IP address or range like 10.0.0.0/8",
                       DW_PRINT(text));
    ret_range->prefix_bits = 128;
    if (slash < text.len) {
        int64_t most = is_v4 ? 32 : 128;

        if (!dw_text_to_int(dw_slice_from(text.ptr + slash + 1, text.len - slash - 1), &bits) ||
            bits < 0 || bits > most)
            return dw_fail(reterr, DW_CONFIG, "\"%.*s\": the prefix must be 0 to %d",
                           DW_PRINT(text), (int)most);
        ret_range->prefix_bits = (unsigned)(bits + 128 - most);
    }
    if (has_bits_after(ret_range->address, ret_range->prefix_bits))
        return dw_fail(reterr, DW_CONFIG, "\"%.*s\" has address bits set behind its prefix",
                       DW_PRINT(text));
    return true;
}

static bool covers(const struct dw_address_range *range, const unsigned char address[static 16])
{
    unsigned whole = range->prefix_bits / 8, rest = range->prefix_bits % 8;

    if (memcmp(range->address, address, whole) != 0)
        return false;
    return rest == 0 || (range->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool dw_address_is_in(struct dw_slice address, const struct dw_address_range *ranges, size_t count)
{
    unsigned char bytes[16];
    bool is_v4;

    if (count == 0 || !parse_address(address, bytes, &is_v4))
        return false;
    for (size_t i = 0; i < count; i++)
        if (covers(&ranges[i], bytes))
            return true;
    return false;
}
