/* Reading, on a loop, a descriptor that somebody else has opened: standard input. */
#ifndef DW_NET_INPUT_H
#define DW_NET_INPUT_H

#include "net/loop.h"

struct dw_input;

/* Hands over what is read, on the loop, until the end.
 *
 * fd       stays the caller's, and nobody else may read it meanwhile; a pipe or a socket does not
 *          block until dw_input_close
 * arrived  the bytes of one read(2), which live until it returns; none: the end, or it cannot be
 *          read. False: no more, please. It must not close the input.
 *
 * Fails with DW_IO or DW_NO_MEMORY. */
struct dw_input *dw_input_open(struct dw_loop *loop, int fd,
                               bool (*arrived)(void *user, struct dw_slice bytes), void *user,
                               struct dw_error *reterr) dw_must_check;
/* On the loop, or when it does not run. NULL is fine. */
void dw_input_close(struct dw_input *input);

#endif
