/* SPDX-License-Identifier: MIT */
/*
 * rtnetlink requests on addresses, routes and VLANs: what a card that is routed instead of bridged
 * takes.
 *
 * Facts: Linux's rtnetlink(7), <linux/if_bridge.h>; libmnl for the framing. Locks: none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>

#include "netlink.h"
#include "netlink_message.h"

#define DUMP_BYTES 32768u

/* ---- reading -------------------------------------------------------------------------- */

/* Sends a dump request and hands every part of the answer to on_data. */
static int dump(struct netlink *nl, union netlink_message *m, mnl_cb_t on_data, void *arg)
{
    char answer[DUMP_BYTES] __attribute__((aligned(8)));
    int more = MNL_CB_OK;

    if (mnl_socket_sendto(nl->socket, m->bytes, m->header.nlmsg_len) < 0)
        return -errno;
    while (more > MNL_CB_STOP) {
        ssize_t n = mnl_socket_recvfrom(nl->socket, answer, sizeof(answer));

        if (n < 0)
            return -errno;
        more = mnl_cb_run(answer, (size_t)n, m->header.nlmsg_seq, mnl_socket_get_portid(nl->socket),
                          on_data, arg);
        if (more < 0)
            return -errno;
    }
    return 0;
}

struct address_search {
    unsigned int index;
    struct in_addr *address;
    bool found;
};

static int take_local(const struct nlattr *attr, void *arg)
{
    struct address_search *s = arg;

    if (mnl_attr_get_type(attr) == IFA_LOCAL &&
        mnl_attr_get_payload_len(attr) == sizeof(*s->address)) {
        memcpy(s->address, mnl_attr_get_payload(attr), sizeof(*s->address));
        s->found = true;
    }
    return MNL_CB_OK;
}

static int address_answer(const struct nlmsghdr *header, void *arg)
{
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(header);
    struct address_search *s = arg;

    if (!s->found && info->ifa_index == s->index && info->ifa_family == AF_INET)
        mnl_attr_parse(header, sizeof(*info), take_local, s);
    return MNL_CB_OK;
}

int netlink_get_address(struct netlink *nl, unsigned int index, struct in_addr *address)
{
    struct address_search s = { .index = index, .address = address };
    union netlink_message m;
    struct ifaddrmsg *info;

    info = netlink_start(nl, &m, RTM_GETADDR, NLM_F_DUMP, sizeof(*info));
    info->ifa_family = AF_INET;
    int rc = dump(nl, &m, address_answer, &s);
    return rc ? rc : s.found ? 0 : -ENOENT;
}

static int take_device(const struct nlattr *attr, void *arg)
{
    if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
        *(unsigned int *)arg = mnl_attr_get_u32(attr);
    return MNL_CB_OK;
}

static int route_answer(const struct nlmsghdr *header, void *arg)
{
    const struct rtmsg *info = mnl_nlmsg_get_payload(header);
    unsigned int *index = arg;

    if (!*index && info->rtm_dst_len == 0 && info->rtm_table == RT_TABLE_MAIN)
        mnl_attr_parse(header, sizeof(*info), take_device, index);
    return MNL_CB_OK;
}

int netlink_get_default_device(struct netlink *nl, unsigned int *index)
{
    union netlink_message m;
    struct rtmsg *info = netlink_start(nl, &m, RTM_GETROUTE, NLM_F_DUMP, sizeof(*info));

    *index = 0;
    info->rtm_family = AF_INET;
    int rc = dump(nl, &m, route_answer, index);
    return rc ? rc : *index ? 0 : -ENOENT;
}

/* ---- changing ------------------------------------------------------------------------- */

int netlink_parse_network(const char *text, struct netlink_network *network)
{
    char copy[64], *slash, *end;
    unsigned long bits;

    if (strlen(text) >= sizeof(copy))
        return -EINVAL;
    strcpy(copy, text);
    slash = strchr(copy, '/');
    if (slash)
        *slash = '\0';
    memset(network, 0, sizeof(*network));
    network->family = strchr(copy, ':') ? AF_INET6 : AF_INET;
    network->bytes = network->family == AF_INET ? 4 : 16;
    if (inet_pton(network->family, copy, network->address) != 1)
        return -EINVAL;
    network->bits = network->bytes * 8;
    if (!slash)
        return 0;
    bits = strtoul(slash + 1, &end, 10);
    if (end == slash + 1 || *end || bits > network->bits)
        return -EINVAL;
    network->bits = (unsigned int)bits;
    for (unsigned int i = network->bits; i < network->bytes * 8; i++)
        network->address[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
    return 0;
}

int netlink_add_address(struct netlink *nl, unsigned int index, struct in_addr address)
{
    union netlink_message m;
    struct ifaddrmsg *info =
        netlink_start(nl, &m, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, sizeof(*info));

    info->ifa_family = AF_INET;
    info->ifa_prefixlen = 32;
    info->ifa_index = index;
    mnl_attr_put(&m.header, IFA_LOCAL, sizeof(address), &address);
    mnl_attr_put(&m.header, IFA_ADDRESS, sizeof(address), &address);
    return netlink_ask(nl, &m, NULL, NULL);
}

static void start_route(struct netlink *nl, union netlink_message *m, uint16_t type, uint16_t flags,
                        unsigned int index, const struct netlink_network *to)
{
    struct rtmsg *info = netlink_start(nl, m, type, (uint16_t)(NLM_F_ACK | flags), sizeof(*info));

    info->rtm_family = (unsigned char)to->family;
    info->rtm_dst_len = (unsigned char)to->bits;
    info->rtm_table = RT_TABLE_MAIN;
    info->rtm_protocol = RTPROT_STATIC;
    info->rtm_scope = to->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    info->rtm_type = RTN_UNICAST;
    mnl_attr_put(&m->header, RTA_DST, to->bytes, to->address);
    mnl_attr_put_u32(&m->header, RTA_OIF, index);
}

int netlink_add_route(struct netlink *nl, unsigned int index, const struct netlink_network *to,
                      const struct in_addr *source)
{
    union netlink_message m;

    start_route(nl, &m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, index, to);
    if (source && to->family == AF_INET)
        mnl_attr_put(&m.header, RTA_PREFSRC, sizeof(*source), source);
    return netlink_ask(nl, &m, NULL, NULL);
}

void netlink_remove_route(struct netlink *nl, unsigned int index, const struct netlink_network *to)
{
    union netlink_message m;

    start_route(nl, &m, RTM_DELROUTE, 0, index, to);
    netlink_ask(nl, &m, NULL, NULL);
}

int netlink_set_proxy_arp(struct netlink *nl, unsigned int index)
{
    union netlink_message m;
    struct nlattr *spec, *inet, *conf;
    struct ifinfomsg *info = netlink_start(nl, &m, RTM_SETLINK, NLM_F_ACK, sizeof(*info));

    info->ifi_family = AF_UNSPEC;
    info->ifi_index = (int)index;
    spec = mnl_attr_nest_start(&m.header, IFLA_AF_SPEC);
    inet = mnl_attr_nest_start(&m.header, AF_INET);
    conf = mnl_attr_nest_start(&m.header, IFLA_INET_CONF);
    mnl_attr_put_u32(&m.header, IPV4_DEVCONF_PROXY_ARP, 1);
    mnl_attr_nest_end(&m.header, conf);
    mnl_attr_nest_end(&m.header, inet);
    mnl_attr_nest_end(&m.header, spec);
    return netlink_ask(nl, &m, NULL, NULL);
}

static int change_vlan(struct netlink *nl, unsigned int index, uint16_t type, unsigned int id,
                       unsigned int flags)
{
    union netlink_message m;
    const struct bridge_vlan_info vlan = { .flags = (uint16_t)flags, .vid = (uint16_t)id };
    struct ifinfomsg *info = netlink_start(nl, &m, type, NLM_F_ACK, sizeof(*info));

    info->ifi_family = PF_BRIDGE;
    info->ifi_index = (int)index;
    struct nlattr *spec = mnl_attr_nest_start(&m.header, IFLA_AF_SPEC);
    mnl_attr_put(&m.header, IFLA_BRIDGE_VLAN_INFO, sizeof(vlan), &vlan);
    mnl_attr_nest_end(&m.header, spec);
    return netlink_ask(nl, &m, NULL, NULL);
}

int netlink_add_vlan(struct netlink *nl, unsigned int index, unsigned int id, bool untagged)
{
    return change_vlan(nl, index, RTM_SETLINK, id,
                       untagged ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0);
}

int netlink_remove_vlan(struct netlink *nl, unsigned int index, unsigned int id)
{
    return change_vlan(nl, index, RTM_DELLINK, id, 0);
}
