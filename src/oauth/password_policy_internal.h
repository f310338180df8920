/* What is measured of a password, for judging it and for saying what it lacks. */
#ifndef DW_OAUTH_PASSWORD_POLICY_INTERNAL_H
#define DW_OAUTH_PASSWORD_POLICY_INTERNAL_H

#include "base/slice.h"

unsigned dw_password_classes(struct dw_slice password); /* enum dw_password_class */
int64_t dw_password_length(struct dw_slice password);   /* in characters */
/* More than `max` equal characters in a row. */
bool dw_password_has_run(struct dw_slice password, int64_t max);
/* Three letters or digits that follow each other, up or down. */
bool dw_password_has_sequence(struct dw_slice password);

#endif
