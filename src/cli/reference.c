/* The reference of the configuration. */
#include "cli/reference.h"

#include "cli/config.h"

bool dw_reference_markdown(struct dw_arena *arena, struct dw_slice *ret_text,
                           struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);

    dw_buf_add(
        &out,
        DW_LIT("# Configuration\n\n"
               "Made by `doorward config reference` from the rows that also parse and check the "
               "file; a test fails when the two differ.\n\n"
               "One TOML file for every verb: `--config FILE`, else `doorward.toml`, else "
               "`.pmcp/deploy.toml`. A flag beats the environment, which beats the file, which "
               "beats the standard. An unknown key is an error that names the nearest one. "
               "`doorward config check` prints what is in force.\n"));
    dw_fields_print_reference(&dw_config_fields, "", &out);
    return dw_buf_finish(&out, ret_text, reterr);
}

bool dw_reference_manual(struct dw_arena *arena, struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);

    dw_buf_add(
        &out,
        DW_LIT(".\\\" Made by \"doorward config manual\" from the rows of the configuration.\n"
               ".Dd November 23, 2026\n.Dt DOORWARD.TOML 5\n.Os\n"
               ".Sh NAME\n.Nm doorward.toml\n.Nd configuration of doorward\n"
               ".Sh DESCRIPTION\n"
               "One TOML file for every verb of\n.Xr doorward 1 :\nthat of\n.Fl -config ,\nelse\n"
               ".Pa doorward.toml ,\nelse\n.Pa .pmcp/deploy.toml .\n"
               "A flag beats the environment, which beats the file, which beats the standard.\n"
               "An unknown key is an error that names the nearest one.\n"
               ".Sh TABLES\n"));
    dw_fields_print_manual(&dw_config_fields, "", &out);
    dw_buf_add(&out, DW_LIT(".Sh SEE ALSO\n.Xr doorward 1\n"));
    return dw_buf_finish(&out, ret_text, reterr);
}
