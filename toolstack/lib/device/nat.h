/* SPDX-License-Identifier: MIT */
/* Network address translation for guests' cards: one nftables table a card. */
#ifndef DOMUS_NAT_H
#define DOMUS_NAT_H

#include <stddef.h>

#include "netlink.h"

#define NAT_NETWORKS_MAX 32

/* What the networks (IPv4 ones; others are left out) send through `interface` and then out of dom0
 * gets dom0's address; what was there under this name is replaced. 0 or -errno: -EOPNOTSUPP if the
 * kernel has no nftables NAT. At most NAT_NETWORKS_MAX. */
int nat_add(const char *name, const char *interface, const struct netlink_network *networks,
            size_t count);

/* Harmless if there is none. */
int nat_remove(const char *name);

#endif
