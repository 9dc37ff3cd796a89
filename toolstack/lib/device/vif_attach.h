/* SPDX-License-Identifier: MIT */
/* Attaching a domain's network cards: from a bridge's name to a card that xen-netback serves. */
#ifndef DOMUS_VIF_ATTACH_H
#define DOMUS_VIF_ATTACH_H

#include "device.h"
#include "netlink.h"
#include "config/vif_spec.h"

/* Says whether the card can be attached: that its bridge exists and its name is free. */
int vif_check(struct netlink *nl, const struct vif_spec *vif, struct error *e);

/* Publishes the card, whose address must have been chosen. */
int vif_attach(struct xs_handle *xs, domid_t domid, uint32_t id, const struct vif_spec *vif,
               struct device *dev, struct error *e);

/* After the backend is ready: brings its interface into the bridge and up, and tells the backend
 * that it may connect. */
int vif_plug(struct xs_handle *xs, struct netlink *nl, const struct device *dev,
             const struct vif_spec *vif, struct error *e);

#endif
