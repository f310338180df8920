/* TLS over bytes in memory: the sockets belong to whoever calls. Server and client sides; only
 * inside net/. */
#ifndef DW_NET_TLS_INTERNAL_H
#define DW_NET_TLS_INTERNAL_H

#include "base/error.h"
#include "base/slice.h"

struct dw_server_tls;
struct dw_client_tls;
struct dw_tls_session;

/* Trust in the certificates of ca_file (PEM), or the system's when NULL. */
struct dw_client_tls *dw_client_tls_open(const char *ca_file,
                                         struct dw_error *reterr) dw_must_check;
void dw_client_tls_free(struct dw_client_tls *tls);

/* NULL: out of memory. */
struct dw_tls_session *dw_tls_accept(struct dw_server_tls *tls) dw_must_check;
/* host  a name or an address without brackets: sent as SNI (names), and the peer's certificate
 *       must be for it */
struct dw_tls_session *dw_tls_connect(struct dw_client_tls *tls, const char *host) dw_must_check;
void dw_tls_session_free(struct dw_tls_session *session);

enum dw_tls_step {
    DW_TLS_FAILED, /* the handshake or a record is wrong; what is to be sent (an alert) may be */
    DW_TLS_DONE,
    DW_TLS_MORE,   /* bytes from the peer are needed */
    DW_TLS_CLOSED, /* the peer said close_notify */
};

/* Takes what the socket gave. False: out of memory. */
bool dw_must_check dw_tls_take(struct dw_tls_session *session, struct dw_slice bytes);
/* Decrypts into room; also does the handshake. DW_TLS_DONE: *ret_len > 0 bytes. Ask again until it
 * is not DW_TLS_DONE, and send dw_tls_unsent after each. */
enum dw_tls_step dw_tls_read(struct dw_tls_session *session, char *room, size_t size,
                             size_t *ret_len, struct dw_error *reterr) dw_must_check;
/* The client's first move (the server's comes with dw_tls_read). */
enum dw_tls_step dw_tls_handshake(struct dw_tls_session *session,
                                  struct dw_error *reterr) dw_must_check;
/* Encrypts all of it. Not before the handshake is done (dw_tls_is_ready). False: failed. */
bool dw_must_check dw_tls_write(struct dw_tls_session *session, struct dw_slice bytes);
bool dw_tls_is_ready(const struct dw_tls_session *session);
/* Says close_notify. */
void dw_tls_close(struct dw_tls_session *session);
/* Encrypted bytes for the socket: a view until the next call; say how many were sent. */
struct dw_slice dw_tls_unsent(struct dw_tls_session *session);
void dw_tls_sent(struct dw_tls_session *session, size_t len);

#endif
