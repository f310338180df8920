/* Pictures of letters; see avatar.h. */
#include "oauth/avatar.h"

#include "base/text.h"

#define LETTERS 2
#define NO_LETTERS "user" /* whose names have none that we draw */

static char plain_letter(char byte)
{
    byte = dw_char_lower(byte);
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ? byte : '\0';
}

/* The first letters and digits of what the user is known by. */
static size_t find_letters(const struct dw_user *user, char ret_letters[static LETTERS])
{
    const struct dw_slice names[] = {user->email, user->username, user->name};
    size_t count = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names && count == 0; i++) {
        struct dw_slice name = dw_slice_sub(names[i], 0, dw_slice_index(names[i], '@'));

        for (size_t at = 0; at < name.len && count < LETTERS; at++)
            if (plain_letter(name.ptr[at]))
                ret_letters[count++] = plain_letter(name.ptr[at]);
    }
    return count;
}

struct dw_slice dw_avatar_of(const struct dw_user *user, struct dw_slice issuer,
                             struct dw_arena *arena)
{
    char letters[LETTERS];
    size_t count = find_letters(user, letters);
    struct dw_slice name = count > 0 ? dw_slice_from(letters, count) : DW_LIT(NO_LETTERS);

    if (user->picture.len > 0)
        return user->picture;
    return dw_arena_printf(arena, "%.*s" DW_AVATAR_PATH "%.*s.svg", DW_PRINT(issuer),
                           DW_PRINT(name));
}

bool dw_avatar_write(struct dw_slice file_name, struct dw_buf *out, struct dw_error *reterr)
{
    struct dw_slice name = dw_slice_sub(file_name, 0, dw_slice_index(file_name, '.'));
    bool has_letters = !dw_slice_eq(name, DW_LIT(NO_LETTERS));
    unsigned hue = 150;
    bool is_ours = dw_slice_eq(dw_slice_sub(file_name, name.len, file_name.len), DW_LIT(".svg")) &&
                   (!has_letters || (name.len > 0 && name.len <= LETTERS));

    for (size_t at = 0; at < name.len && is_ours; at++) {
        is_ours = plain_letter(name.ptr[at]) == name.ptr[at] && name.ptr[at] != '\0';
        hue = (hue * 31 + (unsigned char)name.ptr[at] * 7) % 360;
    }
    if (!is_ours)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no such picture");
    dw_buf_printf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 96 96\">"
                  "<rect width=\"96\" height=\"96\" fill=\"hsl(%u,40%%,38%%)\"/>"
                  "<text x=\"48\" y=\"62\" fill=\"#fff\" font-family=\"sans-serif\" "
                  "font-size=\"40\" text-anchor=\"middle\">",
                  hue);
    for (size_t at = 0; has_letters && at < name.len; at++)
        dw_buf_add_byte(out, name.ptr[at] >= 'a' ? (char)(name.ptr[at] - 'a' + 'A') : name.ptr[at]);
    dw_buf_add(out, DW_LIT("</text></svg>\n"));
    return true;
}
