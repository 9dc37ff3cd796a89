/* SPDX-License-Identifier: MIT */
/*
 * dom0's network interfaces, through rtnetlink: what bringing a guest's card into a bridge takes.
 *
 * A handle serves one thread. Calls wait for the kernel's answer, which comes at once.
 */
#ifndef DOMUS_NETLINK_H
#define DOMUS_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

struct netlink {
    struct mnl_socket *socket;
    uint32_t sequence;
};

struct netlink_link {
    unsigned int index;
    unsigned int mtu;
    unsigned int master; /* the bridge it is in; 0: none */
    bool up;
    bool is_bridge;
};

/* Opens. 0 or -errno. */
int netlink_open(struct netlink *nl);

/* Closes; harmless if the open failed. */
void netlink_close(struct netlink *nl);

/* What is known of an interface. -ENODEV: there is none of that name. */
int netlink_get_link(struct netlink *nl, const char *name, struct netlink_link *link);

/* Prepares a guest's card, which must be down: an address that a bridge never takes for its own
 * (fe:ff:ff:ff:ff:ff), no IPv6 address of dom0's, an MTU unless 0, a new name unless NULL. */
int netlink_prepare_vif(struct netlink *nl, unsigned int index, unsigned int mtu,
                        const char *new_name);

/* Puts it into the bridge with index `bridge`. */
int netlink_set_master(struct netlink *nl, unsigned int index, unsigned int bridge);

/* Brings it up. */
int netlink_set_up(struct netlink *nl, unsigned int index);

#endif
