/* The scan that most of a head's bytes go through. */
#ifndef DW_HTTP_SKIP_INTERNAL_H
#define DW_HTTP_SKIP_INTERNAL_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "http/chars_internal.h"

/* The first byte that cannot be in a field value, or end. A bearer token is a thousand bytes of
 * nothing special, so this goes sixteen at a time. */
static inline const char *dw_skip_value(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i last_control = _mm_set1_epi8(0x1f), tab = _mm_set1_epi8('\t'),
                  del = _mm_set1_epi8(0x7f);

    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
        __m128i is_bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), is_control),
                                      _mm_cmpeq_epi8(bytes, del));
        int mask = _mm_movemask_epi8(is_bad);

        if (mask)
            return at + __builtin_ctz((unsigned)mask);
    }
#endif
    while (at < end && dw_char_is(*at, DW_CHAR_VALUE))
        at++;
    return at;
}

#endif
