/* SPDX-License-Identifier: MIT */
/* Attaching a domain's network cards: from a description to a card that xen-netback serves. */
#ifndef DOMUS_VIF_ATTACH_H
#define DOMUS_VIF_ATTACH_H

#include "config/vif_spec.h"
#include "device.h"
#include "image_use.h"
#include "nat.h"
#include "netlink.h"

/* Says whether the card can be attached: that its bridge, script or gateway exists and its name is
 * free. */
int vif_check(struct netlink *nl, const struct vif_spec *vif, struct error *e);

/* Says whether no other domain has a card with its address. */
int vif_check_mac(const struct image_scan *scan, const struct vif_spec *vif, struct error *e);

/* Publishes the card, whose address and number must have been chosen. */
int vif_attach(struct xs_handle *xs, domid_t domid, const struct vif_spec *vif, struct device *dev,
               struct error *e);

/* After the backend is ready: brings its interface into dom0's network and up, and tells the
 * backend that it may connect. May be repeated. */
int vif_plug(struct xs_handle *xs, struct netlink *nl, const struct device *dev,
             const struct vif_spec *vif, struct error *e);

/* Before the device goes: undoes what does not go away with its interface. Asks the store how it
 * was set up, so it needs no description. */
int vif_unplug(struct xs_handle *xs, const struct device *dev, struct error *e);

/* The networks in ip=. -EINVAL with a sentence. */
int vif_networks(const struct vif_spec *vif, struct netlink_network networks[NAT_NETWORKS_MAX],
                 size_t *count, struct error *e);

/* The address that dom0 answers a routed card with. */
int vif_gateway(struct netlink *nl, const struct vif_spec *vif, struct in_addr *address,
                struct error *e);

#endif
