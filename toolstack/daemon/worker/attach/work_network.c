/* SPDX-License-Identifier: MIT */
/*
 * The job that looks whether dom0's network is as the cards of its domains want it.
 *
 * Reads only. Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/device.h"
#include "json.h"
#include "daemon/worker/work.h"

/* One card, by its backend's nodes. */
struct card {
    struct worker *w;
    struct json_out *out;
    struct device dev;
    char *domain, *script, *bridge, *status, *error, *mtu;
    char interface[16];
    unsigned int findings;
};

static void find(struct card *c, const char *problem, const char *remedy)
{
    json_open_object(c->out, NULL);
    json_string(c->out, "domain", c->domain);
    json_int(c->out, "domid", c->dev.domid);
    json_int(c->out, "card", c->dev.id);
    json_string(c->out, "interface", c->interface);
    json_string(c->out, "problem", problem);
    json_string(c->out, "remedy", remedy);
    json_close_object(c->out);
    c->findings++;
}

static void read_card(struct card *c)
{
    char path[DEVICE_PATH_MAX], *name;
    struct xs_handle *xs = c->w->xs;

    device_backend_path(&c->dev, path);
    store_read(xs, XBT_NULL, &c->domain, "/local/domain/%u/name", c->dev.domid);
    store_read(xs, XBT_NULL, &c->script, "%s/script", path);
    store_read(xs, XBT_NULL, &c->bridge, "%s/bridge", path);
    store_read(xs, XBT_NULL, &c->status, "%s/hotplug-status", path);
    store_read(xs, XBT_NULL, &c->error, "%s/hotplug-error", path);
    store_read(xs, XBT_NULL, &c->mtu, "%s/mtu", path);
    store_read(xs, XBT_NULL, &name, "%s/vifname", path);
    if (name && *name)
        snprintf(c->interface, sizeof(c->interface), "%.15s", name);
    else
        snprintf(c->interface, sizeof(c->interface), "vif%u.%u", c->dev.domid, c->dev.id);
    free(name);
}

static void free_card(struct card *c)
{
    free(c->domain);
    free(c->script);
    free(c->bridge);
    free(c->status);
    free(c->error);
    free(c->mtu);
}

/* The bridge it should be in, and is. */
static void check_bridge(struct card *c, const struct netlink_link *link)
{
    struct netlink_link bridge;
    char text[160], remedy[120];

    if (!c->bridge || netlink_get_link(&c->w->netlink, c->bridge, &bridge)) {
        snprintf(text, sizeof(text), "its bridge %s is gone", c->bridge ? c->bridge : "?");
        find(c, text, "make the bridge again, then detach and attach the card");
        return;
    }
    if (link->master != bridge.index) {
        snprintf(text, sizeof(text), "it is not in its bridge %s", c->bridge);
        snprintf(remedy, sizeof(remedy), "ip link set %s master %s", c->interface, c->bridge);
        find(c, text, remedy);
    }
    if (!bridge.up) {
        snprintf(text, sizeof(text), "its bridge %s is down", c->bridge);
        snprintf(remedy, sizeof(remedy), "ip link set %s up", c->bridge);
        find(c, text, remedy);
    }
    if (link->mtu > bridge.mtu) {
        snprintf(text, sizeof(text), "its MTU %u is larger than that of its bridge %s, %u",
                 link->mtu, c->bridge, bridge.mtu);
        find(c, text, "give both the same MTU, or packets get lost");
    }
}

static void check_forwarding(struct card *c)
{
    int fd = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);
    char now = '0';

    if (fd >= 0 && read(fd, &now, 1) == 1 && now == '0')
        find(c, "it is routed, but dom0 forwards no packets", "sysctl net.ipv4.ip_forward=1");
    if (fd >= 0)
        close(fd);
}

static void check_card(struct card *c)
{
    struct netlink_link link;
    unsigned int frontend, backend;
    char text[200], remedy[80];

    if (netlink_get_link(&c->w->netlink, c->interface, &link)) {
        find(c, "its interface is not there", "detach and attach the card");
        return;
    }
    snprintf(remedy, sizeof(remedy), "ip link set %s up", c->interface);
    if (!link.up)
        find(c, "its interface is down", remedy);
    if (!c->status || strcmp(c->status, "connected")) {
        snprintf(text, sizeof(text), "it was not set up in dom0%s%.120s",
                 c->error && *c->error ? ": " : "", c->error ? c->error : "");
        find(c, text, "detach and attach the card");
    }
    if (c->script && !strcmp(c->script, "vif-bridge"))
        check_bridge(c, &link);
    if (c->script && (!strcmp(c->script, "vif-route") || !strcmp(c->script, "vif-nat")))
        check_forwarding(c);
    device_states(c->w->xs, &c->dev, &frontend, &backend);
    if (frontend != XenbusStateConnected || backend != XenbusStateConnected) {
        snprintf(text, sizeof(text), "its ends are not connected: frontend %s, backend %s",
                 device_state_name(frontend), device_state_name(backend));
        find(c, text, "see whether the guest has a driver for it and runs");
    }
}

static unsigned int check_domain(struct worker *w, struct json_out *out, domid_t domid,
                                 unsigned int *cards)
{
    unsigned int findings = 0;
    struct device *devs;
    size_t count;

    if (device_list(w->xs, domid, "vif", &devs, &count))
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct card c = { .w = w, .out = out, .dev = devs[i] };

        read_card(&c);
        check_card(&c);
        free_card(&c);
        findings += c.findings;
    }
    *cards += (unsigned int)count;
    free(devs);
    return findings;
}

int work_network_check(struct worker *w, void *args)
{
    unsigned int count = 0, cards = 0, findings = 0;
    int rc = worker_need_store(w);

    (void)args;
    if (!rc)
        rc = worker_need_netlink(w);
    if (rc)
        return rc;
    struct json_out *out = json_out_new(false);
    if (!out)
        return error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
    json_open_object(out, NULL);
    json_open_array(out, "findings");
    char **ids = xs_directory(w->xs, XBT_NULL, "/local/domain/0/backend/vif", &count);
    for (unsigned int i = 0; ids && i < count; i++)
        findings += check_domain(w, out, (domid_t)atoi(ids[i]), &cards);
    free(ids);
    json_close_array(out);
    json_int(out, "cards", cards);
    json_bool(out, "ok", !findings);
    json_close_object(out);
    w->result = json_take(out);
    return w->result ? 0 : error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
}
