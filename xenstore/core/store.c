/* SPDX-License-Identifier: MIT */
/*
 * The rules of access to the tree. Touches trees, accounts and a transaction's set of touched
 * paths; owns nothing. Every operation checks before it changes, so that a failed one leaves
 * tree and accounts as they were. Facts: Xen's docs/misc/xenstore.txt; which error comes when was
 * learned from how xenstored 4.17 answers.
 */
#include "store.h"

#include <errno.h>
#include <string.h>

#include "transaction.h"

enum { NODE_OVERHEAD = sizeof(struct node) + sizeof(void *) + 2 * sizeof(uint32_t) };

static int64_t node_cost(const struct node *n)
{
    return NODE_OVERHEAD + n->name_len + (n->value ? n->value->len : 0) +
           (int64_t)(n->perms->count * sizeof(struct perm));
}

static uint32_t owner_of(const struct node *n)
{
    return n->perms->entry[0].domid;
}

static int touch(struct edit *e, const struct path *p, unsigned int depth, enum touch what)
{
    return e->touched ? touched_add(e->touched, p, depth, what) : 0;
}

int store_get(struct edit *e, const struct path *p, unsigned int wanted, enum touch what,
              struct node **out)
{
    unsigned int depth, may;
    struct node *n = tree_lookup_deepest(*e->root, p, &depth);
    int rc = touch(e, p, p->depth, what);

    if (rc)
        return rc;
    may = perms_for(n->perms, e->who);
    if (depth < p->depth)
        return may & wanted ? -ENOENT : -EACCES;
    if ((may & wanted) != wanted)
        return -EACCES;
    *out = n;
    return 0;
}

/* Whether the quotas let `who` add nodes and bytes. Dom0 has no limit. */
static int check_quota(const struct edit *e, unsigned int nodes, uint32_t value_len, int64_t memory)
{
    struct quota_delta use;

    if (e->who->privileged)
        return 0;
    use = quota_usage(e->batch, e->who->domid);
    if (value_len > quota_limits.node_bytes)
        return -ENOSPC;
    if (nodes && use.nodes + (int64_t)nodes > quota_limits.nodes)
        return -ENOSPC;
    if (memory > 0 && use.memory + memory > quota_limits.memory)
        return -ENOSPC;
    return 0;
}

/* A new node has its parent's permissions, but an unprivileged domain owns what it makes. */
static struct perms *inherit(const struct edit *e, const struct node *parent)
{
    if (e->who->privileged || owner_of(parent) == e->who->domid)
        return perms_get(parent->perms);
    return perms_with_owner(parent->perms, e->who->domid);
}

static void uncount_tree(struct quota_batch *batch, const struct node *n)
{
    const struct node *child;

    quota_change(batch, owner_of(n), -1, -node_cost(n));
    children_for_each(i, child, n->kids)
        uncount_tree(batch, child);
}

/* Undoes a creation that ran out of memory half way. */
static void uncreate(struct edit *e, const struct path *p, unsigned int depth)
{
    struct node *n = node_take_child(tree_lookup(*e->root, p, depth), &p->comp[depth]);

    if (n)
        uncount_tree(e->batch, n);
    node_put(n);
}

/* Creates components depth.. of the path below an existing node. */
static int create(struct edit *e, const struct path *p, unsigned int depth, struct node **out)
{
    struct node *n = tree_own(e->root, p, depth);
    uint32_t owner = e->who->privileged && n ? owner_of(n) : e->who->domid;

    if (!n || quota_reserve(e->batch, 1) != 0)
        return -ENOMEM;
    for (unsigned int d = depth; d < p->depth; d++) {
        struct perms *perms = inherit(e, n);
        struct node *child = perms ? node_add_child(n, &p->comp[d], perms) : NULL;

        if (!child) {
            uncreate(e, p, depth);
            return -ENOMEM;
        }
        quota_change(e->batch, owner, 1, node_cost(child));
        n = child;
    }
    *out = n;
    return 0;
}

static int check_create(struct edit *e, const struct path *p, const struct node *deepest,
                        unsigned int depth, uint32_t len)
{
    unsigned int nodes = p->depth - depth;
    int rc;

    if (!(perms_for(deepest->perms, e->who) & PERM_WRITE))
        return -EACCES;
    rc = check_quota(e, nodes, len, (int64_t)nodes * NODE_OVERHEAD + p->len + len);
    return rc ? rc : touch(e, p, depth, TOUCH_CONTENT);
}

static int set_value(struct edit *e, struct node *n, const void *data, uint32_t len)
{
    int64_t old = node_cost(n);
    int rc = quota_reserve(e->batch, 1);

    if (!rc)
        rc = node_set_value(n, data, len);
    if (!rc)
        quota_change(e->batch, owner_of(n), 0, node_cost(n) - old);
    return rc;
}

static int write_existing(struct edit *e, const struct path *p, const struct node *n,
                          const void *data, uint32_t len, struct node **out)
{
    int rc = perms_for(n->perms, e->who) & PERM_WRITE ? 0 : -EACCES;

    if (!rc)
        rc = check_quota(e, 0, len, (int64_t)len - (n->value ? n->value->len : 0));
    if (rc)
        return rc;
    *out = tree_own(e->root, p, p->depth);
    return *out ? set_value(e, *out, data, len) : -ENOMEM;
}

int store_write(struct edit *e, const struct path *p, const void *data, uint32_t len,
                struct node **out)
{
    unsigned int depth;
    struct node *n = tree_lookup_deepest(*e->root, p, &depth);
    struct node *node = NULL;
    int rc = touch(e, p, p->depth, TOUCH_CONTENT);

    if (rc)
        return rc;
    if (depth == p->depth) {
        rc = write_existing(e, p, n, data, len, &node);
    } else {
        rc = check_create(e, p, n, depth, len);
        if (!rc)
            rc = create(e, p, depth, &node);
        if (!rc && len) {
            rc = set_value(e, node, data, len);
            if (rc)
                uncreate(e, p, depth);
        }
    }
    if (out)
        *out = node;
    return rc;
}

int store_mkdir(struct edit *e, const struct path *p, bool *created)
{
    unsigned int depth;
    struct node *n = tree_lookup_deepest(*e->root, p, &depth);
    int rc = touch(e, p, p->depth, TOUCH_CONTENT);

    *created = false;
    if (rc)
        return rc;
    if (depth == p->depth)
        return perms_for(n->perms, e->who) & PERM_WRITE ? 0 : -EACCES;
    rc = check_create(e, p, n, depth, 0);
    if (!rc)
        rc = create(e, p, depth, &n);
    *created = rc == 0;
    return rc;
}

static unsigned int count_nodes(const struct node *n)
{
    const struct node *child;
    unsigned int sum = 1;

    children_for_each(i, child, n->kids)
        sum += count_nodes(child);
    return sum;
}

int store_rm(struct edit *e, const struct path *p, struct node **removed)
{
    struct node *n, *parent;
    int rc = store_get(e, p, PERM_WRITE, TOUCH_SUBTREE, &n);

    *removed = NULL;
    if (rc == -ENOENT && tree_lookup(*e->root, p, p->depth - 1))
        return touch(e, p, p->depth - 1, TOUCH_CONTENT);
    if (rc)
        return rc;
    if (p->depth == 0)
        return -EINVAL;
    /* Each node of the subtree can belong to another domain. */
    if (e->batch && quota_reserve(e->batch, count_nodes(n)) != 0)
        return -ENOMEM;
    parent = tree_own(e->root, p, p->depth - 1);
    if (!parent)
        return -ENOMEM;
    *removed = node_take_child(parent, &p->comp[p->depth - 1]);
    uncount_tree(e->batch, *removed);
    return 0;
}

int store_set_perms(struct edit *e, const struct path *p, struct perms *perms, struct perms **old)
{
    struct node *n;
    int rc = store_get(e, p, PERM_WRITE | PERM_OWNER, TOUCH_CONTENT, &n);

    if (rc)
        return rc;
    if (!e->who->privileged && perms->count > quota_limits.node_perms)
        return -ENOSPC;
    if (!e->who->privileged && perms->entry[0].domid != owner_of(n))
        return -EPERM;
    n = tree_own(e->root, p, p->depth);
    if (!n || quota_reserve(e->batch, 2) != 0)
        return -ENOMEM;
    *old = perms_get(n->perms);
    quota_change(e->batch, owner_of(n), -1, -node_cost(n));
    node_set_perms(n, perms);
    quota_change(e->batch, owner_of(n), 1, node_cost(n));
    return 0;
}

static struct node *add_fixed(struct node *parent, const char *name, uint32_t flags)
{
    uint32_t len = (uint32_t)strlen(name);
    struct path_component c = { .name = name, .len = len, .hash = path_hash_name(name, len) };
    struct perms *perms = perms_single(0, flags);

    return perms ? node_add_child(parent, &c, perms) : NULL;
}

struct node *store_new(void)
{
    struct perms *perms = perms_single(0, PERM_NONE);
    struct node *root = perms ? tree_new(perms) : NULL;
    struct node *tool = root ? add_fixed(root, "tool", PERM_NONE) : NULL;

    if (tool && add_fixed(tool, "xenstored", PERM_NONE) &&
        add_fixed(root, "\1@introduceDomain", PERM_NONE) &&
        add_fixed(root, "\1@releaseDomain", PERM_NONE))
        return root;
    node_put(root);
    return NULL;
}

void store_account_tree(const struct node *root)
{
    const struct node *child;

    quota_change(NULL, owner_of(root), 1, node_cost(root));
    children_for_each(i, child, root->kids)
        store_account_tree(child);
}
