/* SPDX-License-Identifier: MIT */
/*
 * Masquerading by nftables, over its netlink.
 *
 * Owns the tables "domus-<card>" of family ip. Each has one chain in the postrouting hook, with a
 * rule for each network: source in it, and not going back to the card, then masquerade. Facts:
 * Linux's <linux/netfilter/nf_tables.h>. Locks: none; the kernel takes each batch as a whole.
 */
#include "nat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>

#define BATCH_BYTES  32768u /* a rule takes less than 512 */
#define CHAIN        "out"
#define SADDR_OFFSET 12 /* of the source address in an IPv4 header */
#define PRIORITY_NAT 100

struct batch {
    char bytes[BATCH_BYTES] __attribute__((aligned(8)));
    size_t used;
    uint32_t sequence, first, last; /* first and last that are answered */
    char table[32];
    const char *card; /* its interface */
};

static struct nlmsghdr *begin(struct batch *b, uint16_t type, uint16_t flags, uint8_t family,
                              uint16_t resource)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(b->bytes + b->used);

    header->nlmsg_type = type;
    header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    header->nlmsg_seq = b->sequence++;
    struct nfgenmsg *info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
    info->nfgen_family = family;
    info->version = NFNETLINK_V0;
    info->res_id = htons(resource);
    return header;
}

static void end(struct batch *b, const struct nlmsghdr *header)
{
    b->used += MNL_ALIGN(header->nlmsg_len);
}

/* A request of nftables, answered. */
static struct nlmsghdr *request(struct batch *b, uint16_t type, uint16_t flags)
{
    if (!b->first)
        b->first = b->sequence;
    b->last = b->sequence;
    return begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), NLM_F_ACK | flags, NFPROTO_IPV4,
                 0);
}

static void begin_batch(struct batch *b, const char *name)
{
    memset(b, 0, sizeof(*b));
    b->sequence = (uint32_t)time(NULL);
    snprintf(b->table, sizeof(b->table), "domus-%.20s", name);
    end(b, begin(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

/* ---- the table ------------------------------------------------------------------------ */

static void put_table(struct batch *b, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *header = request(b, type, flags);

    mnl_attr_put_strz(header, NFTA_TABLE_NAME, b->table);
    end(b, header);
}

static void put_chain(struct batch *b)
{
    struct nlmsghdr *header = request(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    struct nlattr *hook;

    mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, b->table);
    mnl_attr_put_strz(header, NFTA_CHAIN_NAME, CHAIN);
    mnl_attr_put_strz(header, NFTA_CHAIN_TYPE, "nat");
    hook = mnl_attr_nest_start(header, NFTA_CHAIN_HOOK);
    mnl_attr_put_u32(header, NFTA_HOOK_HOOKNUM, htonl(NF_INET_POST_ROUTING));
    mnl_attr_put_u32(header, NFTA_HOOK_PRIORITY, htonl(PRIORITY_NAT));
    mnl_attr_nest_end(header, hook);
    end(b, header);
}

/* ---- a rule --------------------------------------------------------------------------- */

struct expression {
    struct nlattr *item, *data;
};

static struct expression begin_expression(struct nlmsghdr *header, const char *name)
{
    struct expression x;

    x.item = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
    mnl_attr_put_strz(header, NFTA_EXPR_NAME, name);
    x.data = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
    return x;
}

static void end_expression(struct nlmsghdr *header, struct expression x)
{
    mnl_attr_nest_end(header, x.data);
    mnl_attr_nest_end(header, x.item);
}

static void put_data(struct nlmsghdr *header, uint16_t type, const void *bytes, size_t count)
{
    struct nlattr *nest = mnl_attr_nest_start(header, type);

    mnl_attr_put(header, NFTA_DATA_VALUE, count, bytes);
    mnl_attr_nest_end(header, nest);
}

/* The register is compared with the bytes; the rule ends unless `op` holds. */
static void put_compare(struct nlmsghdr *header, uint32_t op, const void *bytes, size_t count)
{
    struct expression x = begin_expression(header, "cmp");

    mnl_attr_put_u32(header, NFTA_CMP_SREG, htonl(NFT_REG_1));
    mnl_attr_put_u32(header, NFTA_CMP_OP, htonl(op));
    put_data(header, NFTA_CMP_DATA, bytes, count);
    end_expression(header, x);
}

static void put_source_in(struct nlmsghdr *header, const struct netlink_network *network)
{
    uint32_t mask = network->bits ? htonl(~0u << (32 - network->bits)) : 0, nothing = 0;
    struct expression x = begin_expression(header, "payload");

    mnl_attr_put_u32(header, NFTA_PAYLOAD_DREG, htonl(NFT_REG_1));
    mnl_attr_put_u32(header, NFTA_PAYLOAD_BASE, htonl(NFT_PAYLOAD_NETWORK_HEADER));
    mnl_attr_put_u32(header, NFTA_PAYLOAD_OFFSET, htonl(SADDR_OFFSET));
    mnl_attr_put_u32(header, NFTA_PAYLOAD_LEN, htonl(4));
    end_expression(header, x);
    x = begin_expression(header, "bitwise");
    mnl_attr_put_u32(header, NFTA_BITWISE_SREG, htonl(NFT_REG_1));
    mnl_attr_put_u32(header, NFTA_BITWISE_DREG, htonl(NFT_REG_1));
    mnl_attr_put_u32(header, NFTA_BITWISE_LEN, htonl(4));
    put_data(header, NFTA_BITWISE_MASK, &mask, sizeof(mask));
    put_data(header, NFTA_BITWISE_XOR, &nothing, sizeof(nothing));
    end_expression(header, x);
    put_compare(header, NFT_CMP_EQ, network->address, 4);
}

static void put_not_back(struct nlmsghdr *header, const char *card)
{
    char name[16] = "";
    struct expression x = begin_expression(header, "meta");

    mnl_attr_put_u32(header, NFTA_META_DREG, htonl(NFT_REG_1));
    mnl_attr_put_u32(header, NFTA_META_KEY, htonl(NFT_META_OIFNAME));
    end_expression(header, x);
    snprintf(name, sizeof(name), "%s", card);
    put_compare(header, NFT_CMP_NEQ, name, sizeof(name));
}

static void put_rule(struct batch *b, const struct netlink_network *network)
{
    struct nlmsghdr *header = request(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    struct nlattr *list;

    mnl_attr_put_strz(header, NFTA_RULE_TABLE, b->table);
    mnl_attr_put_strz(header, NFTA_RULE_CHAIN, CHAIN);
    list = mnl_attr_nest_start(header, NFTA_RULE_EXPRESSIONS);
    put_source_in(header, network);
    put_not_back(header, b->card);
    end_expression(header, begin_expression(header, "masq"));
    mnl_attr_nest_end(header, list);
    end(b, header);
}

/* ---- the batch ------------------------------------------------------------------------ */

/* Takes the answers up to the last request's; the first failure counts. */
static int take_answers(struct mnl_socket *socket, const struct batch *b)
{
    char answer[8192] __attribute__((aligned(8)));
    int rc = 0;

    for (;;) {
        ssize_t n = mnl_socket_recvfrom(socket, answer, sizeof(answer));
        const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
        int left = (int)n;

        if (n < 0)
            return -errno;
        for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
            const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);

            if (header->nlmsg_type != NLMSG_ERROR)
                continue;
            rc = rc ? rc : error->error;
            /* A batch that is refused as a whole is answered once, for its first message. */
            if (header->nlmsg_seq == b->last || header->nlmsg_seq < b->first)
                return rc;
        }
    }
}

static int send_batch(struct batch *b)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    int rc = 0;

    if (!socket)
        return errno == EPROTONOSUPPORT ? -EOPNOTSUPP : -errno;
    end(b, begin(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(socket, b->bytes, b->used) < 0)
        rc = -errno;
    else
        rc = take_answers(socket, b);
    mnl_socket_close(socket);
    return rc;
}

int nat_add(const char *name, const char *interface, const struct netlink_network *networks,
            size_t count)
{
    struct batch b;

    begin_batch(&b, name);
    b.card = interface;
    put_table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE); /* so that deleting it never fails */
    put_table(&b, NFT_MSG_DELTABLE, 0);
    put_table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
    put_chain(&b);
    for (size_t i = 0; i < count && i < NAT_NETWORKS_MAX; i++)
        if (networks[i].family == AF_INET)
            put_rule(&b, &networks[i]);
    int rc = send_batch(&b);
    return rc == -ENOENT || rc == -EINVAL ? -EOPNOTSUPP : rc;
}

int nat_remove(const char *name)
{
    struct batch b;

    begin_batch(&b, name);
    put_table(&b, NFT_MSG_DELTABLE, 0);
    int rc = send_batch(&b);
    return rc == -ENOENT || rc == -EOPNOTSUPP || rc == -EINVAL ? 0 : rc;
}
