/* The tenant's colours keep the contrast of text, and nothing an operator writes becomes more than
 * a colour or an image. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tenant/brand_internal.h"

static struct dw_arena *arena;

static int start(void **state)
{
    (void)state;
    arena = dw_arena_new(8u << 20);
    return arena ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static struct dw_brand make(const char *primary, const char *ground, const char *logo)
{
    struct dw_tenant_settings settings = {
        .primary_color = S(primary), .page_background_color = S(ground), .logo_url = S(logo)};
    struct dw_error error = {0};
    struct dw_brand brand;

    dw_arena_reset(arena);
    assert_done(dw_brand_make(&settings, arena, &brand, &error), error);
    return brand;
}

/* WCAG 2.2, written again. */
static double luminance(unsigned color)
{
    static const double shares[] = {0.0722, 0.7152, 0.2126};
    double sum = 0;

    for (int i = 0; i < 3; i++) {
        double part = (color >> (8 * i) & 0xff) / 255.0;

        sum += shares[i] * (part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(unsigned a, unsigned b)
{
    double one = luminance(a) + 0.05, other = luminance(b) + 0.05;

    return one > other ? one / other : other / one;
}

/* The nth time that a property is set. */
static unsigned property(struct dw_slice css, const char *name, int nth)
{
    const char *at = dw_arena_text(arena, css);

    for (int i = 0; i <= nth; i++) {
        at = strstr(at, name);
        assert_non_null(at);
        at += strlen(name);
    }
    return (unsigned)strtoul(at + 1, NULL, 16);
}

static void every_colour_keeps_its_contrast(void **state)
{
    static const unsigned cards[] = {0xffffff, 0x191e1b};

    (void)state;
    for (unsigned color = 0; color <= 0xffffff; color += 0x0d0b07) {
        char text[8];
        struct dw_slice css;

        snprintf(text, sizeof text, "#%06x", color);
        css = make(text, text, "").css;
        for (int i = 0; i < 2; i++) {
            assert_true(contrast(property(css, "--accent:", i), cards[i]) >= 4.5);
            assert_true(contrast(property(css, "--focus:", i), cards[i]) >= 3);
            assert_true(contrast(property(css, "--on-button:", i), property(css, "--button:", i)) >=
                        4.5);
            assert_true(contrast(property(css, "--on-button:", i),
                                 property(css, "--button-hover:", i)) >= 4.5);
            assert_true(contrast(property(css, "--on-ground:", i), property(css, "--ground:", i)) >=
                        4.5);
        }
    }
}

static void a_readable_colour_stays_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(property(make("#7a1fa2", "", "").css, "--button:", 0), 0x7a1fa2);
    assert_int_equal(property(make("#7A1", "", "").css, "--button:", 0), 0x77aa11);
    assert_int_equal(property(make("", "#0b1020", "").css, "--ground:", 1), 0x0b1020);
    assert_int_equal(property(make("", "#ffeedd", "").css, "--ground:", 1), 0x101412);
}

static void what_is_no_colour_is_left_out(void **state)
{
    static const char *const wrong[] = {
        "",        "red",        "#12",
        "#12345",  "#1234567",   "#12345g",
        "123456",  "#fff}",      "#fff;}*{display:none",
        "#\n\n\n", "url(//e.x)", "</style><script>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct dw_brand brand = make(wrong[i], wrong[i], "");

        assert_int_equal(brand.css.len, 0);
        assert_int_equal(brand.style_src.len, 0);
        assert_slice(brand.button, "#1c6b4c"); /* mails have a button all the same */
        assert_slice(brand.on_button, "#ffffff");
    }
}

static void only_https_images_are_shown_and_allowed(void **state)
{
    static const char *const wrong[] = {
        "http://cdn.example.com/a.svg",
        "//cdn.example.com/a.svg",
        "javascript:alert(1)",
        "data:image/svg+xml,x",
        "https://u:p@cdn.example.com/a",
        "https://[::1]/a",
        "https://a.example;script-src/x",
        "https://a.example/ x",
        "https://a'b.example/x",
        "/a.svg",
    };
    struct dw_brand brand = make("", "", "https://CDN.example.com:8443/a.svg?x='\"<");

    (void)state;
    assert_int_equal(brand.logo_url.len, 0);
    brand = make("", "", "https://CDN.example.com:8443/a.svg?x=1");
    assert_slice(brand.logo_url, "https://CDN.example.com:8443/a.svg?x=1");
    assert_slice(brand.img_src, " https://cdn.example.com:8443");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        brand = make("", "", wrong[i]);
        if (brand.logo_url.len + brand.img_src.len > 0)
            fail_msg("shown: %s", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_colour_keeps_its_contrast),
        cmocka_unit_test(a_readable_colour_stays_as_it_is),
        cmocka_unit_test(what_is_no_colour_is_left_out),
        cmocka_unit_test(only_https_images_are_shown_and_allowed),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
