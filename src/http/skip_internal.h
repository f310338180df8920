/* The scan that most of a head's bytes go through. */
#ifndef DW_HTTP_SKIP_INTERNAL_H
#define DW_HTTP_SKIP_INTERNAL_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "http/chars_internal.h"

/* Both scans go sixteen bytes at a time where the processor can: a bearer token is a thousand bytes
 * of nothing special. Without SSE2 they go one by one. */

#ifdef __SSE2__
static inline __m128i dw_bytes_between(__m128i bytes, char first, char last)
{
    __m128i distance = _mm_sub_epi8(bytes, _mm_set1_epi8(first));

    return _mm_cmpeq_epi8(_mm_min_epu8(distance, _mm_set1_epi8((char)(last - first))), distance);
}
#endif

/* The first byte that cannot be in a field value, or end. */
static inline const char *dw_skip_value(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i last_control = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);

    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i is_bad = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes),
                                      _mm_cmpeq_epi8(bytes, del));
        int mask = _mm_movemask_epi8(is_bad);

        if (!mask) {
            at += 16;
            continue;
        }
        at += __builtin_ctz((unsigned)mask);
        if (*at != '\t')
            return at;
        at++;
    }
#endif
    while (at < end && dw_char_is(*at, DW_CHAR_VALUE))
        at++;
    return at;
}

/* The first byte that cannot be in a token, or end. */
static inline const char *dw_skip_token(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i case_bit = _mm_set1_epi8(0x20), hyphen = _mm_set1_epi8('-');

    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i is_good =
            _mm_or_si128(_mm_or_si128(dw_bytes_between(_mm_or_si128(bytes, case_bit), 'a', 'z'),
                                      dw_bytes_between(bytes, '0', '9')),
                         _mm_cmpeq_epi8(bytes, hyphen));
        unsigned mask = ~(unsigned)_mm_movemask_epi8(is_good) & 0xffff;

        if (!mask) {
            at += 16;
            continue;
        }
        at += __builtin_ctz(mask);
        if (!dw_char_is(*at, DW_CHAR_TOKEN)) /* nearly always the end */
            return at;
        at++;
    }
#endif
    while (at < end && dw_char_is(*at, DW_CHAR_TOKEN))
        at++;
    return at;
}

#endif
