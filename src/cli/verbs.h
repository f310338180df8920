/* The verbs, one file each. */
#ifndef DW_CLI_VERBS_H
#define DW_CLI_VERBS_H

#include "cli/options.h"

extern const struct dw_verb dw_verb_dev;
extern const struct dw_verb dw_verb_gateway;
extern const struct dw_verb dw_verb_tenant;
extern const struct dw_verb dw_verb_token;
extern const struct dw_verb dw_verb_doctor;
extern const struct dw_verb dw_verb_config;
extern const struct dw_verb dw_verb_version;

#endif
