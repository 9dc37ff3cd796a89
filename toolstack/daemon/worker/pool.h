/* SPDX-License-Identifier: MIT */
/* CPU pools, which Debian's xl makes: the hypervisor knows their numbers, the store their names. */
#ifndef DOMUSD_POOL_H
#define DOMUSD_POOL_H

#include "config/config.h"
#include "worker.h"

/* The number of the pool that a domain is to be in. Needs the store. 0, or -errno with w->error
 * set. Whether a pool that is named by its number is there, its domain's creation tells. */
int pool_find(struct worker *w, const struct domain_config *cfg, uint32_t *id);

/* Says in *cfg that the domain is in the pool of this number. 0 or -ENOMEM. */
int pool_note(struct worker *w, uint32_t id, struct domain_config *cfg);

#endif
