/* --https: an authority of this machine's own in the state folder, and certificates it signs. */
#ifndef DW_CLI_DEVELOPMENT_TLS_H
#define DW_CLI_DEVELOPMENT_TLS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "net/server.h"

struct dw_development_tls;

/* Opens the authority, or makes it: STATE/ca.crt for everyone to trust, STATE/ca.key for nobody to
 * read. From then on this process' own fetches trust it.
 *
 * hosts  names and addresses the server is reached by, besides localhost, 127.0.0.1 and ::1
 *
 * NULL: DW_CONFIG (with what to do), DW_IO, DW_NO_MEMORY. */
struct dw_development_tls *dw_development_tls_open(struct dw_slice state_dir,
                                                   struct dw_slices hosts,
                                                   struct dw_error *reterr) dw_must_check;
void dw_development_tls_close(struct dw_development_tls *tls); /* NULL is fine */
DW_AUTO_FREE(dw_development_tls_auto_close, struct dw_development_tls, dw_development_tls_close)
/* For listeners; borrowed. */
struct dw_server_tls *dw_development_tls_server(const struct dw_development_tls *tls);
/* The absolute path of ca.crt; lives as long as `tls`. */
struct dw_slice dw_development_tls_ca_file(const struct dw_development_tls *tls);

/* How to make programs trust the file: lines to paste. url: something to fetch with curl. */
void dw_development_tls_print(struct dw_slice ca_file, struct dw_slice url, struct dw_buf *out);

#endif
