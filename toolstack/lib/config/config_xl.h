/* SPDX-License-Identifier: MIT */
/*
 * A domain as libxl writes it to a saved domain's file: JSON of its libxl_domain_config. Pure.
 */
#ifndef TOOLSTACK_CONFIG_XL_H
#define TOOLSTACK_CONFIG_XL_H

#include "config.h"

/* Writes what xl reads as the same domain, with our own text of it beside; allocated, NULL if
 * memory is short. */
char *config_xl_format(const struct domain_config *cfg);

/* Reads what xl or domus wrote. 0; -EINVAL or -ENOMEM with a sentence in *err. On failure *cfg is
 * empty. */
int config_xl_parse(const char *json, struct domain_config *cfg, struct config_error *err);

#endif
