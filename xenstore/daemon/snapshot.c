/* SPDX-License-Identifier: MIT */
/*
 * The present state as journal records. Reads everything, changes nothing but the marks by which
 * rings know what is recorded.
 */
#include <string.h>

#include "conn_ring.h"
#include "domain.h"
#include "journal.h"
#include "ops.h"

static const struct subject dom0 = { .domid = 0, .target = PERM_DOMID_NONE, .privileged = true };

static bool same_perms(const struct perms *a, const struct perms *b)
{
    return a == b || (b && a->count == b->count &&
                      memcmp(a->entry, b->entry, a->count * sizeof(a->entry[0])) == 0);
}

/* A node comes before its children, and children in their order; it needs its permissions told
 * only where they are not its parent's. */
static void add_node(const struct node *n, const struct perms *inherited, char *path, uint32_t len)
{
    const struct node *child;

    journal_change(JOURNAL_WRITE, &dom0, path, len, n->value ? n->value->data : NULL,
                   n->value ? n->value->len : 0);
    if (!same_perms(n->perms, inherited))
        journal_perms(&dom0, path, len, n->perms);
    if (len == 1)
        len = 0; /* below "/" the slash is not doubled */
    children_for_each(i, child, n->kids) {
        if (child->name[0] == PATH_SPECIAL_MARK) {
            journal_perms(&dom0, child->name + 1, child->name_len - 1, child->perms);
            continue;
        }
        path[len] = '/';
        memcpy(path + len + 1, child->name, child->name_len + 1);
        add_node(child, n->perms, path, len + 1 + child->name_len);
    }
}

static void add_domain(struct domain *d, void *arg)
{
    const struct subject *who = &d->conn->watcher.who;

    (void)arg;
    journal_add(JOURNAL_INTRODUCE, d->domid, d->remote_port, NULL, 0, &d->mfn, sizeof(d->mfn));
    if (who->target != PERM_DOMID_NONE)
        journal_add(JOURNAL_TARGET, d->domid, who->target, NULL, 0, NULL, 0);
    if (d->shutdown)
        journal_add(JOURNAL_SHUTDOWN, d->domid, 1, NULL, 0, NULL, 0);
    conn_ring_snapshot(d->conn);
}

void snapshot_add(void)
{
    static char path[XENSTORE_ABS_PATH_MAX + 2];
    static const char tool[] = "/tool";

    /* A new store starts with this node; whether it is still there, and where, is told below. */
    journal_change(JOURNAL_RM, &dom0, tool, sizeof(tool) - 1, NULL, 0);
    strcpy(path, "/");
    add_node(ops_root, NULL, path, 1);
    domain_for_each(add_domain, NULL);
}
