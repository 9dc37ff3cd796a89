/* SPDX-License-Identifier: MIT */
/*
 * Sets up the network cards of a domain.
 *
 * Owns the vif folders in xenstore; configures the interfaces that xen-netback makes, which go
 * away with their device. Facts: the nodes that Linux's xen-netback and netfront read (netback
 * insists on `script` being there). Locks: none.
 */
#include "vif_attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define INTERFACE_MS      10000
#define INTERFACE_POLL_MS 20

int vif_check(struct netlink *nl, const struct vif_spec *vif, struct error *e)
{
    struct netlink_link link;
    int rc = netlink_get_link(nl, vif->bridge, &link);

    if (rc == -ENODEV)
        return error_set(e, rc,
                         "there is no bridge %s: make it with `ip link add %s type bridge` "
                         "or correct vif=",
                         vif->bridge, vif->bridge);
    if (rc)
        return error_set(e, rc, "cannot ask the kernel for the bridge %s: %s", vif->bridge,
                         strerror(-rc));
    if (!link.is_bridge)
        return error_set(e, -EINVAL,
                         "the interface %s is not a bridge: name a bridge in vif=", vif->bridge);
    if (vif->name[0] && !netlink_get_link(nl, vif->name, &link))
        return error_set(e, -EEXIST, "there is an interface %s already: choose another vifname",
                         vif->name);
    return 0;
}

int vif_attach(struct xs_handle *xs, domid_t domid, uint32_t id, const struct vif_spec *vif,
               struct device *dev, struct error *e)
{
    char mac[18], handle[12], mtu[12], rate[40], label[40];
    const struct device_node front[] = {
        { "handle", handle },
        { "mac", mac },
        { "trusted", vif->untrusted_backend ? "0" : "1" },
        { "mtu", vif->mtu ? mtu : NULL },
        { NULL, NULL },
    };
    const struct device_node back[] = {
        { "script", "builtin" },
        { "mac", mac },
        { "bridge", vif->bridge },
        { "handle", handle },
        { "type", "vif" },
        { "ip", vif->ip[0] ? vif->ip : NULL },
        { "vifname", vif->name[0] ? vif->name : NULL },
        { "mtu", vif->mtu ? mtu : NULL },
        { "rate", vif->rate_bytes ? rate : NULL },
        { "hotplug-status", "" },
        { NULL, NULL },
    };

    vif_mac_format(vif->mac, mac);
    snprintf(handle, sizeof(handle), "%u", id);
    snprintf(mtu, sizeof(mtu), "%u", vif->mtu);
    snprintf(rate, sizeof(rate), "%llu,%u", (unsigned long long)vif->rate_bytes,
             vif->rate_interval_us);
    snprintf(label, sizeof(label), "network card %u", id);
    device_init(dev, "vif", domid, id, label);
    return device_publish(xs, dev, front, back, e);
}

/* xen-netback says that it is ready a moment before its interface is there. */
static int await_interface(struct netlink *nl, const char *name, struct netlink_link *link)
{
    const struct timespec pause = { .tv_nsec = INTERFACE_POLL_MS * 1000000L };
    int rc;

    for (int i = 0; (rc = netlink_get_link(nl, name, link)) == -ENODEV; i++) {
        if (i >= INTERFACE_MS / INTERFACE_POLL_MS)
            break;
        nanosleep(&pause, NULL);
    }
    return rc;
}

int vif_plug(struct xs_handle *xs, struct netlink *nl, const struct device *dev,
             const struct vif_spec *vif, struct error *e)
{
    struct netlink_link card, bridge;
    char name[VIF_NAME_MAX], path[DEVICE_PATH_MAX];
    unsigned int mtu;
    int rc;

    snprintf(name, sizeof(name), "vif%u.%u", dev->domid, dev->id);
    rc = await_interface(nl, name, &card);
    if (rc)
        return error_set(e, rc,
                         "xen-netback has made no interface %s for %s: %s: see the kernel's "
                         "log",
                         name, dev->label, strerror(-rc));
    rc = netlink_get_link(nl, vif->bridge, &bridge);
    if (rc)
        return error_set(e, rc, "the bridge %s of %s is gone: %s", vif->bridge, dev->label,
                         strerror(-rc));
    mtu = vif->mtu ? vif->mtu : bridge.mtu;
    rc = netlink_prepare_vif(nl, card.index, mtu == card.mtu ? 0 : mtu,
                             vif->name[0] ? vif->name : NULL);
    if (!rc)
        rc = netlink_set_master(nl, card.index, bridge.index);
    if (!rc)
        rc = netlink_set_up(nl, card.index);
    if (rc)
        return error_set(e, rc, "cannot bring %s (%s) into the bridge %s: %s", name, dev->label,
                         vif->bridge, strerror(-rc));
    device_backend_path(dev, path);
    rc = store_write(xs, XBT_NULL, "connected", "%s/hotplug-status", path);
    if (rc)
        error_set(e, rc, "cannot tell the backend of %s that it may connect: %s", dev->label,
                  strerror(-rc));
    return rc;
}
