/* SPDX-License-Identifier: MIT */
/* Domain watchdogs (SCHEDOP_watchdog): a domain that stops patting is shut down. */
#ifndef HV_WATCHDOG_H
#define HV_WATCHDOG_H

#include <hv/domain.h>

/** id 0 with a timeout arms a free one and returns its id; timeout 0 disarms id. -EEXIST: all in
 *  use, -EINVAL: id out of range or not in use. */
long domain_watchdog_set(struct domain *d, u32 id, u32 timeout_seconds);
void domain_watchdog_init(struct domain *d);
void domain_watchdog_destroy(struct domain *d);

#endif
