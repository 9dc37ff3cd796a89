/* SPDX-License-Identifier: MIT */
/*
 * Accounts and limits. Owns both tables; touches nothing else. The default limits and the names
 * by which they are set are those of Xen's xenstored 4.17 (its --help).
 */
#include "quota.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "perm.h"

struct limits quota_limits = {
    .nodes = 1000,
    .node_bytes = 2048,
    .watches = 128,
    .transactions = 10,
    .transaction_nodes = 1024,
    .node_perms = 5,
    .outstanding = 20,
    .memory = 2560 * 1024,
    .path_max = XENSTORE_REL_PATH_MAX,
};

static const struct {
    const char *name;
    unsigned int *value;
    const char *what;
} names[] = {
    { "nodes", &quota_limits.nodes, "Nodes per domain" },
    { "watches", &quota_limits.watches, "Watches per domain" },
    { "transactions", &quota_limits.transactions, "Transactions per domain" },
    { "outstanding", &quota_limits.outstanding, "Outstanding requests per domain" },
    { "transaction-nodes", &quota_limits.transaction_nodes,
      "Max. number of accessed nodes per transaction" },
    { "memory", &quota_limits.memory, "Total Xenstore memory per domain (error level)" },
    { "node-size", &quota_limits.node_bytes, "Max. size of a node" },
    { "path-max", &quota_limits.path_max, "Max. length of a node path" },
    { "permissions", &quota_limits.node_perms, "Max. number of permissions per node" },
};

/* 1.3 MB of address space, of which only the pages of domains that exist are ever touched. */
static struct account accounts[PERM_DOMID_MAX + 1];

struct account *quota_account(uint32_t domid)
{
    return &accounts[domid];
}

unsigned int *quota_limit_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].value;
    return NULL;
}

const char *quota_limit_name(unsigned int i, unsigned int *value, const char **what)
{
    if (i >= sizeof(names) / sizeof(names[0]))
        return NULL;
    *value = *names[i].value;
    *what = names[i].what;
    return names[i].name;
}

int quota_reserve(struct quota_batch *batch, unsigned int domids)
{
    unsigned int need, capacity;
    struct quota_delta *bigger;

    if (!batch || batch->capacity - batch->count >= domids)
        return 0;
    need = batch->count + domids;
    capacity = batch->capacity * 2 > need ? batch->capacity * 2 : need;
    bigger = realloc(batch->delta, capacity * sizeof(*bigger));
    if (!bigger)
        return -ENOMEM;
    batch->delta = bigger;
    batch->capacity = capacity;
    return 0;
}

static struct quota_delta *find(const struct quota_batch *batch, uint32_t domid)
{
    for (unsigned int i = 0; batch && i < batch->count; i++)
        if (batch->delta[i].domid == domid)
            return &batch->delta[i];
    return NULL;
}

static void change_account(uint32_t domid, int32_t nodes, int64_t memory)
{
    accounts[domid].nodes += (uint32_t)nodes;
    accounts[domid].memory += (uint64_t)memory;
}

void quota_change(struct quota_batch *batch, uint32_t domid, int32_t nodes, int64_t memory)
{
    struct quota_delta *d;

    if (!batch) {
        change_account(domid, nodes, memory);
        return;
    }
    d = find(batch, domid);
    if (!d) {
        d = &batch->delta[batch->count++];
        *d = (struct quota_delta){ .domid = domid };
    }
    d->nodes += nodes;
    d->memory += memory;
}

struct quota_delta quota_usage(const struct quota_batch *batch, uint32_t domid)
{
    const struct quota_delta *d = find(batch, domid);
    struct quota_delta sum = { .domid = domid, .nodes = (int32_t)accounts[domid].nodes,
                               .memory = (int64_t)accounts[domid].memory };

    if (d) {
        sum.nodes += d->nodes;
        sum.memory += d->memory;
    }
    return sum;
}

void quota_apply(struct quota_batch *batch)
{
    for (unsigned int i = 0; i < batch->count; i++)
        change_account(batch->delta[i].domid, batch->delta[i].nodes, batch->delta[i].memory);
    batch->count = 0;
}

void quota_batch_free(struct quota_batch *batch)
{
    free(batch->delta);
    *batch = (struct quota_batch){ 0 };
}
