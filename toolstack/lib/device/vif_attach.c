/* SPDX-License-Identifier: MIT */
/*
 * Checks and publishes the network cards of a domain.
 *
 * Owns the vif folders in xenstore. Facts: the nodes that Linux's xen-netback and netfront read
 * (netback insists on `script` being there). Locks: none.
 */
#include "vif_attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "hotplug_script.h"

static bool filters_vlans(const char *bridge)
{
    char path[80], value[2] = "";

    snprintf(path, sizeof(path), "/sys/class/net/%s/bridge/vlan_filtering", bridge);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t n = fread(value, 1, 1, file);
    fclose(file);
    return n == 1 && value[0] == '1';
}

static int check_bridge(struct netlink *nl, const struct vif_spec *vif, struct error *e)
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
    if (vif->vlan_count && !filters_vlans(vif->bridge))
        return error_set(e, -EOPNOTSUPP,
                         "the bridge %s does not separate VLANs: run `ip link set %s type bridge "
                         "vlan_filtering 1` or remove vlan=",
                         vif->bridge, vif->bridge);
    return 0;
}

static int check_route(struct netlink *nl, const struct vif_spec *vif, struct error *e)
{
    struct netlink_network networks[NAT_NETWORKS_MAX];
    struct in_addr address;
    size_t count;
    int rc = vif_networks(vif, networks, &count, e);

    return rc ? rc : vif_gateway(nl, vif, &address, e);
}

int vif_check(struct netlink *nl, const struct vif_spec *vif, struct error *e)
{
    struct netlink_link link;
    int rc;

    if (vif->mode == VIF_BRIDGE)
        rc = check_bridge(nl, vif, e);
    else if (vif->mode == VIF_SCRIPT)
        rc = hotplug_script_check(vif->script, "a network card", e);
    else
        rc = check_route(nl, vif, e);
    if (!rc && vif->name[0] && !netlink_get_link(nl, vif->name, &link))
        return error_set(e, -EEXIST, "there is an interface %s already: choose another vifname",
                         vif->name);
    return rc;
}

/* ---- addresses ------------------------------------------------------------------------ */

static bool has_address(struct xs_handle *xs, const char *folder, const char *mac)
{
    char *other;
    bool same = !store_read(xs, XBT_NULL, &other, "%s/mac", folder) && !strcasecmp(other, mac);

    free(other);
    return same;
}

static bool domain_has_address(struct xs_handle *xs, domid_t domid, const char *mac)
{
    struct device *devs;
    size_t count;
    bool found = false;

    if (device_list(xs, domid, "vif", &devs, &count))
        return false;
    for (size_t i = 0; i < count && !found; i++) {
        char folder[DEVICE_PATH_MAX];

        device_backend_path(&devs[i], folder);
        found = has_address(xs, folder, mac);
    }
    free(devs);
    return found;
}

int vif_check_mac(const struct image_scan *scan, const struct vif_spec *vif, struct error *e)
{
    unsigned int count = 0;
    char mac[18];
    int rc = 0;

    if (!vif->has_mac)
        return 0;
    vif_mac_format(vif->mac, mac);
    char **ids = xs_directory(scan->xs, XBT_NULL, "/local/domain/0/backend/vif", &count);
    for (unsigned int i = 0; ids && i < count && !rc; i++) {
        domid_t domid = (domid_t)atoi(ids[i]);
        char *name;

        if (image_is_same_machine(scan, domid) || !domain_has_address(scan->xs, domid, mac) ||
            !scan->is_live(domid, scan->arg))
            continue;
        store_read(scan->xs, XBT_NULL, &name, "/local/domain/%u/name", domid);
        rc = error_set(e, -EEXIST,
                       "domain '%s' (%u) has a network card with the address %s already: choose "
                       "another mac",
                       name ? name : "?", domid, mac);
        free(name);
    }
    free(ids);
    return rc;
}

/* ---- publishing ----------------------------------------------------------------------- */

int vif_attach(struct xs_handle *xs, domid_t domid, const struct vif_spec *vif, struct device *dev,
               struct error *e)
{
    char mac[18], handle[12], mtu[12], rate[40], label[40], vlans[VIF_VLANS_MAX * 10] = "";

    vif_vlans_format(vif, vlans, sizeof(vlans)); /* whether there are any decides below */
    const struct device_node front[] = {
        { "handle", handle },
        { "mac", mac },
        { "trusted", vif->untrusted_backend ? "0" : "1" },
        { "mtu", vif->mtu ? mtu : NULL },
        { NULL, NULL },
    };
    const struct device_node back[] = {
        { "script", vif_script_name(vif) },
        { "mac", mac },
        { "bridge", vif->mode == VIF_ROUTE || vif->mode == VIF_NAT ? NULL : vif->bridge },
        { "gatewaydev", vif->gateway[0] ? vif->gateway : NULL },
        { "netdev", vif->gateway[0] ? vif->gateway : NULL },
        { "vlan", vlans[0] ? vlans : NULL },
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
    snprintf(handle, sizeof(handle), "%u", vif->devid);
    snprintf(mtu, sizeof(mtu), "%u", vif->mtu);
    snprintf(rate, sizeof(rate), "%llu,%u", (unsigned long long)vif->rate_bytes,
             vif->rate_interval_us);
    snprintf(label, sizeof(label), "network card %u", vif->devid);
    device_init(dev, "vif", domid, vif->devid, label);
    return device_publish(xs, dev, front, back, e);
}
