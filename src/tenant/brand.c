/* Colours with contrast, and URLs that a page may load; see brand_internal.h. */
#include "tenant/brand_internal.h"

#include <math.h>

#include "base/buf.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "http/url.h"

/* Of _style.html: what the colours stand on. */
#define LIGHT_CARD 0xffffff
#define DARK_QUIET 0x202622
#define LIGHT_BUTTON 0x1c6b4c
#define WHITE 0xffffff
#define INK 0x10150f
#define BLACK 0x000000

/* WCAG 2.2: 1.4.3 for text, a little more for rounding. A button is known by its words, so its
 * colour is the tenant's own unless it would vanish. */
#define TEXT_CONTRAST 4.6
#define SHAPE_CONTRAST 1.5

typedef uint32_t color; /* 0xRRGGBB */

static int hex_digit(char digit)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *at = digit ? strchr(digits, digit) : NULL;

    return at ? (int)((at - digits) % 16) : -1;
}

static bool read_color(struct dw_slice text, color *ret_color)
{
    bool is_short = text.len == 4;
    color value = 0;

    if ((!is_short && text.len != 7) || text.ptr[0] != '#')
        return false;
    for (size_t i = 1; i < text.len; i++) {
        int digit = hex_digit(text.ptr[i]);

        if (digit < 0)
            return false;
        value = value << 4 | (color)digit;
        if (is_short)
            value = value << 4 | (color)digit;
    }
    *ret_color = value;
    return true;
}

static double linear(color value)
{
    double part = (value & 0xff) / 255.0;

    return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

/* WCAG 2.2, "relative luminance". */
static double luminance(color value)
{
    return 0.2126 * linear(value >> 16) + 0.7152 * linear(value >> 8) + 0.0722 * linear(value);
}

static double contrast(color a, color b)
{
    double one = luminance(a) + 0.05, other = luminance(b) + 0.05;

    return one > other ? one / other : other / one;
}

/* `percent` of the way from one colour to another. */
static color mix(color from, color to, unsigned percent)
{
    color mixed = 0;

    for (int shift = 16; shift >= 0; shift -= 8) {
        color a = from >> shift & 0xff, b = to >> shift & 0xff;

        mixed |= (a * (100 - percent) + b * percent + 50) / 100 << shift;
    }
    return mixed;
}

/* Moved towards `end` until it stands out from the ground. */
static color stand_out(color value, color ground, color end, double wanted)
{
    unsigned percent = 0;

    while (percent < 100 && contrast(mix(value, end, percent), ground) < wanted)
        percent += 4;
    return mix(value, end, percent > 100 ? 100 : percent);
}

/* White or ink, whichever is easier to read; black where neither is. White or black always has 4.5.
 */
static color text_on(color ground)
{
    double white = contrast(WHITE, ground);

    if (white >= contrast(BLACK, ground))
        return WHITE;
    return contrast(INK, ground) >= 4.5 ? INK : BLACK;
}

/* The properties of the primary colour on a card. `end`: black on a light card, white on a dark
 * one. */
static void add_primary(struct dw_buf *css, color primary, color card, color end)
{
    color button = stand_out(primary, card, end, SHAPE_CONTRAST);
    color on_button = text_on(button);
    /* Towards what is written on it the contrast would shrink. */
    color hover = mix(button, on_button == WHITE ? BLACK : WHITE, 12);
    color accent = stand_out(primary, card, end, TEXT_CONTRAST);

    dw_buf_printf(css,
                  "--button:#%06x;--button-hover:#%06x;--on-button:#%06x;--accent:#%06x;"
                  "--focus:#%06x;",
                  (unsigned)button, (unsigned)hover, (unsigned)on_button, (unsigned)accent,
                  (unsigned)accent);
}

static void add_ground(struct dw_buf *css, color ground)
{
    dw_buf_printf(css, "--ground:#%06x;--on-ground:#%06x;", (unsigned)ground,
                  (unsigned)text_on(ground));
}

static bool make_css(const struct dw_tenant_settings *settings, struct dw_arena *arena,
                     struct dw_slice *ret_css, struct dw_error *reterr)
{
    struct dw_buf css = dw_buf_in(arena);
    color primary, ground;
    bool has_primary = read_color(settings->primary_color, &primary);
    bool has_ground = read_color(settings->page_background_color, &ground);

    *ret_css = DW_EMPTY;
    if (!has_primary && !has_ground)
        return true;
    dw_buf_add(&css, DW_LIT(":root{"));
    if (has_primary)
        add_primary(&css, primary, LIGHT_CARD, BLACK);
    if (has_ground)
        add_ground(&css, ground);
    dw_buf_add(&css, DW_LIT("}@media (prefers-color-scheme:dark){:root{"));
    if (has_primary) /* links stand on the lighter of the two dark grounds as well */
        add_primary(&css, primary, DARK_QUIET, WHITE);
    if (has_ground) /* a bright page is not what somebody who asked for dark wants */
        add_ground(&css, luminance(ground) < 0.1 ? ground : 0x101412);
    dw_buf_add(&css, DW_LIT("}}"));
    return dw_buf_finish(&css, ret_css, reterr);
}

/* As a page has it in light colours. */
static bool make_button(const struct dw_tenant_settings *settings, struct dw_arena *arena,
                        struct dw_brand *brand, struct dw_error *reterr)
{
    color button;

    if (!read_color(settings->primary_color, &button))
        button = LIGHT_BUTTON;
    button = stand_out(button, LIGHT_CARD, BLACK, SHAPE_CONTRAST);
    brand->button = dw_arena_printf(arena, "#%06x", (unsigned)button);
    brand->on_button = dw_arena_printf(arena, "#%06x", (unsigned)text_on(button));
    return (brand->button.ptr && brand->on_button.ptr) ||
           dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

struct dw_slice dw_csp_source(struct dw_slice url_text, struct dw_arena *arena)
{
    struct dw_url url;
    struct dw_slice origin;

    if (dw_slice_is_empty(url_text) || !dw_url_parse(url_text, &url, NULL))
        return DW_EMPTY;
    for (size_t i = 0; i < url.scheme.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-",
                    url.scheme.ptr[i]))
            return DW_EMPTY;
    if (url.is_ipv6 || !(dw_url_has_scheme(&url, "http") || dw_url_has_scheme(&url, "https")))
        return dw_arena_printf(arena, "%.*s:", DW_PRINT(url.scheme));
    if (!dw_url_origin(&url, arena, &origin, NULL) || strcspn(origin.ptr, ";, '\"") < origin.len)
        return DW_EMPTY;
    return origin;
}

/* Adds the origin of an image to img-src; forgets the image when there is no way to. */
static bool allow_image(struct dw_slice *image, struct dw_brand *brand, struct dw_arena *arena,
                        struct dw_error *reterr)
{
    struct dw_slice source = DW_EMPTY;
    struct dw_url url;

    if (dw_url_parse(*image, &url, NULL) && dw_url_has_scheme(&url, "https") && !url.is_ipv6 &&
        !url.has_userinfo)
        source = dw_csp_source(*image, arena);
    if (source.len == 0) {
        *image = DW_EMPTY;
        return true;
    }
    brand->img_src =
        dw_arena_printf(arena, "%.*s %.*s", DW_PRINT(brand->img_src), DW_PRINT(source));
    return brand->img_src.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_brand_make(const struct dw_tenant_settings *settings, struct dw_arena *arena,
                   struct dw_brand *ret_brand, struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];
    struct dw_slice text;

    *ret_brand = (struct dw_brand){.logo_url = settings->logo_url.len > 0 ? settings->logo_url
                                                                          : settings->picture_url,
                                   .favicon_url = settings->favicon_url};
    if (!make_button(settings, arena, ret_brand, reterr) ||
        !allow_image(&ret_brand->logo_url, ret_brand, arena, reterr) ||
        !allow_image(&ret_brand->favicon_url, ret_brand, arena, reterr) ||
        !make_css(settings, arena, &ret_brand->css, reterr))
        return false;
    if (ret_brand->css.len == 0)
        return true;
    if (!dw_sha256(ret_brand->css, digest, reterr))
        return false;
    text = dw_text_base64(arena, dw_slice_from((const char *)digest, sizeof digest));
    ret_brand->style_src = dw_arena_printf(arena, " 'sha256-%.*s'", DW_PRINT(text));
    return (text.ptr && ret_brand->style_src.ptr) || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}
