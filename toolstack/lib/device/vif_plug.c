/* SPDX-License-Identifier: MIT */
/*
 * Brings the interface of a guest's card into dom0's network: into a bridge, routed, routed with
 * NAT, or by a script.
 *
 * Configures the interfaces that xen-netback makes, which go away with their device, and with them
 * addresses and routes; a NAT table and what a script has done do not, and are vif_unplug()'s.
 * Facts: what xl's scripts vif-bridge, vif-route and vif-nat set up. Locks: none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hotplug_script.h"
#include "vif_attach.h"

#define INTERFACE_MS      10000
#define UNPLUGGED         "offline" /* a card's hotplug-status */
#define INTERFACE_POLL_MS 20

/* One card on its way. */
struct plugging {
    struct xs_handle *xs;
    struct netlink *nl;
    const struct device *dev;
    const struct vif_spec *vif;
    struct netlink_link card;
    char made[VIF_NAME_MAX]; /* the name that xen-netback gives */
    bool renamed;            /* by an interrupted attempt */
    const char *name;        /* the one it has afterwards */
};

static void made_name(const struct device *dev, char name[VIF_NAME_MAX])
{
    snprintf(name, VIF_NAME_MAX, "vif%u.%u", dev->domid, dev->id);
}

/* ---- what a routed card needs --------------------------------------------------------- */

int vif_networks(const struct vif_spec *vif, struct netlink_network networks[NAT_NETWORKS_MAX],
                 size_t *count, struct error *e)
{
    char copy[VIF_IP_MAX], *save = NULL;
    bool has_ipv4 = false;

    *count = 0;
    memcpy(copy, vif->ip, sizeof(copy));
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (*count == NAT_NETWORKS_MAX)
            return error_set(e, -E2BIG, "there are more than %d addresses in ip=: name networks",
                             NAT_NETWORKS_MAX);
        if (netlink_parse_network(word, &networks[*count]))
            return error_set(e, -EINVAL,
                             "'%s' in ip= is not an address or network: write for example 10.0.0.5 "
                             "or 10.0.0.0/24",
                             word);
        has_ipv4 |= networks[(*count)++].family == AF_INET;
    }
    if (vif->mode == VIF_NAT && !has_ipv4)
        return error_set(e, -EINVAL,
                         "NAT is for IPv4, and ip= has no such address: add one or use "
                         "script=vif-route");
    return 0;
}

int vif_gateway(struct netlink *nl, const struct vif_spec *vif, struct in_addr *address,
                struct error *e)
{
    struct netlink_link link = { 0 };
    int rc;

    if (vif->gateway[0])
        rc = netlink_get_link(nl, vif->gateway, &link);
    else
        rc = netlink_get_default_device(nl, &link.index);
    if (rc && vif->gateway[0])
        return error_set(e, rc, "there is no interface %s: correct gatewaydev=", vif->gateway);
    if (rc)
        return error_set(
            e, rc,
            "dom0 has no default route that tells which of its addresses a routed card "
            "should see: add gatewaydev=");
    rc = netlink_get_address(nl, link.index, address);
    return rc ? error_set(
                    e, rc,
                    "the interface %s has no IPv4 address that dom0 could answer a routed card "
                    "with: give it one or name another in gatewaydev=",
                    vif->gateway[0] ? vif->gateway : "of dom0's default route")
              : 0;
}

/* A router that does not forward is none. */
static int forward(struct error *e)
{
    static const char path[] = "/proc/sys/net/ipv4/ip_forward";
    int fd = open(path, O_RDWR | O_CLOEXEC), rc = 0;
    char now = '0';

    if (fd < 0 || (read(fd, &now, 1) == 1 && now == '0' && pwrite(fd, "1", 1, 0) != 1))
        rc = error_set(e, -errno, "dom0 cannot be made to forward packets in %s: %s", path,
                       strerror(errno));
    if (fd >= 0)
        close(fd);
    return rc;
}

/* ---- the ways ------------------------------------------------------------------------- */

static int fail(struct plugging *p, int rc, const char *where, struct error *e)
{
    return error_set(e, rc, "cannot bring %s (%s) %s: %s", p->made, p->dev->label, where,
                     strerror(-rc));
}

static int set_vlans(struct plugging *p)
{
    bool drop_default = true; /* every port begins in VLAN 1, untagged */
    int rc = 0;

    for (size_t i = 0; !rc && i < p->vif->vlan_count; i++)
        for (unsigned int id = p->vif->vlans[i].first; !rc && id <= p->vif->vlans[i].last; id++) {
            rc = netlink_add_vlan(p->nl, p->card.index, id, p->vif->vlans[i].untagged);
            drop_default &= id != 1;
        }
    if (!rc && p->vif->vlan_count && drop_default)
        rc = netlink_remove_vlan(p->nl, p->card.index, 1);
    return rc == -ENOENT ? 0 : rc;
}

static int prepare(struct plugging *p, unsigned int mtu)
{
    const char *new_name = p->vif->name[0] && !p->renamed ? p->name : NULL;

    return netlink_prepare_vif(p->nl, p->card.index, mtu == p->card.mtu ? 0 : mtu, new_name);
}

static int plug_bridge(struct plugging *p, struct error *e)
{
    struct netlink_link bridge;
    char where[40];
    int rc = netlink_get_link(p->nl, p->vif->bridge, &bridge);

    if (rc)
        return error_set(e, rc, "the bridge %s of %s is gone: %s", p->vif->bridge, p->dev->label,
                         strerror(-rc));
    rc = prepare(p, p->vif->mtu ? p->vif->mtu : bridge.mtu);
    if (!rc)
        rc = netlink_set_master(p->nl, p->card.index, bridge.index);
    if (!rc)
        rc = set_vlans(p);
    if (!rc)
        rc = netlink_set_up(p->nl, p->card.index);
    snprintf(where, sizeof(where), "into the bridge %s", p->vif->bridge);
    return rc ? fail(p, rc, where, e) : 0;
}

static int add_routes(struct plugging *p, const struct netlink_network *networks, size_t count,
                      const struct in_addr *gateway, struct error *e)
{
    for (size_t i = 0; i < count; i++) {
        netlink_remove_route(p->nl, p->card.index, &networks[i]); /* of an interrupted attempt */
        int rc = netlink_add_route(p->nl, p->card.index, &networks[i], gateway);
        if (rc == -EEXIST)
            return error_set(e, rc,
                             "an address in ip= of %s (%s) is routed elsewhere already, perhaps to "
                             "another guest: see `ip route`",
                             p->dev->label, p->vif->ip);
        if (rc)
            return fail(p, rc, "a route", e);
    }
    return 0;
}

static int plug_route(struct plugging *p, struct error *e)
{
    struct netlink_network networks[NAT_NETWORKS_MAX];
    struct in_addr gateway;
    size_t count;
    int rc = vif_networks(p->vif, networks, &count, e);

    if (!rc)
        rc = vif_gateway(p->nl, p->vif, &gateway, e);
    if (!rc)
        rc = forward(e);
    if (rc)
        return rc;
    rc = prepare(p, p->vif->mtu ? p->vif->mtu : p->card.mtu);
    if (!rc)
        rc = netlink_set_up(p->nl, p->card.index);
    if (!rc)
        rc = netlink_add_address(p->nl, p->card.index, gateway);
    if (!rc)
        rc = netlink_set_proxy_arp(p->nl, p->card.index);
    if (rc)
        return fail(p, rc, "up as a routed interface", e);
    rc = add_routes(p, networks, count, &gateway, e);
    if (rc || p->vif->mode != VIF_NAT)
        return rc;
    rc = nat_add(p->made, p->name, networks, count);
    if (rc == -EOPNOTSUPP)
        return error_set(e, rc,
                         "dom0's kernel has no NAT for %s: load the modules nft_chain_nat and "
                         "nft_masq",
                         p->dev->label);
    return rc ? fail(p, rc, "behind NAT", e) : 0;
}

static int plug_script(struct plugging *p, struct error *e)
{
    const struct hotplug_script script = { p->vif->script, "online", p->name };
    int rc = prepare(p, p->vif->mtu ? p->vif->mtu : p->card.mtu);

    if (rc)
        return fail(p, rc, "to its script", e);
    return hotplug_script_run(p->xs, p->dev, &script, true, e);
}

/* ---- in and out ----------------------------------------------------------------------- */

/* xen-netback says that it is ready a moment before its interface is there. One whose name has been
 * changed by an interrupted attempt has that name. */
static int await_interface(struct plugging *p)
{
    const struct timespec pause = { .tv_nsec = INTERFACE_POLL_MS * 1000000L };

    for (int i = 0;; i++) {
        int rc = netlink_get_link(p->nl, p->made, &p->card);

        if (rc == -ENODEV && p->vif->name[0] && !netlink_get_link(p->nl, p->vif->name, &p->card)) {
            p->renamed = true;
            return 0;
        }
        if (rc != -ENODEV || i >= INTERFACE_MS / INTERFACE_POLL_MS)
            return rc;
        nanosleep(&pause, NULL);
    }
}

int vif_plug(struct xs_handle *xs, struct netlink *nl, const struct device *dev,
             const struct vif_spec *vif, struct error *e)
{
    static int (*const ways[])(struct plugging *, struct error *) = {
        [VIF_BRIDGE] = plug_bridge,
        [VIF_ROUTE] = plug_route,
        [VIF_NAT] = plug_route,
        [VIF_SCRIPT] = plug_script,
    };
    struct plugging p = { .xs = xs, .nl = nl, .dev = dev, .vif = vif };
    char path[DEVICE_PATH_MAX];
    int rc;

    made_name(dev, p.made);
    p.name = vif->name[0] ? vif->name : p.made;
    rc = await_interface(&p);
    if (rc)
        return error_set(e, rc,
                         "xen-netback has made no interface %s for %s: %s: see the kernel's "
                         "log",
                         p.made, dev->label, strerror(-rc));
    rc = ways[vif->mode](&p, e);
    if (rc)
        return rc;
    device_backend_path(dev, path);
    rc = store_write(xs, XBT_NULL, "connected", "%s/hotplug-status", path);
    return rc ? error_set(e, rc, "cannot tell the backend of %s that it may connect: %s",
                          dev->label, strerror(-rc))
              : 0;
}

/* What a card's set-up asks to be undone, by its backend's script node. */
static int undo(struct xs_handle *xs, const struct device *dev, const char *script,
                const char *name, struct error *e)
{
    char made[VIF_NAME_MAX];
    int rc = 0;

    made_name(dev, made);
    if (!strcmp(script, "vif-nat")) {
        rc = nat_remove(made);
        if (rc)
            error_set(e, rc, "cannot remove the NAT of %s: %s", dev->label, strerror(-rc));
    } else if (script[0] == '/') {
        const struct hotplug_script offline = { script, "offline", name ? name : made };

        rc = hotplug_script_run(xs, dev, &offline, false, e);
    }
    return rc;
}

int vif_unplug(struct xs_handle *xs, const struct device *dev, struct error *e)
{
    char path[DEVICE_PATH_MAX], *script, *name, *status;
    int rc = 0;

    device_backend_path(dev, path);
    store_read(xs, XBT_NULL, &script, "%s/script", path);
    store_read(xs, XBT_NULL, &name, "%s/vifname", path);
    store_read(xs, XBT_NULL, &status, "%s/hotplug-status", path);
    if (script && (!status || strcmp(status, UNPLUGGED))) {
        rc = undo(xs, dev, script, name, e);
        store_write(xs, XBT_NULL, UNPLUGGED, "%s/hotplug-status", path); /* once is enough */
    }
    free(script);
    free(name);
    free(status);
    return rc;
}
