/* QR codes with libqrencode, drawn as one SVG path; see mfa_internal.h and docs/adr. */
#include <errno.h>
#include <qrencode.h>

#include "base/buf.h"
#include "tenant/factor/mfa_internal.h"

#define QUIET_MODULES 4 /* ISO/IEC 18004 section 6.3.8 */
#define TEXT_MAX_BYTES 1024

static void qr_free(QRcode **code)
{
    if (*code)
        QRcode_free(*code);
}

/* A row of modules as runs: "M x y h width v 1 h -width z". */
static void add_row(struct dw_buf *out, const QRcode *code, int y)
{
    const unsigned char *row = code->data + (size_t)y * (size_t)code->width;

    for (int x = 0; x < code->width; x++) {
        int end = x;

        while (end < code->width && (row[end] & 1) != 0) /* bit 0: the module is dark */
            end++;
        if (end > x)
            dw_buf_printf(out, "M%d %dh%dv1h-%dz", x + QUIET_MODULES, y + QUIET_MODULES, end - x,
                          end - x);
        x = end;
    }
}

bool dw_qr_path(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_path,
                int *ret_size, struct dw_error *reterr)
{
    __attribute__((cleanup(qr_free))) QRcode *code = NULL;
    struct dw_buf out = dw_buf_in(arena);

    if (text.len > TEXT_MAX_BYTES)
        return dw_fail(reterr, DW_INTERNAL, "the text of a QR code is too long");
    code = QRcode_encodeData((int)text.len, (const unsigned char *)text.ptr, 0, QR_ECLEVEL_M);
    if (!code)
        return dw_fail(reterr, errno == ENOMEM ? DW_NO_MEMORY : DW_INTERNAL,
                       "the QR code cannot be made");
    for (int y = 0; y < code->width; y++)
        add_row(&out, code, y);
    *ret_size = code->width + 2 * QUIET_MODULES;
    return dw_buf_finish(&out, ret_path, reterr);
}
