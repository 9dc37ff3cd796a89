/* SPDX-License-Identifier: MIT */
/* What a domain's file asks of the domain builder. */
#ifndef TOOLSTACK_CONFIG_BUILD_H
#define TOOLSTACK_CONFIG_BUILD_H

#include "config.h"
#include "pv_build.h"

/* Fills in everything; the strings stay the domain_config's. Asks the clock for localtime. */
void config_to_build(const struct domain_config *cfg, struct pv_build_config *build);

#endif
