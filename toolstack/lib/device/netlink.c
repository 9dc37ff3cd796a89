/* SPDX-License-Identifier: MIT */
/*
 * rtnetlink requests on links.
 *
 * Owns its socket. Facts: Linux's rtnetlink(7), <linux/if_link.h>; libmnl for the framing.
 * Locks: none.
 */
#include "netlink.h"

#include "netlink_message.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#define ANSWER_BYTES 32768u /* a link's description with its statistics and bridge state */

int netlink_open(struct netlink *nl)
{
    nl->sequence = (uint32_t)time(NULL);
    nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!nl->socket)
        return -errno;
    if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        int rc = -errno;

        netlink_close(nl);
        return rc;
    }
    return 0;
}

void netlink_close(struct netlink *nl)
{
    if (nl->socket)
        mnl_socket_close(nl->socket);
    nl->socket = NULL;
}

void *netlink_start(struct netlink *nl, union netlink_message *m, uint16_t type, uint16_t flags,
                    size_t bytes)
{
    memset(m, 0, sizeof(*m));
    mnl_nlmsg_put_header(m->bytes);
    m->header.nlmsg_type = type;
    m->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    m->header.nlmsg_seq = ++nl->sequence;
    return mnl_nlmsg_put_extra_header(&m->header, bytes);
}

static struct ifinfomsg *start(struct netlink *nl, union netlink_message *m, uint16_t type,
                               uint16_t flags, unsigned int index)
{
    struct ifinfomsg *info = netlink_start(nl, m, type, flags, sizeof(*info));

    info->ifi_family = AF_UNSPEC;
    info->ifi_index = (int)index;
    return info;
}

int netlink_ask(struct netlink *nl, union netlink_message *m, mnl_cb_t on_data, void *arg)
{
    char answer[ANSWER_BYTES] __attribute__((aligned(8)));
    ssize_t n;

    if (mnl_socket_sendto(nl->socket, m->bytes, m->header.nlmsg_len) < 0)
        return -errno;
    n = mnl_socket_recvfrom(nl->socket, answer, sizeof(answer));
    if (n < 0)
        return -errno;
    if (mnl_cb_run(answer, (size_t)n, m->header.nlmsg_seq, mnl_socket_get_portid(nl->socket),
                   on_data, arg) < 0)
        return -errno;
    return 0;
}

static int is_bridge_kind(const struct nlattr *attr, void *arg)
{
    struct netlink_link *link = arg;

    if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
        mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
        link->is_bridge = !strcmp(mnl_attr_get_str(attr), "bridge");
    return MNL_CB_OK;
}

static int link_attribute(const struct nlattr *attr, void *arg)
{
    struct netlink_link *link = arg;
    int type = mnl_attr_get_type(attr);

    if (type == IFLA_MTU && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
        link->mtu = mnl_attr_get_u32(attr);
    else if (type == IFLA_MASTER && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
        link->master = mnl_attr_get_u32(attr);
    else if (type == IFLA_LINKINFO)
        mnl_attr_parse_nested(attr, is_bridge_kind, link);
    return MNL_CB_OK;
}

static int link_answer(const struct nlmsghdr *header, void *arg)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
    struct netlink_link *link = arg;

    link->index = (unsigned int)info->ifi_index;
    link->up = info->ifi_flags & IFF_UP;
    mnl_attr_parse(header, sizeof(*info), link_attribute, link);
    return MNL_CB_STOP;
}

int netlink_get_link(struct netlink *nl, const char *name, struct netlink_link *link)
{
    union netlink_message m;

    memset(link, 0, sizeof(*link));
    if (!*name || strlen(name) >= IFNAMSIZ)
        return -ENODEV;
    start(nl, &m, RTM_GETLINK, 0, 0);
    mnl_attr_put_strz(&m.header, IFLA_IFNAME, name);
    return netlink_ask(nl, &m, link_answer, link);
}

/* Without this dom0 would give the card an IPv6 address of its own and answer on it. */
static int forbid_ipv6_address(struct netlink *nl, unsigned int index)
{
    union netlink_message m;
    struct nlattr *spec, *inet6;

    start(nl, &m, RTM_SETLINK, NLM_F_ACK, index);
    spec = mnl_attr_nest_start(&m.header, IFLA_AF_SPEC);
    inet6 = mnl_attr_nest_start(&m.header, AF_INET6);
    mnl_attr_put_u8(&m.header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(&m.header, inet6);
    mnl_attr_nest_end(&m.header, spec);
    int rc = netlink_ask(nl, &m, NULL, NULL);
    return rc == -EAFNOSUPPORT ? 0 : rc; /* a kernel without IPv6 */
}

int netlink_prepare_vif(struct netlink *nl, unsigned int index, unsigned int mtu,
                        const char *new_name)
{
    static const uint8_t address[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
    union netlink_message m;

    start(nl, &m, RTM_SETLINK, NLM_F_ACK, index);
    mnl_attr_put(&m.header, IFLA_ADDRESS, sizeof(address), address);
    if (mtu)
        mnl_attr_put_u32(&m.header, IFLA_MTU, mtu);
    if (new_name)
        mnl_attr_put_strz(&m.header, IFLA_IFNAME, new_name);
    int rc = netlink_ask(nl, &m, NULL, NULL);
    return rc ? rc : forbid_ipv6_address(nl, index);
}

int netlink_set_master(struct netlink *nl, unsigned int index, unsigned int bridge)
{
    union netlink_message m;

    start(nl, &m, RTM_SETLINK, NLM_F_ACK, index);
    mnl_attr_put_u32(&m.header, IFLA_MASTER, bridge);
    return netlink_ask(nl, &m, NULL, NULL);
}

int netlink_set_up(struct netlink *nl, unsigned int index)
{
    union netlink_message m;
    struct ifinfomsg *info = start(nl, &m, RTM_SETLINK, NLM_F_ACK, index);

    info->ifi_flags = IFF_UP;
    info->ifi_change = IFF_UP;
    return netlink_ask(nl, &m, NULL, NULL);
}
