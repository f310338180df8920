/* Pictures of letters: which one a user gets, and that a file name says nothing but letters. */
#include "oauth/avatar.h"
#include "test.h"

#define ISSUER "https://id.example/"

static void a_user_has_a_picture_of_the_first_letters(void **state)
{
    static const struct {
        struct dw_user user;
        const char *url;
    } cases[] = {
        {{.email = {"test-user@example.com", 21}}, ISSUER "avatars/te.svg"},
        {{.email = {"A.b@example.com", 15}}, ISSUER "avatars/ab.svg"},
        {{.email = {"\"x\"@example.com", 15}}, ISSUER "avatars/x.svg"},
        {{.username = {"_7z", 3}}, ISSUER "avatars/7z.svg"},
        {{.email = {"..@example.com", 14}, .name = {"Ada", 3}}, ISSUER "avatars/ad.svg"},
        {{.name = {"\xe3\x81\x82", 3}}, ISSUER "avatars/user.svg"},
        {{.phone_number = {"+14155550100", 12}}, ISSUER "avatars/user.svg"},
        {{.email = {"a@x", 3}, .picture = {"https://p.example/a", 19}}, "https://p.example/a"},
    };
    struct dw_arena *arena = dw_arena_new(64 * 1024);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_slice(dw_avatar_of(&cases[i].user, S(ISSUER), arena), cases[i].url);
    dw_arena_free(arena);
}

static void no_other_file_name_is_drawn(void **state)
{
    static const char *const names[] = {
        "",        ".svg",      "abc.svg",  "a",        "a.png",  "A.svg",
        "a.svg.x", "a.svgx",    "%61.svg",  "<.svg",    "&l.svg", "\xc3\xa9.svg",
        "user",    "users.svg", "../a.svg", "ab.svg?x", " a.svg", "a/.svg",
    };
    struct dw_arena *arena = dw_arena_new(64 * 1024);
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct dw_buf out = dw_buf_in(arena);

        assert_fails(dw_avatar_write(S(names[i]), &out, &error), error, DW_NOT_FOUND);
    }
    dw_arena_free(arena);
}

static void the_letters_are_drawn(void **state)
{
    static const struct {
        const char *name, *end;
    } cases[] = {
        {"te.svg", ">TE</text></svg>\n"},
        {"7.svg", ">7</text></svg>\n"},
        {"user.svg", "></text></svg>\n"},
    };
    struct dw_arena *arena = dw_arena_new(64 * 1024);
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_buf out = dw_buf_in(arena);

        assert_done(dw_avatar_write(S(cases[i].name), &out, &error), error);
        assert_true(dw_slice_starts_with(dw_buf_view(&out), S("<svg xmlns=")));
        assert_true(dw_slice_has(dw_buf_view(&out), S(cases[i].end)));
    }
    dw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_has_a_picture_of_the_first_letters),
        cmocka_unit_test(no_other_file_name_is_drawn),
        cmocka_unit_test(the_letters_are_drawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
