/* SPDX-License-Identifier: MIT */
/*
 * dom0's network interfaces, through rtnetlink: what bringing a guest's card into a bridge takes.
 *
 * A handle serves one thread. Calls wait for the kernel's answer, which comes at once.
 */
#ifndef DOMUS_NETLINK_H
#define DOMUS_NETLINK_H

#include <netinet/in.h>
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

/* An address or network of either family. */
struct netlink_network {
    int family;
    unsigned int bytes, bits; /* of the address; of its network part */
    uint8_t address[16];
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

/* The first IPv4 address of an interface; -ENOENT: it has none. */
int netlink_get_address(struct netlink *nl, unsigned int index, struct in_addr *address);

/* The interface that the default route goes through; -ENOENT: there is no such route. */
int netlink_get_default_device(struct netlink *nl, unsigned int *index);

/* Reads "10.0.0.5", "10.0.0.0/24", "fd00::5". -EINVAL. */
int netlink_parse_network(const char *text, struct netlink_network *network);

/* Gives an interface an IPv4 address of its own, without a network behind it. */
int netlink_add_address(struct netlink *nl, unsigned int index, struct in_addr address);

/* A route to a network through an interface; source: what dom0 calls itself there, or NULL.
 * -EEXIST: that network is routed elsewhere. */
int netlink_add_route(struct netlink *nl, unsigned int index, const struct netlink_network *to,
                      const struct in_addr *source);

/* Takes such a route away; harmless if it is not there. */
void netlink_remove_route(struct netlink *nl, unsigned int index, const struct netlink_network *to);

/* Lets dom0 answer there for every address that it has a route to. */
int netlink_set_proxy_arp(struct netlink *nl, unsigned int index);

/* A bridge's port becomes a member of a VLAN, untagged (and what comes without a tag is put there)
 * or tagged; or leaves it. */
int netlink_add_vlan(struct netlink *nl, unsigned int index, unsigned int id, bool untagged);
int netlink_remove_vlan(struct netlink *nl, unsigned int index, unsigned int id);

#endif
